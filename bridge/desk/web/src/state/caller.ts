// Who is on the phone, in words: one rule for the pop, the strip of calls and what is read out.
import type { CallSummary, Card } from "../api/types.ts";
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
}

const numberOf = (caller: string) => phone(caller) || t("caller.withheld");

/** The other side's number: on a call that we made, the one that was dialled. */
const partyOf = (card: Card, call: CallSummary | null): string =>
  call?.direction === "outbound" ? card.dialled : card.caller;

function fromCard({ customer }: Card, caller: string): Caller {
  if (customer) {
    const { name, kind, vip } = customer;
    return { name, number: numberOf(caller), kind, isVip: vip, isNew: false };
  }
  const name = caller ? t("caller.new") : t("caller.anonymous");
  return { name, number: numberOf(caller), kind: "unknown", isVip: false, isNew: caller !== "" };
}

/** The caller of an encounter; while its card is on the way, what the call's own line says. */
export function callerOf({ card, call }: Encounter): Caller {
  if (card) return fromCard(card, partyOf(card, call));
  const name = call?.customer_name ?? t("caller.unknown");
  return { name, number: call ? numberOf(call.caller) : "", kind: "unknown", isVip: false, isNew: false };
}
