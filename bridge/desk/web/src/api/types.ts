// The desk's JSON, field for field what bridge/domain sends. Times are ISO 8601 in UTC, money is in minor units.

export type Role = "agent" | "supervisor" | "admin";
export type AgentStateName = "offline" | "available" | "ringing" | "in_call" | "wrap_up";
export type CustomerKind = "person" | "household" | "organisation";
export type OrderStatus =
  "cart" | "abandoned" | "unpaid" | "paid" | "shipped" | "delivered" | "cancelled" | "refunded";
export type EntryKind = "message" | "call" | "transcript" | "note" | "order" | "promise" | "gap";
export type Direction = "inbound" | "outbound" | "internal";

export const DISPOSITIONS = [
  "resolved",
  "follow_up",
  "order_taken",
  "wrong_number",
  "spam",
  "other",
] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

export interface Agent {
  id: string;
  login: string;
  name: string;
  role: Role;
  extension: string | null;
  language: string;
}

/** A line of the supervisor's list of agents. */
export interface AgentLine extends Agent {
  state: AgentStateName;
  call_id: string | null;
  registered: boolean;
  at_desk: boolean;
}

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

export interface OrderItem {
  sku: string;
  name: string;
  quantity: number;
  price: number;
}

export interface Order {
  id: string;
  /** The key of its inbox; "" for an imported one. */
  shop: string;
  order: string;
  status: OrderStatus;
  at: string;
  total: number;
  currency: string;
  items: OrderItem[];
  url: string | null;
  delivery: OrderPlace | null;
}

export interface OrderPlace {
  city: string;
  address: string;
}

/** What an agent asks of a shop; `order` is the number of the one that is to be changed. Money in minor units. */
export interface AskedOrder {
  shop: string;
  order: string | null;
  items: OrderItem[];
  total: number;
  currency: string;
  /** Null leaves it to the shop. */
  status: OrderStatus | null;
  comment: string;
}

export type RequestState = "waiting" | "placed" | "refused";

export interface OrderRequest extends AskedOrder {
  id: string;
  state: RequestState;
  by: string;
  at: string;
  /** The shop's words, where it refused. */
  reason: string;
}

export interface ShopList {
  items: string[];
  currency: string | null;
}

export interface OpenConversation {
  id: string;
  channel: string;
  subject: string;
  state: string;
  last_at: string;
}

export const MATTER_STATES = ["open", "waiting_us", "waiting_them", "settled"] as const;
export type MatterState = (typeof MATTER_STATES)[number];
export type Thing = "call" | "conversation" | "order" | "promise";

/** `about`: an order's number, a conversation's subject, a caller's number, a promise's text. */
export interface MatterLink {
  id: string;
  thing: Thing;
  thing_id: string;
  rule: string;
  by: string;
  at: string;
  about: string;
}

export interface Matter {
  id: string;
  customer_id: string;
  title: string;
  state: MatterState;
  opened_at: string;
  touched_at: string;
  links: MatterLink[];
}

export interface Promised {
  id: string;
  customer_id: string;
  text: string;
  state: "open" | "kept" | "dropped";
  made_by: string;
  made_at: string;
  due_at: string | null;
  matter_id: string | null;
  call_id: string | null;
}

export interface LastSpoke {
  author: string;
  channel: string | null;
  at: string;
}

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

/** Whether the channel has a time in which it may be answered freely, and when that ends (null: they never wrote). */
export interface ConversationWindow {
  channel: string;
  inbox_id: string | null;
  limited: boolean;
  window_ends_at: string | null;
  open: boolean;
}

/** A message that the provider has approved; `blanks` are named in its text. */
export interface Template {
  name: string;
  language: string;
  text: string;
  blanks: string[];
  marketing: boolean;
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

/** A part of a text, and whether it is what was looked for. */
export interface Piece {
  text: string;
  hit: boolean;
}

export interface SearchHit {
  type: "customer" | "entry";
  customer: Customer | null;
  entry: Entry | null;
  pieces: Piece[];
}

/** Work that failed three times. `reason` is the server's own, in English. */
/** `hook` is where its provider tells of news; `hook_secret` is there once, when it was made. */
export interface Inbox {
  id: string;
  channel: string;
  key: string;
  address: string;
  state: string;
  last_error: string | null;
  hook: string | null;
  /** Whether there is something to send with, which the server gives to nobody. */
  has_token: boolean;
  hook_secret: string | null;
}

export const EVENT_TYPES = ["call", "message", "order", "entry"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** `secret` is there once, when it was made. */
export interface Webhook {
  id: string;
  url: string;
  events: EventType[];
  state: string;
  last_error: string | null;
  failing_since: string | null;
  told_at: string | null;
  secret: string | null;
}

export interface DeadLetter {
  id: string;
  group: string;
  topic: string;
  key: string;
  created_at: string;
  died_at: string;
  tries: number;
  reason: string;
  payload: Record<string, unknown>;
}

export interface Page<T> {
  items: T[];
  next: string | null;
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

export interface Card extends CustomerContext {
  call_id: string;
  caller: string;
  dialled: string;
  customer: Customer | null;
  recent: Entry[];
  question: string | null;
  queue: string | null;
  notes: CallNote[];
  colleague: Colleague | null;
}

/** What another agent has written on this call so far. */
export interface CallNote {
  author: string;
  text: string;
  at: string;
}

/** The other end of a call among ourselves. */
export interface Colleague {
  name: string;
  extension: string;
}

export type CustomerDetail = Customer & CustomerContext;

export interface ScreenPop {
  id: string;
  call_id: string;
  extension: string;
  leg: string;
  card: Card;
}

export interface CallSummary {
  id: string;
  pbx: string;
  linkedid: string;
  direction: Direction;
  caller: string;
  dialled: string;
  customer_id: string | null;
  customer_name: string | null;
  queue: string | null;
  state: string;
  outcome: string | null;
  started_at: string;
  answered_at: string | null;
  ended_at: string | null;
  answered_by: string | null;
  owner_id: string | null;
  owner: string | null;
  handled_at: string | null;
}

/** Calls of one caller that nobody answered; `call` is the newest. */
export interface WorkItem {
  key: string;
  call: CallSummary;
  attempts: number;
  first_at: string;
  voicemails: CallRecording[];
}

/** `item` is null when the work is done. */
export interface WorkChange {
  key: string;
  item: WorkItem | null;
}

/** One rung of the pop's ladder; `shown` is null when nobody has looked. */
export interface RungLine {
  rung: string;
  on: boolean;
  shown: boolean | null;
  at: string | null;
  by: string | null;
}

export interface PhoneLine {
  agent_id: string;
  extension: string;
  name: string;
  profile: string;
  registered: boolean;
  rungs: RungLine[];
}

export interface Stage {
  stage: string;
  at: string;
  extension: string | null;
  detail: string | null;
}

export interface CallLeg {
  uniqueid: string;
  role: string;
  state: string;
  extension: string | null;
  created_at: string;
  ringing_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  cause: number | null;
}

/** `confidence` from 0 to 1; times are milliseconds from the recording's begin. */
export interface Word {
  text: string;
  start_ms: number;
  end_ms: number;
  confidence: number;
}

export interface Utterance {
  speaker: "caller" | "agent";
  start_ms: number;
  end_ms: number;
  text: string;
  words: Word[];
}

export interface RecordingTranscript {
  state: "waiting" | "ready" | "failed";
  reason: string | null;
  entry_id: string | null;
  language: string | null;
  model: string | null;
  utterances: Utterance[];
}

export interface CallRecording {
  id: string;
  kind: string;
  state: string;
  duration_ms: number | null;
  transcript: RecordingTranscript | null;
}

export interface CallDetail extends CallSummary {
  stages: Stage[];
  legs: CallLeg[];
  recordings: CallRecording[];
  joined_to: string | null;
}

export interface NoteDraft {
  text: string;
  rev: number;
  saved_at?: string;
}

/** A call of mine whose wrap-up is open, with the draft of its note. */
export interface UnfinishedCall extends CallSummary {
  draft: NoteDraft | null;
}

/** One thing that must be up for calls to be taken. */
export interface Part {
  name: string;
  ok: boolean;
}

/** Nobody watched the calls between the two times. */
export interface WatchedGap {
  since: string;
  until: string;
}

export interface PhoneState {
  extension: string;
  name: string;
  registered: boolean;
}

export interface Versions {
  omniline: string;
  asterisk: string;
  python: string;
}

/** How the installation is; see bridge/domain/health.py. */
export interface WaitingCall {
  since: string;
  call: CallSummary | null;
}

export interface MemberLine {
  extension: string;
  paused: boolean;
  reason: string;
}

export interface QueueLine {
  name: string;
  waiting: WaitingCall[];
  members: MemberLine[];
}

export interface Health {
  started_at: string;
  versions: Versions;
  ami_lag_ms: number | null;
  waiting_news: number;
  waiting_writes: number;
  waiting_work: number;
  waiting_work_seconds: number;
  calls_open: number;
  desks: number;
  stalls: number;
  parts: Part[];
  gaps: WatchedGap[];
  phones: PhoneState[];
  queues: QueueLine[];
}

export interface Me {
  agent: Agent;
  csrf: string;
  company: { name: string; region: string; language: string };
  unfinished: UnfinishedCall[];
}

export interface LoginAnswer {
  token: string;
  csrf: string;
  agent: Agent;
}

export interface Filed {
  filing_id: string;
  customer_id: string | null;
}

/** A customer as it was first known, whoever it is read as now. */
export interface Leaf {
  id: string;
  kind: CustomerKind;
  name: string;
}

export interface Merge {
  id: string;
  leaf_a: Leaf;
  leaf_b: Leaf;
  survivor: Leaf;
  reason: string;
  evidence: unknown;
  by: string;
  at: string;
  undone_by: string | null;
  undone_at: string | null;
}

/** `entries` counts by channel; notes are under "none". */
export interface MergeSide {
  customer: Customer;
  entries: Record<string, number>;
  orders: number;
  open_conversations: number;
}

export interface FieldConflict {
  field: string;
  values: (string | boolean | null)[];
}

/** What a customer may go on from in another channel. */
export interface Begun {
  things: "calls" | "conversations" | "customers" | "matters";
  id: string;
}

/** `text` is for the customer, in their language; `number` and `code` are there for the telephone. */
export interface ContinueLink {
  channel: string;
  url: string;
  text: string;
  expires_at: string;
  number: string | null;
  code: string | null;
}

export interface MergePreview {
  sides: MergeSide[];
  identities: Identity[];
  entries: Record<string, number>;
  orders: number;
  open_conversations: number;
  conflicts: FieldConflict[];
}

export type SuggestionReason =
  "order" | "signature" | "contact" | "continue_link" | "name_and_organisation" | "name_and_city";

/** Why two may be one, with what it was seen in. */
export type Evidence = { reason: SuggestionReason } & Record<string, string>;

export interface Suggestion {
  id: string;
  customers: Customer[];
  reason: SuggestionReason;
  evidence: Evidence[];
  state: "open" | "accepted" | "declined";
  at: string;
  decided_by: string | null;
  decided_at: string | null;
  merge_id: string | null;
}

export type LiveMessage = { id: string; at: string; cursor?: string } & (
  | { type: "screen_pop"; data: ScreenPop }
  | { type: "screen_pop_withdrawn"; data: { pop_id: string; call_id: string; reason: string } }
  | { type: "call"; data: CallSummary }
  | { type: "entry"; data: Entry }
  | { type: "work"; data: WorkChange }
  | { type: "conversation"; data: ConversationSummary }
  | { type: "presence"; data: Presence }
  | { type: "transcript"; data: { call_id: string; recording_id: string; state: string } }
  | { type: "agent_state"; data: AgentStateChange }
  | { type: "notice"; data: LiveNotice }
);

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

/** An address of a customer, and the inbox from which it can be written to. */
export interface WayToWrite {
  channel: string;
  inbox: string;
  address: string;
}

/** `templated`: it is too long ago that they wrote there, only a template may be sent. */
export interface OpenWay extends WayToWrite {
  inbox_id: string;
  templated: boolean;
}

export type WayClosed = "no_address" | "not_written" | "not_signed_in";

/** A channel in which somebody cannot be written to first. `continues`: a link can be offered instead. */
export interface ClosedWay {
  channel: string;
  reason: WayClosed;
  continues: boolean;
}

export interface WaysList extends Page<OpenWay> {
  closed: ClosedWay[];
}

/** A template of this name and language, with its blanks filled in. */
export interface FilledTemplate {
  name: string;
  language: string;
  values: Record<string, string>;
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

export interface CannedAnswer {
  id: string;
  title: string;
  text: string;
  filled: string | null;
}

/** A file that was uploaded to go with an answer. */
export interface Upload {
  id: string;
  name: string;
  media_type: string;
  size: number;
}

/** From `opens` to `closes` on the wall clock, HH:MM; 24:00 is the end of the day. */
export interface Span {
  opens: string;
  closes: string;
}

export interface Holiday {
  day: string;
  name: string;
  hours: Span[];
}

/** When the company works; `weekly` from Monday on. */
export interface Calendar {
  zone: string;
  weekly: Span[][];
  holidays: Holiday[];
}

/** What an inbox says while nobody works, and the skill that it asks for. */
export interface InboxRule {
  inbox_id: string;
  channel: string;
  key: string;
  away: boolean;
  away_texts: Record<string, string>;
  skill: string | null;
}

/** How many conversations at a time an agent takes, and which. */
export interface Duty {
  agent_id: string;
  name: string;
  capacity: number;
  skills: string[];
  languages: string[];
}

/** What another open desk does in a conversation. */
export interface Presence {
  desk: string;
  agent_id: string;
  name: string;
  conversation_id: string;
  doing: "viewing" | "typing" | "gone";
}

/**
 * hello: connected, from `cursor` on; reload: the cursor was too old; gap: nobody watched the calls between the times;
 * typing: the customer is writing in the conversation;
 * webhook_paused: one of our systems has not been there for long;
 * assigned, mentioned, overdue, routed: a conversation calls this agent (`by` whom, or "");
 * delivery: what became of a message of ours changed; attachment: a file that was waited for is there or refused;
 * merged, unmerged, addresses, matters, consent: what is known of these customers changed.
 */
export type LiveNotice =
  | { code: "hello" | "reload"; cursor?: string }
  | { code: "gap"; since: string; until: string }
  | { code: "webhook_paused"; webhook_id: string }
  | { code: "typing"; conversation_id: string }
  | { code: "attachment"; entry_id: string; customer_id: string | null; attachment: Attachment }
  | { code: "delivery"; entry_id: string; customer_id: string | null; delivery: Delivery }
  | { code: "assigned" | "mentioned" | "overdue" | "routed"; conversation_id: string; by: string }
  | {
      code: "merged" | "unmerged" | "addresses" | "matters" | "consent" | "order_request";
      customer_ids: string[];
    };

export interface AgentStateChange {
  agent_id: string;
  extension: string | null;
  state: AgentStateName;
  call_id?: string | null;
}
