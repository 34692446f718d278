// What this agent has on the phone: calls that ring, are up, or wait to be wrapped up. A pure fold over the messages of
// the live channel, so that every order in which they may come is tested without a browser.
import type { AgentStateChange } from "../api/agent.ts";
import type { CallSummary, UnfinishedCall } from "../api/call.ts";
import type { Card, ScreenPop } from "../api/card.ts";
import type { LiveMessage } from "../api/live.ts";

export type Phase = "ringing" | "in_call" | "wrap_up" | "withdrawn";

export interface Encounter {
  callId: string;
  phase: Phase;
  /** When the phase began, ISO 8601. */
  since: string;
  popId: string | null;
  /** Null until it is fetched: after a reload only the call's id is known. */
  card: Card | null;
  call: CallSummary | null;
  /** Why the pop was withdrawn. */
  reason: string | null;
  /** False between a reconnect and the server's word that it still rings. */
  confirmed: boolean;
}

type Encounters = readonly Encounter[];

const blank = (callId: string, phase: Phase, since: string): Encounter => ({
  callId,
  phase,
  since,
  popId: null,
  card: null,
  call: null,
  reason: null,
  confirmed: true,
});

function upsert(
  encounters: Encounters,
  callId: string,
  change: (old: Encounter | null) => Encounter,
): Encounters {
  const old = encounters.find((each) => each.callId === callId);
  if (!old) return [...encounters, change(null)];
  return encounters.map((each) => (each === old ? change(each) : each));
}

function ring(encounters: Encounters, pop: ScreenPop, at: string): Encounters {
  return upsert(encounters, pop.call_id, (old) => {
    const isUp = old?.phase === "in_call" || old?.phase === "wrap_up";
    if (old && isUp) return { ...old, popId: pop.id, card: pop.card };
    const isSame = old?.phase === "ringing" && old.popId === pop.id;
    return { ...blank(pop.call_id, "ringing", isSame ? old.since : at), popId: pop.id, card: pop.card };
  });
}

function withdraw(encounters: Encounters, popId: string, reason: string, at: string): Encounters {
  return encounters.map((each) =>
    each.popId === popId && each.phase === "ringing"
      ? { ...each, phase: "withdrawn", reason, since: at }
      : each,
  );
}

/** A talk among ourselves, which leaves nothing to wrap up. */
const isAmongUs = ({ card, call }: Encounter): boolean =>
  Boolean(card?.colleague) || call?.direction === "internal";

/** Enters a phase that follows ringing; an encounter never goes back from wrap-up to the call. */
function enter(encounters: Encounters, callId: string, phase: "in_call" | "wrap_up", at: string): Encounters {
  return upsert(encounters, callId, (old) => {
    if (!old) return blank(callId, phase, at);
    if (old.phase === phase || old.phase === "wrap_up") return old;
    return { ...old, phase, since: at, reason: null, confirmed: true };
  });
}

const isOverAmongUs = (each: Encounter): boolean => each.phase === "in_call" && isAmongUs(each);

function followOwnState(encounters: Encounters, change: AgentStateChange, at: string): Encounters {
  const rest = encounters.filter((each) => each.phase !== "ringing" || each.confirmed);
  const isUp = change.state === "in_call" || change.state === "wrap_up";
  if (isUp) {
    // Whoever asked a colleague has done so when they speak on another call.
    const others = rest.filter((each) => each.callId === change.call_id || !isOverAmongUs(each));
    return change.call_id ? enter(others, change.call_id, change.state as "in_call" | "wrap_up", at) : others;
  }
  const left = rest.filter((each) => !isOverAmongUs(each));
  return left.reduce<Encounters>(
    (all, each) => (each.phase === "in_call" ? enter(all, each.callId, "wrap_up", at) : all),
    left,
  );
}

/** The encounters after one message, for the agent with that id. Messages that are not about them change nothing. */
export function fold(encounters: Encounters, message: LiveMessage, agentId: string): Encounters {
  switch (message.type) {
    case "screen_pop":
      return ring(encounters, message.data, message.at);
    case "screen_pop_withdrawn":
      return withdraw(encounters, message.data.pop_id, message.data.reason, message.at);
    case "agent_state":
      return message.data.agent_id === agentId
        ? followOwnState(encounters, message.data, message.at)
        : encounters;
    case "call":
      return withCall(encounters, message.data);
    case "transcript":
    case "work":
    case "conversation":
    case "presence":
      return encounters;
    case "entry": {
      // The note of a wrap-up that was finished in another window of the same agent.
      const { call_id, kind, payload } = message.data;
      const isDone = kind === "note" && payload.agent_id === agentId;
      return isDone
        ? encounters.filter((each) => each.callId !== call_id || each.phase !== "wrap_up")
        : encounters;
    }
    case "notice":
      if (message.data.code !== "hello") return encounters;
      return encounters.map((each) => (each.phase === "ringing" ? { ...each, confirmed: false } : each));
  }
}

/** Adds the calls whose wrap-up the server still has open. */
export function withUnfinished(encounters: Encounters, unfinished: readonly UnfinishedCall[]): Encounters {
  return unfinished.reduce(
    (all, call) =>
      upsert(all, call.id, (old) => {
        const phase = call.ended_at ? "wrap_up" : "in_call";
        const since = call.ended_at ?? call.answered_at ?? call.started_at;
        return { ...(old ?? blank(call.id, phase, since)), call };
      }),
    encounters,
  );
}

export const without = (encounters: Encounters, callId: string): Encounters =>
  encounters.filter((each) => each.callId !== callId);

/** What is known of a call. One that ended waits to be wrapped up, also when the agent already speaks on another. */
export function withCall(encounters: Encounters, call: CallSummary): Encounters {
  const known = encounters.map((each) => (each.callId === call.id ? { ...each, call } : each));
  const isOver = known.some((each) => each.callId === call.id && each.phase === "in_call") && call.ended_at;
  if (isOver && call.direction === "internal") return without(known, call.id);
  return isOver ? enter(known, call.id, "wrap_up", isOver) : known;
}

export const withCard = (encounters: Encounters, card: Card): Encounters =>
  encounters.map((each) => (each.callId === card.call_id ? { ...each, card } : each));
