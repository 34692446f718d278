import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ago, dayName, duration, lapse, money, phone } from "../src/i18n/format.ts";
import { language, t, word } from "../src/i18n/index.ts";
import { initials } from "../src/components/initials.ts";
import { disagreements } from "../tools/catalogues.mjs";

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

beforeEach(() => {
  language.value = "en";
});

test("plurals follow the language", () => {
  assert.equal(t("search.found", { count: 1 }), "1 result");
  assert.equal(t("search.found", { count: 5 }), "5 results");
  language.value = "ru";
  assert.equal(t("search.found", { count: 1 }), "Найден 1 результат");
  assert.equal(t("search.found", { count: 3 }), "Найдено 3 результата");
  assert.equal(t("search.found", { count: 11 }), "Найдено 11 результатов");
});

test("a code without a word is shown as it is", () => {
  assert.equal(word("outcome", "busy"), "Busy");
  assert.equal(word("outcome", "never_heard"), "never heard");
});

test("values are put in as they are, whatever they look like", () => {
  assert.equal(t("filing.done", { name: "$& {name} <b>" }), "The call is filed under $& {name} <b>.");
});

test("catalogues that disagree are found out", () => {
  const en = { a: "A {x}", b: { one: "{count} b", other: "{count} bs" } };
  assert.deepEqual(disagreements({ en }), []);
  const uk = { a: "А {y}", b: { one: "{count}", other: "{count}" }, c: "?" };
  assert.deepEqual(disagreements({ en, uk }), [
    "uk: c is not in en",
    "uk: a (other) has other placeholders than English",
    "uk: b has plurals one,other",
  ]);
  assert.deepEqual(disagreements({ en, ru: { a: "{x}" } }), ["ru: b is missing"]);
});

test("money is in minor units of its currency", () => {
  assert.equal(plain(money(129_900, "UAH")), "₴1,299.00");
  assert.equal(plain(money(1_500, "JPY")), "¥1,500");
  language.value = "uk";
  assert.equal(plain(money(129_900, "UAH")), "1 299,00 ₴");
});

test("numbers are grouped where we know how, and never changed otherwise", () => {
  assert.equal(plain(phone("+380445450100")), "+380 44 545 01 00");
  assert.equal(phone("+4930123456"), "+4930123456");
  assert.equal(phone("+38044"), "+38044");
  assert.equal(phone("101"), "101");
});

test("times are read at a glance", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  assert.equal(ago("2026-11-22T11:59:40Z", now), "just now");
  assert.equal(ago("2026-11-22T11:42:00Z", now), "18 min ago");
  assert.equal(dayName("2026-11-21T12:00:00Z", now), "yesterday");
  assert.equal(dayName("2026-11-12T12:00:00Z", now), "12 November");
  assert.equal(dayName("2025-03-03T12:00:00Z", now), "3 March 2025");
  assert.equal(duration(62_000), "1:02");
  assert.equal(duration(3_723_000), "1:02:03");
  assert.equal(lapse(74), "74ms");
  assert.equal(lapse(6_412), "6.4s");
  assert.equal(lapse(198_502), "3:18");
});

test("initials are of letters in any script", () => {
  assert.equal(initials("Олена Ковальчук"), "ОК");
  assert.equal(initials("«Дім» o'Neil 3"), "ДO");
  assert.equal(initials("+380"), "");
});
