import "./entry.css";
import type { ComponentChildren } from "preact";
import type { Entry } from "../api/entry.ts";
import { ago, duration, fullDate, money, timeOfDay } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { stateOf } from "./call_row.tsx";
import { Attachments, HtmlBody } from "./attachments.tsx";
import { Badge, OrderBadge, type Tone } from "./badge.tsx";
import { DeliveryFacts } from "./delivery.tsx";
import { channelIcon, Icon, type IconName } from "./icon.tsx";
import { TranscriptText } from "./transcript.tsx";
import { WrittenAt } from "./written_at.tsx";

function iconOf({ kind, channel, payload }: Entry): IconName {
  if (kind === "call") return isMissed(payload.outcome) ? "missed" : "phone";
  if (payload.subtype === "voicemail") return "voicemail";
  return kind === "message" ? channelIcon(channel) : kind === "order" ? "shop" : kind;
}

const isMissed = (outcome: string | null | undefined) =>
  outcome === "abandoned" || outcome === "no_answer" || outcome === "busy" || outcome === "failed";

const outcomeTone = (outcome: string): Tone => (isMissed(outcome) ? "bad" : "neutral");

/** What happened, in a word or two: "Incoming call", "E-mail, outgoing", "Note". */
export function titleOf({ kind, channel, direction, payload }: Entry): string {
  if (kind === "call") return word("call_direction", payload.direction ?? direction ?? "inbound");
  if (payload.subtype === "voicemail") return t("entry.voicemail");
  if (kind === "message" && channel) {
    return direction === "outbound"
      ? t("entry.sent", { channel: word("channel", channel) })
      : word("channel", channel);
  }
  return word("entry_kind", kind);
}

function CallFacts({ entry }: { entry: Entry }) {
  const { outcome, state, duration_ms, answered_at, answered_by, queue, recording } = entry.payload;
  return (
    <p class="entry-facts">
      {outcome && <Badge tone={outcomeTone(outcome)}>{word("outcome", outcome)}</Badge>}
      {!outcome && state && (
        <Badge tone="info">{word("call_state", stateOf({ state, answered_at: answered_at ?? null }))}</Badge>
      )}
      {duration_ms ? <span class="number">{duration(duration_ms)}</span> : null}
      {answered_by && <span>{answered_by}</span>}
      {queue && <span>{queue}</span>}
      {entry.call_id && (
        <a href={`/calls/${entry.call_id}`}>{recording ? t("entry.listen") : t("entry.open_call")}</a>
      )}
    </p>
  );
}

function OrderFacts({ entry }: { entry: Entry }) {
  const { order, status, total, currency, items = [], url } = entry.payload;
  return (
    <>
      <p class="entry-facts">
        {order &&
          (url ? (
            <a class="number" href={url} target="_blank" rel="noreferrer noopener">
              {order}
            </a>
          ) : (
            <span class="number">{order}</span>
          ))}
        {status && <OrderBadge status={status} />}
        {total !== undefined && currency && <strong class="number">{money(total, currency)}</strong>}
      </p>
      <p class="quiet">{items.map((item) => `${item.name} × ${item.quantity}`).join(", ")}</p>
    </>
  );
}

/** What an entry said before it was corrected is kept, folded away. */
export function EntryBody({ entry }: { entry: Entry }) {
  if (!entry.replaced_by || entry.redacted) return <Content entry={entry} />;
  return (
    <details class="entry-replaced">
      <summary>{t("entry.replaced")}</summary>
      <Content entry={entry} />
    </details>
  );
}

function Content({ entry }: { entry: Entry }): ComponentChildren {
  if (entry.redacted) return <p class="quiet">{t("entry.redacted")}</p>;
  const { kind, payload } = entry;
  const { subject, quoted, disposition, since, until, utterances, state, unsupported, cut } = payload;
  const { reply_to, reaction, forwarded, continues, deleted } = payload;
  return (
    <>
      {forwarded !== undefined && (
        <p class="quiet">
          {forwarded ? t("entry.forwarded_from", { name: forwarded }) : t("entry.forwarded")}
        </p>
      )}
      {reaction && <p class="quiet">{t("entry.reaction")}</p>}
      {deleted && <p class="quiet">{t("entry.deleted")}</p>}
      {reply_to && <p class="quiet">{t("entry.reply_to")}</p>}
      {subject && (
        <p class="entry-subject">
          <bdi>{subject}</bdi>
        </p>
      )}
      {utterances && <TranscriptText utterances={utterances} />}
      {!utterances && entry.text && <p class="entry-text">{entry.text}</p>}
      {continues && <p class="quiet">{word("continues", continues.fate)}</p>}
      {cut && <p class="quiet">{t("entry.cut")}</p>}
      {payload.forged && (
        <Badge tone="bad">
          {t("entry.forged")}
          {payload.forged_by && ` (${payload.forged_by.toUpperCase()})`}
        </Badge>
      )}
      {payload.automatic && <Badge>{t("entry.automatic")}</Badge>}
      {unsupported && <p class="quiet">{t("entry.unsupported", { what: unsupported })}</p>}
      {kind === "promise" && state && <Badge>{word("promise_state", state)}</Badge>}
      {disposition && <Badge>{word("disposition", disposition)}</Badge>}
      {since && until && (
        <p class="quiet">{t("entry.gap", { since: timeOfDay(since), until: timeOfDay(until) })}</p>
      )}
      {quoted && (
        <details class="entry-quoted">
          <summary>{t("entry.quoted")}</summary>
          <p class="entry-text">{quoted}</p>
        </details>
      )}
      {payload.html && <HtmlBody id={payload.html} />}
      <Attachments files={payload.attachments ?? []} />
    </>
  );
}

/** One line of the timeline. Texts of strangers are shown as text, never as markup. */
export function EntryRow({ entry, when = "time" }: { entry: Entry; when?: "time" | "ago" }) {
  return (
    <article class="entry" data-kind={entry.kind} data-channel={entry.channel ?? "none"}>
      <span class="entry-node" aria-hidden="true">
        <Icon name={iconOf(entry)} size={15} />
      </span>
      <div class="entry-main">
        <header class="entry-head">
          <span class="entry-title">{titleOf(entry)}</span>
          {entry.replaces_id && <Badge>{t("entry.correction")}</Badge>}
          {entry.author && <span class="entry-author">{entry.author}</span>}
          <time class="entry-time number" dateTime={entry.at} title={fullDate(entry.at)}>
            {when === "time" ? timeOfDay(entry.at) : ago(entry.at)}
          </time>
        </header>
        <EntryBody entry={entry} />
        {entry.payload.context && <WrittenAt context={entry.payload.context} />}
        <DeliveryFacts entry={entry} />
        {entry.kind === "call" && <CallFacts entry={entry} />}
        {entry.kind === "transcript" && entry.call_id && (
          <p class="entry-facts">
            <a href={`/calls/${entry.call_id}`}>{t("entry.listen")}</a>
          </p>
        )}
        {entry.kind === "order" && <OrderFacts entry={entry} />}
      </div>
    </article>
  );
}
