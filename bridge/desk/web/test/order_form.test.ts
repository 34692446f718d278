import assert from "node:assert/strict";
import { test } from "node:test";
import { amount, minorOf } from "../src/i18n/format.ts";
import { newOrder, read, typedOf } from "../src/state/order_form.ts";
import { orders } from "../src/pages/samples.ts";

test("an amount is read as people write it, in the decimals of its currency", () => {
  assert.equal(minorOf("1299.5", "UAH"), 129_950);
  assert.equal(minorOf("1 299,50", "UAH"), 129_950);
  assert.equal(minorOf("0.29", "USD"), 29);
  assert.equal(minorOf("1299", "JPY"), 1299);
  for (const wrong of ["", "12.999", "-5", "1.2.3", "free", "1e3", "9".repeat(13)])
    assert.equal(minorOf(wrong, "UAH"), null, wrong);
  assert.equal(minorOf("12.5", "JPY"), null);
  assert.equal(amount(129_950, "UAH"), "1299.50");
  assert.equal(amount(1299, "JPY"), "1299");
});

test("an order that was not touched is asked for as it is, a total of its own with it", () => {
  const order = { ...orders[0]!, shop: "main", total: 100_000 };
  const { asked, wrong } = read(typedOf(order));
  assert.deepEqual(wrong, {});
  assert.deepEqual(
    [asked.shop, asked.order, asked.items, asked.total, asked.currency, asked.status],
    ["main", order.order, order.items, 100_000, "UAH", null],
  );
  assert.equal(read({ ...typedOf(order), total: "" }).asked.total, 129_900);
});

test("what is wrong is said of its field", () => {
  const typed = {
    ...newOrder("main", "hryvnia"),
    items: [{ sku: "", name: " ", quantity: "0", price: "x" }],
  };
  assert.deepEqual(read(typed).wrong, {
    currency: "order.wrong_currency",
    "0 name": "order.wrong_name",
    "0 quantity": "order.wrong_quantity",
  });
  assert.deepEqual(read({ ...typed, currency: "uah", total: "?" }).wrong, {
    "0 name": "order.wrong_name",
    "0 quantity": "order.wrong_quantity",
    "0 price": "order.wrong_amount",
    total: "order.wrong_amount",
  });
});
