import "./thread.css";
import { useEffect, useRef } from "preact/hooks";
import type { Entry } from "../api/entry.ts";
import { dayName, fullDate, timeOfDay } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { Button } from "./button.tsx";
import { DeliveryFacts } from "./delivery.tsx";
import { EntryBody } from "./entry.tsx";
import { Icon } from "./icon.tsx";

const sideOf = ({ kind, direction }: Entry) =>
  kind === "note" ? "note" : direction === "outbound" ? "ours" : "theirs";

function Message({ entry, onForward }: { entry: Entry; onForward: ((entry: Entry) => void) | undefined }) {
  const { cc = [], to } = entry.payload;
  const isNote = entry.kind === "note";
  return (
    <article class="bubble" data-side={sideOf(entry)}>
      <header class="bubble-head">
        {isNote && <Icon name="note" size={15} />}
        <strong>{entry.author}</strong>
        {isNote && <span>{t("conversation.note")}</span>}
        <time class="number" dateTime={entry.at} title={fullDate(entry.at)}>
          {timeOfDay(entry.at)}
        </time>
      </header>
      {to && <p class="quiet">{t("conversation.forwarded_to", { address: to })}</p>}
      {cc.length > 0 && <p class="quiet">{t("conversation.copies_to", { addresses: cc.join(", ") })}</p>}
      <EntryBody entry={entry} />
      <DeliveryFacts entry={entry} />
      {onForward && !isNote && (
        <Button kind="quiet" icon="right" onClick={() => onForward(entry)}>
          {t("conversation.forward")}
        </Button>
      )}
    </article>
  );
}

interface ThreadProps {
  /** Newest first, as they come from the server. */
  entries: readonly Entry[];
  hasEarlier: boolean;
  onEarlier: () => void;
  onForward: ((entry: Entry) => void) | undefined;
}

/** What was said and noted, the newest at the end and in sight. */
export function Thread({ entries, hasEarlier, onEarlier, onForward }: ThreadProps) {
  const end = useRef<HTMLDivElement>(null);
  const newest = entries[0]?.id;
  useEffect(() => end.current?.scrollIntoView({ block: "nearest" }), [newest]);
  const spoken = [...entries].reverse();
  return (
    <div class="thread" role="log" aria-label={t("conversation.thread")}>
      {hasEarlier && (
        <Button kind="quiet" onClick={onEarlier}>
          {t("conversation.earlier")}
        </Button>
      )}
      {spoken.map((entry, index) => {
        const day = dayName(entry.at);
        const before = spoken[index - 1];
        const { album } = entry.payload;
        const isSameAlbum = album !== undefined && album === before?.payload.album;
        return (
          <div key={entry.id} class={isSameAlbum ? "thread-item thread-same" : "thread-item"}>
            {(!before || dayName(before.at) !== day) && <h3 class="thread-day">{day}</h3>}
            <Message entry={entry} onForward={onForward} />
          </div>
        );
      })}
      <div ref={end} class="thread-end" />
    </div>
  );
}
