import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Order, OrderRequest } from "../api/order.ts";
import { ago, money } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { generation } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { Badge, type Tone } from "./badge.tsx";
import { Button } from "./button.tsx";
import { OrderList } from "./context.tsx";
import { OrderDialog } from "./order_form.tsx";
import { Panel } from "./panel.tsx";

/** How long what a shop has answered is shown: then the order itself, or its absence, says enough. */
const FRESH = 24 * 60 * 60 * 1000;

const TONES: Record<OrderRequest["state"], Tone> = { waiting: "info", placed: "good", refused: "bad" };

const isShown = ({ state, at }: OrderRequest) => state === "waiting" || Date.now() - Date.parse(at) < FRESH;

function Request({ request }: { request: OrderRequest }) {
  const { state, order, reason, total, currency, items, by, at } = request;
  return (
    <li class="order-request">
      <span class="row between">
        <span class="row">
          <Badge tone={TONES[state]}>{word("order_request", state)}</Badge>
          {order && <span class="number quiet">{order}</span>}
        </span>
        <strong class="number">{money(total, currency)}</strong>
      </span>
      {reason && (
        <span class="quiet" lang="en">
          {reason}
        </span>
      )}
      <span class="quiet">
        {items.map((item) => `${item.name} × ${item.quantity}`).join(", ")} · {by}, {ago(at)}
      </span>
    </li>
  );
}

/** The orders of a customer, with what was asked of the shops; agents add and change where a shop takes it. */
export function CustomerOrders({ customerId, orders }: { customerId: string; orders: readonly Order[] }) {
  const { data: shops } = useFetched(api.listShops, []);
  const { data: asked, refresh } = useFetched(
    () => api.listOrderRequests(customerId),
    [customerId, orders, generation.value],
  );
  // null: none is open; "new": one that there is not yet.
  const [open, setOpen] = useState<Order | "new" | null>(null);
  const requests = asked?.items.filter(isShown) ?? [];
  const taking = shops?.items ?? [];
  if (orders.length === 0 && requests.length === 0 && taking.length === 0) return null;
  const add = taking.length > 0 && (
    <Button kind="quiet" icon="shop" onClick={() => setOpen("new")}>
      {t("order.add")}
    </Button>
  );
  return (
    <Panel title={t("card.orders")} aside={add}>
      {requests.length > 0 && (
        <ul class="plain-list order-requests" aria-label={t("order.requests")}>
          {requests.map((each) => (
            <Request key={each.id} request={each} />
          ))}
        </ul>
      )}
      <OrderList
        orders={orders}
        action={(order) =>
          taking.includes(order.shop) && (
            <Button kind="quiet" onClick={() => setOpen(order)}>
              {t("order.change")}
              <span class="only-heard"> {order.order}</span>
            </Button>
          )
        }
      />
      {open && (
        <OrderDialog
          customerId={customerId}
          shops={taking}
          order={open === "new" ? null : open}
          currency={orders[0]?.currency ?? shops?.currency ?? ""}
          onAsked={refresh}
          onClose={() => setOpen(null)}
        />
      )}
    </Panel>
  );
}
