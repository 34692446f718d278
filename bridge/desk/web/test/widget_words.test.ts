import assert from "node:assert/strict";
import { test } from "node:test";
import { backOff } from "../src/widget/follow.ts";
import { wordsOf } from "../src/widget/words.ts";

test("the first language that we speak is chosen, else English", () => {
  assert.equal(wordsOf(["de-DE", "uk-UA", "en"]).language, "uk");
  assert.equal(wordsOf(["de"]).language, "en");
  assert.equal(wordsOf([]).language, "en");
});

test("a day is called by its name while it is near", () => {
  const { day } = wordsOf(["en"]);
  assert.equal(day(new Date()), "Today");
  assert.equal(day(new Date(Date.now() - 86_400_000)), "Yesterday");
  assert.equal(day(new Date("2026-01-05T12:00:00")), "5 January 2026");
});

test("plurals are those of the language", () => {
  const { t } = wordsOf(["ru"]);
  assert.equal(t("launcher.unread", { count: 3 }), "3 новых сообщения");
  assert.equal(t("launcher.unread", { count: 5 }), "5 новых сообщений");
});

test("the pause grows to half a minute, with jitter", () => {
  assert.equal(backOff(0, 1), 500);
  assert.equal(backOff(0, 0), 250);
  assert.equal(backOff(20, 1), 30_000);
});
