// The lines of a timeline.
import type { Utterance } from "./call.ts";
import type { OrderItem, OrderPlace, OrderStatus } from "./order.ts";

export type EntryKind = "message" | "call" | "transcript" | "note" | "order" | "promise" | "gap";
export type Direction = "inbound" | "outbound" | "internal";

/** waiting: still with the provider, size 0; refused: not kept, and the reason why. */
export interface Attachment {
  id: string;
  name: string;
  media_type: string;
  size: number;
  state?: "waiting" | "refused";
  reason?: string;
}

/** Where and about what a message was written, as the page of a site says it: nobody has checked it. */
export interface WrittenContext {
  page_url?: string;
  page_title?: string;
  cart?: string;
  order?: string;
  language?: string;
}

/** What entries carry besides their text; which of the fields are there depends on the kind. */
export interface EntryPayload {
  subject?: string;
  quoted?: string;
  context?: WrittenContext;
  unsupported?: string;
  cut?: boolean;
  /** The entry that the customer put it under. */
  reply_to?: string;
  reaction?: boolean;
  /** The same for messages that were sent as one. */
  album?: string;
  /** Who wrote it first, empty where that is not told. */
  forwarded?: string;
  /** Whoever wrote it took it back. */
  deleted?: boolean;
  /** It came by a continue-link: what that was worth. */
  continues?: { fate: string };
  attachments?: Attachment[];
  html?: string;
  automatic?: boolean;
  forged?: boolean;
  forged_by?: string;
  subtype?: string;
  direction?: Direction;
  caller?: string;
  dialled?: string;
  queue?: string | null;
  state?: string;
  outcome?: string | null;
  started_at?: string;
  answered_at?: string | null;
  ended_at?: string | null;
  duration_ms?: number | null;
  answered_by?: string | null;
  recording?: boolean;
  utterances?: Utterance[];
  disposition?: string | null;
  agent_id?: string;
  order?: string;
  status?: OrderStatus;
  total?: number;
  currency?: string;
  items?: OrderItem[];
  url?: string | null;
  delivery?: OrderPlace;
  since?: string;
  until?: string;
  promise_id?: string;
  due_at?: string | null;
  /** Addresses that got a copy of a mail, or the one that it was forwarded to. */
  cc?: string[];
  to?: string;
  /** Agents whom a note calls. */
  mentions?: string[];
}

export type DeliveryState = "accepted" | "sending" | "sent" | "delivered" | "read" | "failed" | "unknown";

/** What became of a message that was written at the desk. */
export interface Delivery {
  id: string;
  state: DeliveryState;
  reason: string;
  /** How many messages it is for the provider, who has `parts_sent` of them: counted where it is more than one. */
  parts: number;
  parts_sent: number;
}

export interface Entry {
  id: string;
  customer_id: string | null;
  channel: string | null;
  kind: EntryKind;
  direction: Direction | null;
  author: string;
  at: string;
  text: string;
  source: string;
  source_key: string;
  call_id: string | null;
  conversation_id: string | null;
  replaces_id: string | null;
  replaced_by: string | null;
  redacted: boolean;
  payload: EntryPayload;
  delivery: Delivery | null;
}
