import "./badge.css";
import type { ComponentChildren } from "preact";
import type { AgentStateName } from "../api/agent.ts";
import type { OrderStatus } from "../api/order.ts";
import type { Phase } from "../state/encounters.ts";
import { word } from "../i18n/index.ts";
import { Icon, type IconName } from "./icon.tsx";

export type Tone = "neutral" | "good" | "warn" | "bad" | "info" | "special" | "ring";

/** A word or two about something. The tone never speaks alone: the word says the same. */
export function Badge(props: { tone?: Tone; icon?: IconName; children: ComponentChildren }) {
  return (
    <span class={`badge tone-${props.tone ?? "neutral"}`}>
      {props.icon && <Icon name={props.icon} size={14} />}
      {props.children}
    </span>
  );
}

const STATE_TONES: Record<AgentStateName | Phase, Tone> = {
  offline: "neutral",
  available: "good",
  ringing: "ring",
  in_call: "info",
  wrap_up: "special",
  withdrawn: "neutral",
};

/** A state with its lamp. `since` is drawn beside the word by whoever counts the time. */
export function StatusPill({
  state,
  children,
}: {
  state: AgentStateName | Phase;
  children?: ComponentChildren;
}) {
  return (
    <span class={`badge pill tone-${STATE_TONES[state]}`} data-state={state}>
      <span class="pill-lamp" aria-hidden="true" />
      {word("state", state)}
      {children}
    </span>
  );
}

// Paid, unpaid and abandoned are what an agent must tell apart before saying hello.
const ORDER_TONES: Record<OrderStatus, Tone> = {
  cart: "info",
  abandoned: "warn",
  unpaid: "bad",
  paid: "good",
  shipped: "good",
  delivered: "good",
  cancelled: "neutral",
  refunded: "neutral",
};

export const OrderBadge = ({ status }: { status: OrderStatus }) => (
  <Badge tone={ORDER_TONES[status]}>{word("order_status", status)}</Badge>
);
