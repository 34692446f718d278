import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EVERYTHING,
  isShown,
  type TimelineFilter,
  TimelineState,
  withCalls,
  withEntry,
} from "../src/state/timeline.ts";
import { call, entry } from "./make.ts";

const ids = (entries: readonly { id: string }[]) => entries.map(({ id }) => id);
const line = ["c", "b", "a"].map((id, index) => entry({ id, at: `2026-11-2${3 - index}T00:00:00.000000Z` }));

test("an entry takes its place by time, and comes only once", () => {
  const middle = entry({ id: "m", at: "2026-11-22T12:00:00.000000Z" });
  assert.deepEqual(ids(withEntry(line, middle)), ["c", "m", "b", "a"]);
  assert.deepEqual(ids(withEntry(withEntry(line, middle), middle)), ["c", "m", "b", "a"]);
  assert.deepEqual(ids(withEntry([], middle)), ["m"]);
  assert.deepEqual(ids(withEntry(line, entry({ id: "z", at: "2026-11-01T00:00:00.000000Z" }))).at(-1), "z");
});

test("of two at the same time the later id stands first, as the server sorts them", () => {
  const [, b] = line;
  assert.deepEqual(ids(withEntry([b!], entry({ id: "b2", at: b!.at }))), ["b2", "b"]);
});

test("what was corrected stays and says by which", () => {
  const correction = entry({ id: "b2", at: "2026-11-24T00:00:00.000000Z", replaces_id: "b" });
  const shown = withEntry(line, correction);
  assert.deepEqual(ids(shown), ["b2", "c", "b", "a"]);
  assert.deepEqual(
    shown.map((each) => each.replaced_by),
    [null, null, "b2", null],
  );
});

test("an entry that just came is shown where the filter takes it", () => {
  const note = entry({ kind: "note", at: "2026-11-22T12:00:00.000000Z", payload: { agent_id: "agent-1" } });
  const shown = (filter: Partial<TimelineFilter>) => isShown(note, { ...EVERYTHING, ...filter });
  assert.ok(shown({}) && shown({ kind: "note", agent: "agent-1", from: "2026-11-22", to: "2026-11-22" }));
  assert.ok(![{ kind: "call" }, { channel: "email" }, { agent: "agent-2" }].some(shown));
  assert.ok(![{ from: "2026-11-24" }, { to: "2026-11-20" }].some(shown));
});

test("what is written to any leaf of a merged customer is theirs", () => {
  const timeline = new TimelineState("anna", EVERYTHING, [], ["anna", "twin"]);
  for (const [id, customer_id] of [
    ["1", "anna"],
    ["2", "twin"],
    ["3", "boris"],
    ["4", null],
  ] as const)
    timeline.take(entry({ id, customer_id }));
  assert.deepEqual(ids(timeline.entries.value).sort(), ["1", "2"]);
});

test("a call's entry shows the call as it is now", () => {
  const rings = entry({ kind: "call", call_id: "call-1", payload: { queue: "support", state: "ringing" } });
  const [now] = withCalls([rings], { "call-1": call() });
  assert.equal(now?.payload.outcome, "answered");
  assert.equal(now?.payload.duration_ms, 180_000);
  assert.equal(withCalls([rings], {})[0], rings);
});
