import assert from "node:assert/strict";
import { test } from "node:test";
import type { Utterance } from "../src/api/call.ts";
import { spokenAt, wordsOf } from "../src/state/transcript.ts";

const utterance = (speaker: "caller" | "agent", ...times: [number, number][]): Utterance => ({
  speaker,
  start_ms: times[0]![0],
  end_ms: times.at(-1)![1],
  text: "",
  words: times.map(([start_ms, end_ms]) => ({ text: "word", start_ms, end_ms, confidence: 1 })),
});

test("the word that is spoken, and none in a pause", () => {
  const words = wordsOf([utterance("caller", [100, 200], [300, 400])]);
  assert.deepEqual(spokenAt(words, 100), [0]);
  assert.deepEqual(spokenAt(words, 200), []);
  assert.deepEqual(spokenAt(words, 399), [1]);
  assert.deepEqual(spokenAt(words, 50), []);
  assert.deepEqual(spokenAt([], 50), []);
});

test("both sides at once light a word each, though the list shows one after the other", () => {
  const words = wordsOf([
    utterance("caller", [0, 500], [500, 3000]),
    utterance("agent", [600, 900], [1000, 1400]),
  ]);
  assert.deepEqual(spokenAt(words, 700).sort(), [1, 2]);
  assert.deepEqual(spokenAt(words, 950), [1]);
});
