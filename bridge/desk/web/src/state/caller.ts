// Who is on the phone, in words: one rule for the pop, the strip of calls and what is read out.
import type { CallSummary } from "../api/call.ts";
import type { Card } from "../api/card.ts";
import { phone } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import type { Encounter } from "./encounters.ts";

export interface Caller {
  name: string;
  /** Shown whatever else is known; says so when the number is withheld. */
  number: string;
  kind: "person" | "household" | "organisation" | "unknown";
  isVip: boolean;
  isNew: boolean;
  isColleague: boolean;
}

const numberOf = (caller: string) => phone(caller) || t("caller.withheld");

/** The other side's number: on a call that we made, the one that was dialled. */
const partyOf = (card: Card, call: CallSummary | null): string =>
  call?.direction === "outbound" ? card.dialled : card.caller;

const nobody = { kind: "unknown", isVip: false, isNew: false, isColleague: false } as const;

/** The caller of a card whose other side has this number. */
export function callerOfCard({ customer, colleague }: Card, caller: string): Caller {
  if (colleague) {
    const { name, extension } = colleague;
    return { ...nobody, name, number: extension, kind: "person", isColleague: true };
  }
  if (customer) {
    const { name, kind, vip } = customer;
    return { ...nobody, name, number: numberOf(caller), kind, isVip: vip };
  }
  const name = caller ? t("caller.new") : t("caller.anonymous");
  return { ...nobody, name, number: numberOf(caller), isNew: caller !== "" };
}

/** The caller of an encounter; while its card is on the way, what the call's own line says. */
export function callerOf({ card, call }: Encounter): Caller {
  if (card) return callerOfCard(card, partyOf(card, call));
  const name = call?.customer_name ?? t("caller.unknown");
  return { ...nobody, name, number: call ? numberOf(call.caller) : "" };
}
