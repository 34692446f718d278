import "./call_row.css";
import type { CallSummary } from "../api/call.ts";
import { ago, duration, fullDate, phone } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge, type Tone } from "./badge.tsx";
import { Icon, type IconName } from "./icon.tsx";

const OUTCOME_TONES: Record<string, Tone> = {
  answered: "neutral",
  voicemail: "info",
  abandoned: "bad",
  no_answer: "bad",
  busy: "bad",
  failed: "bad",
};

const iconOf = ({ direction, outcome }: CallSummary): IconName =>
  outcome && OUTCOME_TONES[outcome] === "bad" ? "missed" : direction === "outbound" ? "outbound" : "inbound";

/** The other side's name, else their number, else the word for none. */
export const partyOf = (call: CallSummary): string => call.customer_name ?? numberOf(call);

export const numberOf = ({ direction, caller, dialled }: CallSummary): string =>
  phone(direction === "outbound" ? dialled : caller) || t("caller.anonymous");

/** An open call rings until somebody answers: `open` then means that nobody has yet. */
export const stateOf = ({ state, answered_at }: { state: string; answered_at?: string | null }): string =>
  state === "open" && answered_at ? "up" : state;

const secondLineOf = (call: CallSummary): string => {
  if (call.customer_name) return numberOf(call);
  return call.caller ? t("caller.unknown") : t("caller.withheld");
};

/** One call in a list: who, how it went, when; a link to the call. */
export function CallRow({ call }: { call: CallSummary }) {
  const length =
    call.answered_at && call.ended_at ? Date.parse(call.ended_at) - Date.parse(call.answered_at) : null;
  return (
    <a class="call-row" href={`/calls/${call.id}`}>
      <span class="call-row-icon" data-missed={iconOf(call) === "missed"}>
        <Icon name={iconOf(call)} size={16} />
      </span>
      <span class="call-row-who">
        <span class="call-row-name">{partyOf(call)}</span>
        <span class="quiet number call-row-number">
          {secondLineOf(call)}
          {call.queue && ` · ${call.queue}`}
        </span>
      </span>
      <span class="call-row-result">
        {call.outcome ? (
          <Badge tone={OUTCOME_TONES[call.outcome] ?? "neutral"}>{word("outcome", call.outcome)}</Badge>
        ) : (
          <Badge tone="ring">{word("call_state", stateOf(call))}</Badge>
        )}
        {length !== null && <span class="number quiet">{duration(length)}</span>}
      </span>
      <time class="number quiet call-row-at" dateTime={call.started_at} title={fullDate(call.started_at)}>
        {ago(call.started_at)}
      </time>
    </a>
  );
}
