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
}

export interface OrderItem {
  sku: string;
  name: string;
  quantity: number;
  price: number;
}

export interface Order {
  id: string;
  order: string;
  status: OrderStatus;
  at: string;
  total: number;
  currency: string;
  items: OrderItem[];
  url: string | null;
}

export interface OpenConversation {
  id: string;
  channel: string;
  subject: string;
  state: string;
  last_at: string;
}

export interface LastSpoke {
  author: string;
  channel: string | null;
  at: string;
}

export interface Attachment {
  id: string;
  name: string;
  media_type: string;
  size: number;
}

/** What entries carry besides their text; which of the fields are there depends on the kind. */
export interface EntryPayload {
  subject?: string;
  quoted?: string;
  attachments?: Attachment[];
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
  since?: string;
  until?: string;
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
  redacted: boolean;
  payload: EntryPayload;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What the card and the customer page have in common. */
export interface CustomerContext {
  candidates: Candidate[];
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

export type LiveMessage = { id: string; at: string; cursor?: string } & (
  | { type: "screen_pop"; data: ScreenPop }
  | { type: "screen_pop_withdrawn"; data: { pop_id: string; call_id: string; reason: string } }
  | { type: "call"; data: CallSummary }
  | { type: "entry"; data: Entry }
  | { type: "transcript"; data: { call_id: string; recording_id: string; state: string } }
  | { type: "agent_state"; data: AgentStateChange }
  | { type: "notice"; data: LiveNotice }
);

/** hello: connected, from `cursor` on; reload: the cursor was too old; gap: nobody watched the calls between the times. */
export type LiveNotice =
  { code: "hello" | "reload"; cursor?: string } | { code: "gap"; since: string; until: string };

export interface AgentStateChange {
  agent_id: string;
  extension: string | null;
  state: AgentStateName;
  call_id?: string | null;
}
