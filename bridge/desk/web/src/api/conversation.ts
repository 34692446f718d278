// Talks in writing as work.
import type { Customer } from "./customer.ts";
import type { Direction } from "./entry.ts";
import type { Page } from "./page.ts";
import type { OpenWay } from "./writing.ts";

export interface OpenConversation {
  id: string;
  channel: string;
  subject: string;
  state: string;
  last_at: string;
}

export const CONVERSATION_STATES = ["open", "snoozed", "resolved"] as const;
export type ConversationState = (typeof CONVERSATION_STATES)[number];

/** A talk in writing as work. */
export interface ConversationSummary {
  id: string;
  channel: string;
  /** Null for an imported one, in which nothing can be sent. */
  inbox: string | null;
  subject: string;
  state: ConversationState;
  customer_id: string | null;
  customer_name: string | null;
  assignee_id: string | null;
  assignee: string | null;
  opened_at: string;
  last_at: string;
  snoozed_until: string | null;
  /** The oldest message that no person of ours has answered. */
  waiting_since: string | null;
  due_at: string | null;
  overdue: boolean;
  priority: number;
  tags: string[];
  /** Agents whom a note calls and who have not looked yet. */
  mentions: string[];
  last_text: string;
  last_direction: Direction | null;
  /** It is not from the sender that it names, and nobody has said whose it is. */
  suspicious: boolean;
}

export interface ConversationDetail extends ConversationSummary {
  customer: Customer | null;
  ways: OpenWay[];
}

/** How many customers wait. */
export interface ConversationCounts {
  mine: number;
  unassigned: number;
  all: number;
  suspicious: number;
}

export interface ConversationList extends Page<ConversationSummary> {
  counts: ConversationCounts;
}

/** What another open desk does in a conversation. */
export interface Presence {
  desk: string;
  agent_id: string;
  name: string;
  conversation_id: string;
  doing: "viewing" | "typing" | "gone";
}
