// Customers, what is known of them, and what they have allowed us.
import type { OpenConversation } from "./conversation.ts";
import type { Entry } from "./entry.ts";
import type { Matter, Promised } from "./matter.ts";
import type { Order } from "./order.ts";

export type CustomerKind = "person" | "household" | "organisation";

export interface Identity {
  kind: string;
  address: string;
  scope: string;
  strength: "claimed" | "delivered" | "proven";
}

export interface Customer {
  id: string;
  kind: CustomerKind;
  name: string;
  language: string | null;
  vip: boolean;
  comment: string;
  external_id: string | null;
  sample: boolean;
  leaves: string[];
  identities: Identity[];
  /** Households and organisations of a person, with the role in each. */
  belongs_to: Candidate[];
}

export interface Candidate {
  id: string;
  kind: CustomerKind;
  name: string;
  role: string;
  extension: string | null;
  last_at: string | null;
  last_channel: string | null;
  clue: Clue | null;
}

/** What tells one of several people apart from the others. */
export interface Clue {
  kind: string;
  value: string;
}

export interface LastSpoke {
  author: string;
  channel: string | null;
  at: string;
}

export type Purpose = "service" | "marketing";

/** Somebody's yes or no on a channel, in their words; `entry_id` is the message in which they stand. */
export interface Consent {
  id: string;
  channel: string;
  purpose: Purpose;
  granted: boolean;
  at: string;
  words: string;
  by: string;
  entry_id: string | null;
}

/** What the card and the customer page have in common. */
export interface CustomerContext {
  candidates: Candidate[];
  matters: Matter[];
  promises: Promised[];
  conversations: OpenConversation[];
  orders: Order[];
  last_note: Entry | null;
  last_spoke: LastSpoke | null;
}

export type CustomerDetail = Customer & CustomerContext;

export interface Filed {
  filing_id: string;
  customer_id: string | null;
}
