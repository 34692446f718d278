import "./order_form.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Order, OrderStatus } from "../api/order.ts";
import { money } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { notify, notifyFailure } from "../state/notices.ts";
import {
  newItem,
  newOrder,
  read,
  type TypedItem,
  type TypedOrder,
  typedOf,
  type Wrong,
} from "../state/order_form.ts";
import { Button, IconButton } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Choice, Field, Select, TextArea } from "./field.tsx";

/** What an agent may ask for; carts are the shop's own. */
const STATUSES: readonly OrderStatus[] = ["unpaid", "paid", "shipped", "delivered", "cancelled", "refunded"];

interface ItemProps {
  item: TypedItem;
  index: number;
  wrong: Wrong;
  onChange: (changed: Partial<TypedItem>) => void;
  /** Missing for the only one. */
  onRemove: (() => void) | undefined;
}

function Item({ item, index, wrong, onChange, onRemove }: ItemProps) {
  const error = (field: "name" | "quantity" | "price") => {
    const key = wrong[`${index} ${field}`];
    return key && t(key);
  };
  return (
    <fieldset class="order-item">
      <legend class="only-heard">{t("order.item", { number: index + 1 })}</legend>
      <div class="order-item-name">
        <Field
          label={t("order.name")}
          maxLength={500}
          value={item.name}
          error={error("name")}
          onInput={(event) => onChange({ name: event.currentTarget.value })}
        />
        {onRemove && (
          <IconButton icon="close" label={t("order.remove_item", { number: index + 1 })} onClick={onRemove} />
        )}
      </div>
      <div class="order-item-facts">
        <Field
          label={t("order.sku")}
          maxLength={100}
          value={item.sku}
          onInput={(event) => onChange({ sku: event.currentTarget.value })}
        />
        <Field
          label={t("order.quantity")}
          maxLength={7}
          value={item.quantity}
          error={error("quantity")}
          onInput={(event) => onChange({ quantity: event.currentTarget.value })}
        />
        <Field
          label={t("order.price")}
          maxLength={20}
          value={item.price}
          error={error("price")}
          onInput={(event) => onChange({ price: event.currentTarget.value })}
        />
      </div>
    </fieldset>
  );
}

function Items({ typed, wrong, onChange }: FormPart) {
  const { items } = typed;
  return (
    <>
      {items.map((item, index) => (
        <Item
          key={index}
          item={item}
          index={index}
          wrong={wrong}
          onChange={(changed) =>
            onChange({ items: items.map((each, at) => (at === index ? { ...each, ...changed } : each)) })
          }
          onRemove={
            items.length > 1 ? () => onChange({ items: items.filter((_, at) => at !== index) }) : undefined
          }
        />
      ))}
      <div class="row">
        <Button kind="quiet" onClick={() => onChange({ items: [...items, newItem()] })}>
          {t("order.add_item")}
        </Button>
      </div>
    </>
  );
}

interface FormPart {
  typed: TypedOrder;
  wrong: Wrong;
  onChange: (changed: Partial<TypedOrder>) => void;
}

function Sums({ typed, wrong, onChange }: FormPart) {
  return (
    <div class="order-item-facts">
      <div class="field">
        <span class="field-label" aria-hidden="true">
          {t("order.status")}
        </span>
        <Select
          label={t("order.status")}
          options={[
            { value: "", label: t(typed.order === null ? "order.shop_decides" : "order.as_it_is") },
            ...STATUSES.map((value) => ({ value, label: word("order_status", value) })),
          ]}
          value={typed.status}
          onChoose={(status) => onChange({ status })}
        />
      </div>
      <Field
        label={t("order.currency")}
        maxLength={3}
        value={typed.currency}
        error={wrong.currency && t(wrong.currency)}
        onInput={(event) => onChange({ currency: event.currentTarget.value })}
      />
      <Field
        label={t("order.total")}
        hint={t("order.total_hint")}
        maxLength={20}
        value={typed.total}
        error={wrong.total && t(wrong.total)}
        onInput={(event) => onChange({ total: event.currentTarget.value })}
      />
    </div>
  );
}

interface DialogProps {
  customerId: string;
  shops: readonly string[];
  /** The one to change; null for a new one. */
  order: Order | null;
  currency: string;
  onAsked: () => void;
  onClose: () => void;
}

/** A new order, or what an order is to be now: asked of the shop, which answers later. */
export function OrderDialog({ customerId, shops, order, currency, onAsked, onClose }: DialogProps) {
  const [typed, setTyped] = useState(() => (order ? typedOf(order) : newOrder(shops[0] ?? "", currency)));
  const [key] = useState(() => crypto.randomUUID());
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const { asked, wrong: found } = read(typed);
  const wrong = isTried ? found : {};
  const onChange = (changed: Partial<TypedOrder>) => setTyped({ ...typed, ...changed });
  const send = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await api.askOrder(customerId, asked, key);
      notify({ tone: "info", text: t("order.asked") });
      onAsked();
      onClose();
    } catch (error) {
      notifyFailure(error);
      setBusy(false);
    }
  };
  const title = order ? t("order.change_title", { order: order.order }) : t("order.add");
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void send(event)}>
        {!order && shops.length > 1 && (
          <Choice
            label={t("order.shop")}
            options={shops.map((value) => ({ value, label: value }))}
            value={typed.shop}
            onChoose={(shop) => onChange({ shop })}
          />
        )}
        <Items typed={typed} wrong={wrong} onChange={onChange} />
        <Sums typed={typed} wrong={wrong} onChange={onChange} />
        <TextArea
          label={t("order.comment")}
          rows={2}
          maxLength={2000}
          value={typed.comment}
          onInput={(event) => onChange({ comment: event.currentTarget.value })}
        />
        <div class="row between">
          <Button type="submit" kind="primary" icon="shop" isBusy={isBusy}>
            {t("order.ask")}
          </Button>
          {!found.currency && <strong class="number">{money(asked.total, asked.currency)}</strong>}
        </div>
      </form>
    </Dialog>
  );
}
