import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Props } from "./chat.tsx";
import { Icon } from "./icons.tsx";
import type { Pending } from "./stored.ts";
import type { Line } from "./wire.ts";

/** So near the end, in pixels, what is new moves the list on. */
const NEAR_END = 80;
const ONE_BREATH = 300_000;

export function Messages({ talk, words }: Props) {
  const { t, day } = words;
  // Who comes by a link has said nothing yet.
  const lines = talk.lines.value.filter((line) => line.text || line.files.length > 0);
  const fate = talk.fate.value;
  const pending = talk.pending.value;
  const typing = talk.typing.value;
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const [isReading, setReading] = useState(false);

  useLayoutEffect(() => {
    const box = list.current;
    if (box && isAtEnd.current) box.scrollTop = box.scrollHeight;
  }, [lines, pending, typing]);
  useEffect(() => talk.look(), [lines]);

  const readEarlier = async (): Promise<void> => {
    const box = list.current!;
    const below = box.scrollHeight - box.scrollTop;
    setReading(true);
    await talk.readEarlier().catch(() => undefined);
    setReading(false);
    requestAnimationFrame(() => (box.scrollTop = box.scrollHeight - below));
  };

  let shownDay = "";
  const dayBefore = (at: Date) => {
    const name = day(at);
    if (name === shownDay) return null;
    shownDay = name;
    return <p class="day">{name}</p>;
  };
  const isRefused = talk.link.value === "refused";
  return (
    <div
      ref={list}
      class="messages"
      role="log"
      tabIndex={0}
      aria-label={t("panel.messages")}
      aria-busy={talk.opened.value === null && !isRefused}
      onScroll={({ currentTarget: box }) => {
        isAtEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
      }}
    >
      {isRefused && <p class="notice">{t("link.refused")}</p>}
      {fate && fate !== "goes_on" && fate !== "again" && (
        <p class="notice" role="status">
          {t(`continue.${fate}`)}
        </p>
      )}
      {talk.link.value === "lost" && <p class="notice">{t("link.lost")}</p>}
      {talk.hasEarlier.value && (
        <button type="button" class="plain" disabled={isReading} onClick={() => void readEarlier()}>
          {t("line.earlier")}
        </button>
      )}
      {talk.opened.value && <p class="greeting">{t(talk.there.value ? "empty.there" : "empty.away")}</p>}
      {lines.map((line, index) => (
        <>
          {dayBefore(new Date(line.at))}
          <Said
            key={line.id}
            line={line}
            goesOn={isOneBreath(lines[index - 1], line)}
            ends={!isOneBreath(line, lines[index + 1])}
            talk={talk}
            words={words}
          />
        </>
      ))}
      {pending.map((each) => (
        <Waiting key={each.key} pending={each} talk={talk} words={words} />
      ))}
      {typing && (
        <p class="typing">
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {t("line.typing", { name: typing })}
        </p>
      )}
    </div>
  );
}

/** Whether the second goes on where the first stopped: then one name and one time do for both. */
const isOneBreath = (first: Line | undefined, second: Line | undefined): boolean =>
  first !== undefined &&
  first.author === second?.author &&
  Date.parse(second.at) - Date.parse(first.at) < ONE_BREATH;

interface SaidProps extends Props {
  line: Line;
  goesOn: boolean;
  ends: boolean;
}

function Said({ line, goesOn, ends, talk, words }: SaidProps) {
  const isOurs = line.author !== "";
  return (
    <div class="said" data-by={isOurs ? "company" : "visitor"} data-goes-on={goesOn}>
      {isOurs && !goesOn && <p class="said-author">{line.author}</p>}
      {!isOurs && <span class="only-heard">{words.t("line.you")}</span>}
      {line.text && (
        <p class="said-text" dir="auto">
          {line.text}
        </p>
      )}
      {line.files.map((file) => (
        <button key={file.id} type="button" class="file" onClick={() => void talk.save(file.id, file.name)}>
          <Icon name="attachment" size={16} />
          <span class="file-name">{file.name}</span>
          <span>{words.size(file.size)}</span>
        </button>
      ))}
      {ends && (
        <p class="said-facts">
          <time dateTime={line.at}>{words.time(new Date(line.at))}</time>
        </p>
      )}
    </div>
  );
}

function Waiting({ pending, talk, words }: Props & { pending: Pending }) {
  const { t } = words;
  const state = pending.isRefused ? "state.failed" : pending.isKept ? "state.sent" : "state.sending";
  return (
    <div class="said" data-by="visitor" data-refused={pending.isRefused}>
      <span class="only-heard">{t("line.you")}</span>
      {pending.text && (
        <p class="said-text" dir="auto">
          {pending.text}
        </p>
      )}
      {pending.files.map((file) => (
        <p key={file.token} class="file">
          <Icon name="attachment" size={16} />
          <span class="file-name">{file.name}</span>
        </p>
      ))}
      <p class="said-facts">
        {t(state)}
        {pending.isRefused && (
          <button type="button" class="link" onClick={() => talk.again(pending.key)}>
            {t("state.again")}
          </button>
        )}
      </p>
    </div>
  );
}
