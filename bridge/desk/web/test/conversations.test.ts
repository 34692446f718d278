import assert from "node:assert/strict";
import { test } from "node:test";
import { addressesOf, mentionAt, unfilled } from "../src/state/composed.ts";
import { inOrder, isListed } from "../src/state/conversations.ts";
import { conversation } from "./make.ts";

const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

test("a conversation stands in the lists that the server puts it in", () => {
  const mine = conversation({ assignee_id: "me" });
  const called = conversation({ waiting_since: null, mentions: ["me"] });
  const answered = conversation({ assignee_id: "other", waiting_since: null });
  const resting = conversation({ state: "snoozed" });
  const lists = (each: typeof mine) =>
    (["mine", "unassigned", "all"] as const).flatMap((scope) =>
      (["waiting", "answered", "snoozed", "resolved"] as const)
        .filter((show) => isListed(each, { show, scope }, "me"))
        .map((show) => `${scope} ${show}`),
    );
  assert.deepEqual(lists(mine), ["mine waiting", "all waiting"]);
  assert.deepEqual(lists(called), ["mine waiting", "mine answered", "unassigned answered", "all answered"]);
  assert.deepEqual(lists(answered), ["all answered"]);
  assert.deepEqual(lists(resting), ["unassigned snoozed", "all snoozed"]);
});

test("who is overdue goes first, then who waits longest; of the others the newest", () => {
  const at = (minute: number) => `2026-11-22T20:0${minute}:00.000000Z`;
  const all = [
    conversation({ id: "late", waiting_since: at(3), last_at: at(3), priority: 1 }),
    conversation({ id: "second", waiting_since: at(2), last_at: at(9) }),
    conversation({ id: "first", waiting_since: at(1), last_at: at(4) }),
  ];
  assert.deepEqual(ids(inOrder(all, "waiting")), ["late", "first", "second"]);
  assert.deepEqual(ids(inOrder(all, "answered")), ["second", "first", "late"]);
});

test("places that nobody has filled are found, other braces are not", () => {
  assert.deepEqual(unfilled("{customer.name}, order {order.number} {} {x} {A.b}"), [
    "{customer.name}",
    "{order.number}",
  ]);
});

test("a name is looked for behind an @ that begins a word", () => {
  assert.equal(mentionAt("ask @мар"), "мар");
  assert.equal(mentionAt("@"), "");
  assert.equal(mentionAt("olena@sample"), null);
  assert.equal(mentionAt("@maria, "), null);
});

test("addresses are parted by commas, semicolons and spaces", () => {
  assert.deepEqual(addressesOf(" a@b.example, c@d.example;e@f.example "), [
    "a@b.example",
    "c@d.example",
    "e@f.example",
  ]);
});
