// Values for the tests: whole, so that a test says only what it is about.
import type { CallSummary } from "../src/api/call.ts";
import type { Card, ScreenPop } from "../src/api/card.ts";
import type { ConversationSummary } from "../src/api/conversation.ts";
import type { Entry } from "../src/api/entry.ts";
import type { LiveMessage } from "../src/api/live.ts";

export const AT = "2026-11-22T20:00:00.000000Z";
let lastId = 0;

export const card = (fields: Partial<Card> = {}): Card => ({
  call_id: "call-1",
  caller: "+380501234567",
  dialled: "+380445550100",
  customer: null,
  candidates: [],
  matters: [],
  promises: [],
  conversations: [],
  orders: [],
  recent: [],
  last_note: null,
  last_spoke: null,
  question: null,
  queue: "support",
  notes: [],
  colleague: null,
  ...fields,
});

export const pop = (id: string, callId = "call-1"): ScreenPop => ({
  id,
  call_id: callId,
  extension: "101",
  leg: "1",
  card: card({ call_id: callId }),
});

export const call = (fields: Partial<CallSummary> = {}): CallSummary => ({
  id: "call-1",
  pbx: "main",
  linkedid: "1",
  direction: "inbound",
  caller: "+380501234567",
  dialled: "+380445550100",
  customer_id: null,
  customer_name: null,
  queue: "support",
  state: "ended",
  outcome: "answered",
  started_at: AT,
  answered_at: AT,
  ended_at: "2026-11-22T20:03:00.000000Z",
  answered_by: "Андрій",
  owner_id: null,
  owner: null,
  handled_at: null,
  ...fields,
});

export const entry = (fields: Partial<Entry> = {}): Entry => ({
  id: "entry-1",
  customer_id: "customer-1",
  channel: null,
  kind: "note",
  direction: null,
  author: "",
  at: AT,
  text: "",
  source: "desk",
  source_key: "1",
  call_id: null,
  conversation_id: null,
  replaces_id: null,
  replaced_by: null,
  redacted: false,
  delivery: null,
  payload: {},
  ...fields,
});

type Content = LiveMessage extends infer M
  ? M extends { type: infer T; data: infer D }
    ? { type: T; data: D }
    : never
  : never;

export const message = (content: Content, at = AT): LiveMessage =>
  ({ id: String(++lastId), at, ...content }) as LiveMessage;

export const conversation = (fields: Partial<ConversationSummary> = {}): ConversationSummary => ({
  id: "talk-1",
  channel: "telegram",
  inbox: "bot",
  subject: "",
  state: "open",
  customer_id: "customer-1",
  customer_name: "Олена",
  assignee_id: null,
  assignee: null,
  opened_at: AT,
  last_at: AT,
  snoozed_until: null,
  waiting_since: AT,
  due_at: null,
  overdue: false,
  priority: 0,
  tags: [],
  mentions: [],
  last_text: "",
  last_direction: "inbound",
  suspicious: false,
  ...fields,
});
