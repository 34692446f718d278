import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentStateName } from "../src/api/agent.ts";
import type { LiveMessage } from "../src/api/live.ts";
import { fold, withUnfinished, without, type Encounter } from "../src/state/encounters.ts";
import { call, card, entry, message, pop } from "./make.ts";

const ME = "agent-1";
const after = (...messages: LiveMessage[]) =>
  messages.reduce<readonly Encounter[]>((all, each) => fold(all, each, ME), []);
const rings = (id: string, callId?: string) => message({ type: "screen_pop", data: pop(id, callId) });
const gone = (id: string, reason = "answered_elsewhere") =>
  message({ type: "screen_pop_withdrawn", data: { pop_id: id, call_id: "call-1", reason } });
const state = (name: AgentStateName, callId: string | null = null, agentId = ME) =>
  message({
    type: "agent_state",
    data: { agent_id: agentId, extension: "101", state: name, call_id: callId },
  });
const hello = message({ type: "notice", data: { code: "hello", cursor: "1" } });
const phases = (encounters: readonly Encounter[]) =>
  encounters.map(({ callId, phase }) => `${callId} ${phase}`);

test("a call rings, is answered, ends, and waits to be wrapped up", () => {
  assert.deepEqual(phases(after(rings("p1"))), ["call-1 ringing"]);
  assert.deepEqual(phases(after(rings("p1"), state("in_call", "call-1"))), ["call-1 in_call"]);
  assert.deepEqual(phases(after(rings("p1"), state("in_call", "call-1"), state("wrap_up", "call-1"))), [
    "call-1 wrap_up",
  ]);
});

test("several pops stand side by side", () => {
  assert.deepEqual(phases(after(rings("p1"), rings("p2", "call-2"))), ["call-1 ringing", "call-2 ringing"]);
});

test("a withdrawn pop says why", () => {
  const [withdrawn] = after(rings("p1"), gone("p1", "caller_gave_up"));
  assert.equal(withdrawn?.phase, "withdrawn");
  assert.equal(withdrawn?.reason, "caller_gave_up");
});

test("the withdrawal of an older pop does not touch the call that rings again", () => {
  assert.deepEqual(phases(after(rings("p1"), gone("p1"), rings("p2"), gone("p1"))), ["call-1 ringing"]);
});

test("an answered call is not withdrawn by a late message, nor does its wrap-up go back to the call", () => {
  assert.deepEqual(phases(after(rings("p1"), state("in_call", "call-1"), gone("p1"))), ["call-1 in_call"]);
  assert.deepEqual(phases(after(state("wrap_up", "call-1"), state("in_call", "call-1"), rings("p1"))), [
    "call-1 wrap_up",
  ]);
});

test("what stopped ringing while the link was broken goes when the server has said what rings", () => {
  const kept = after(rings("p1"), rings("p2", "call-2"), hello, rings("p2", "call-2"), state("ringing"));
  assert.deepEqual(phases(kept), ["call-2 ringing"]);
});

test("a pop that is sent again keeps its place and the time since when it rings", () => {
  const later = message({ type: "screen_pop", data: pop("p1") }, "2026-11-22T20:00:09.000000Z");
  assert.equal(after(rings("p1"), hello, later)[0]?.since, after(rings("p1"))[0]?.since);
});

test("a call that ended while the link was broken waits to be wrapped up", () => {
  assert.deepEqual(phases(after(state("in_call", "call-1"), hello, state("available"))), ["call-1 wrap_up"]);
});

test("a call that ends while the agent speaks on another waits to be wrapped up", () => {
  const both = [state("in_call", "call-1"), state("in_call", "call-2")];
  const ended = message({ type: "call", data: call() });
  assert.deepEqual(phases(after(...both, ended)), ["call-1 wrap_up", "call-2 in_call"]);
  assert.deepEqual(phases(after(rings("p1"), ended)), ["call-1 ringing"]);
});

test("a talk with a colleague leaves nothing to wrap up, and goes when its caller is passed on", () => {
  const asked = message({
    type: "screen_pop",
    data: { ...pop("p1"), card: card({ colleague: { name: "Андрій", extension: "101" } }) },
  });
  assert.deepEqual(phases(after(asked, state("in_call", "call-1"), state("available"))), []);
  assert.deepEqual(phases(after(asked, state("in_call", "call-1"), state("in_call", "call-2"))), [
    "call-2 in_call",
  ]);
  const ended = message({ type: "call", data: call({ direction: "internal" }) });
  assert.deepEqual(phases(after(state("in_call", "call-1"), ended)), []);
});

test("the card of a call that is up already is painted, and said so", () => {
  const [joined] = after(state("in_call", "call-1"), rings("p1"));
  assert.equal(joined?.popId, "p1");
});

test("the state of a colleague changes nothing here", () => {
  assert.deepEqual(phases(after(rings("p1"), state("in_call", "call-1", "agent-2"))), ["call-1 ringing"]);
});

test("a wrap-up finished in another window goes here too; a colleague's note does not end it", () => {
  const note = (agentId: string) =>
    message({ type: "entry", data: entry({ call_id: "call-1", payload: { agent_id: agentId } }) });
  assert.deepEqual(phases(after(state("wrap_up", "call-1"), note("agent-2"))), ["call-1 wrap_up"]);
  assert.deepEqual(phases(after(state("wrap_up", "call-1"), note(ME))), []);
});

test("open wrap-ups are there after a reload, and a running call goes on", () => {
  const unfinished = [
    { ...call(), draft: null },
    { ...call({ id: "call-2", ended_at: null }), draft: null },
  ];
  const encounters = withUnfinished([], unfinished);
  assert.deepEqual(phases(encounters), ["call-1 wrap_up", "call-2 in_call"]);
  assert.deepEqual(phases(without(encounters, "call-1")), ["call-2 in_call"]);
});
