// An order as it is typed, and what of it a shop is asked for.
import type { AskedOrder, Order, OrderItem, OrderStatus } from "../api/order.ts";
import { amount, minorOf } from "../i18n/format.ts";
import type { Key } from "../i18n/index.ts";

export interface TypedItem {
  sku: string;
  name: string;
  quantity: string;
  price: string;
}

export interface TypedOrder {
  shop: string;
  /** The number of the order that is to be changed, null for a new one. */
  order: string | null;
  items: readonly TypedItem[];
  currency: string;
  /** "" is the sum of the items. */
  total: string;
  /** "" leaves it to the shop. */
  status: OrderStatus | "";
  comment: string;
}

export type ItemField = "name" | "quantity" | "price";
/** What is wrong, by the field that it stands in. */
export type Wrong = Partial<Record<"currency" | "total" | `${number} ${ItemField}`, Key>>;

const MOST_PIECES = 1_000_000;

export const newItem = (): TypedItem => ({ sku: "", name: "", quantity: "1", price: "" });

export const newOrder = (shop: string, currency: string): TypedOrder => ({
  shop,
  order: null,
  items: [newItem()],
  currency,
  total: "",
  status: "",
  comment: "",
});

const sumOf = (items: readonly OrderItem[]) =>
  items.reduce((sum, { quantity, price }) => sum + quantity * price, 0);

/** A total of its own, as with a discount, stays what it is until it is emptied. */
export const typedOf = (order: Order): TypedOrder => ({
  ...newOrder(order.shop, order.currency),
  order: order.order,
  items: order.items.map(({ sku, name, quantity, price }) => ({
    sku,
    name,
    quantity: String(quantity),
    price: amount(price, order.currency),
  })),
  total: sumOf(order.items) === order.total ? "" : amount(order.total, order.currency),
});

const isCurrency = (code: string) => /^[A-Z]{3}$/.test(code);

/** What is asked for, as far as it can be read, and what stands in the way. */
export function read(typed: TypedOrder): { asked: AskedOrder; wrong: Wrong } {
  const currency = typed.currency.trim().toUpperCase();
  const wrong: Wrong = isCurrency(currency) ? {} : { currency: "order.wrong_currency" };
  // Amounts of a currency that is none are not looked at: its decimals are not known.
  const minor = (text: string) => (isCurrency(currency) ? minorOf(text, currency) : 0);
  const items = typed.items.map((item, index) => {
    const quantity = Number(item.quantity);
    const price = minor(item.price);
    if (!item.name.trim()) wrong[`${index} name`] = "order.wrong_name";
    if (!/^\d+$/.test(item.quantity.trim()) || quantity < 1 || quantity > MOST_PIECES)
      wrong[`${index} quantity`] = "order.wrong_quantity";
    if (price === null) wrong[`${index} price`] = "order.wrong_amount";
    return { sku: item.sku.trim(), name: item.name.trim(), quantity, price: price ?? 0 };
  });
  const total = typed.total.trim() ? minor(typed.total) : sumOf(items);
  if (total === null) wrong.total = "order.wrong_amount";
  const { shop, order, status, comment } = typed;
  const asked = {
    shop,
    order,
    items,
    total: total ?? 0,
    currency,
    status: status || null,
    comment: comment.trim(),
  };
  return { asked, wrong };
}
