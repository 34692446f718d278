// Every request of the desk to its server. The session is the HttpOnly cookie; the CSRF token that unsafe methods
// carry is kept here and nowhere else, and comes with login and with `me`.
import { DraftConflict, Problem } from "./problem.ts";
import type { DeadLetter, EventType, Inbox, PhoneLine, Webhook } from "./admin.ts";
import type { Agent, AgentLine, LoginAnswer, Me } from "./agent.ts";
import type { CallDetail, CallSummary, NoteDraft, WorkItem } from "./call.ts";
import type { Card } from "./card.ts";
import type {
  ConversationDetail,
  ConversationList,
  ConversationState,
  ConversationSummary,
} from "./conversation.ts";
import type { Consent, CustomerDetail, Filed, Identity, Purpose } from "./customer.ts";
import type { Entry } from "./entry.ts";
import type { Health } from "./health.ts";
import type { Calendar, Duty, InboxRule } from "./hours.ts";
import type { Matter, MatterState, Promised, Thing } from "./matter.ts";
import type { Merge, MergePreview, Suggestion } from "./merge.ts";
import type { AskedOrder, OrderRequest, ShopList } from "./order.ts";
import type { Page } from "./page.ts";
import type { SearchHit } from "./search.ts";
import type {
  Begun,
  CannedAnswer,
  ContinueLink,
  ConversationWindow,
  FilledTemplate,
  Template,
  Upload,
  WayToWrite,
  WaysList,
} from "./writing.ts";

/** `about` is the conversation that it goes on from. With a `template` there is nothing else. */
interface FirstMessage {
  key: string;
  way: WayToWrite;
  about: string | null;
  text?: string;
  subject?: string;
  attachments?: readonly string[];
  template?: FilledTemplate;
}

const BASE = "/api/v1";
let csrf = "";

type Query = Record<string, string | number | null | undefined>;

function addressOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return BASE + path + (text && `?${text}`);
}

async function problemOf(response: Response): Promise<Problem> {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  const { detail, type } = isProblem ? ((await response.json()) as { detail?: string; type?: string }) : {};
  const code = type?.replace("urn:omniline:", "") ?? "";
  return new Problem(response.status, detail ?? response.statusText, retryAfter, code);
}

/** Sends `body` as JSON, a form as it is. */
async function send<T>(method: string, path: string, body?: unknown, init: RequestInit = {}): Promise<T> {
  const headers: Record<string, string> = method === "GET" ? {} : { "X-CSRF-Token": csrf };
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
  } catch (error) {
    // An aborted request is the caller's own doing and keeps its name; all else is a server that is not there.
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable");
  }
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

const get = <T>(path: string, query?: Query, init?: RequestInit) =>
  send<T>("GET", addressOf(path, query), undefined, init);
const post = <T>(path: string, body: unknown = {}) => send<T>("POST", addressOf(path), body);

export async function login(name: string, password: string): Promise<LoginAnswer> {
  const answer = await post<LoginAnswer>("/login", { login: name, password });
  csrf = answer.csrf;
  return answer;
}

export const logout = () => post<void>("/logout");

export async function getMe(): Promise<Me> {
  const me = await get<Me>("/me");
  csrf = me.csrf;
  return me;
}

export const getHealth = () => get<Health>("/health");

export const listAgents = () => get<Page<AgentLine>>("/agents");

/** Customers, then the newest entries with the words. */
export const search = (q: string, signal?: AbortSignal) =>
  get<Page<SearchHit>>("/search", { q, limit: 8 }, signal ? { signal } : {});
export const getCustomer = (id: string) => get<CustomerDetail>(`/customers/${id}`);

export interface TimelineQuery {
  before: string | null;
  channel: string | null;
  kind: string | null;
  agent: string | null;
  matter: string | null;
  since: string | null;
  until: string | null;
}

export const getTimeline = (id: string, query: TimelineQuery) =>
  get<Page<Entry>>(`/customers/${id}/timeline`, { limit: 30, ...query });
export const addNote = (customerId: string, text: string, key: string) =>
  post<Entry>(`/customers/${customerId}/notes`, { text, key });

export const retireAddress = (customerId: string, { kind, address }: Identity, reason: string) =>
  post<void>(`/customers/${customerId}/addresses/retire`, { kind, address, reason });

export const previewMerge = (customerId: string, into: string) =>
  get<MergePreview>(`/customers/${customerId}/merge/preview`, { into });
export const mergeCustomers = (customerId: string, how: { into: string; survivor: string; reason: string }) =>
  post<{ merge_id: string }>(`/customers/${customerId}/merge`, how);
export const listMerges = (customerId: string) => get<Page<Merge>>(`/customers/${customerId}/merges`);
export const undoMerge = (mergeId: string) => post<{ still_joined_by: string[] }>(`/merges/${mergeId}/undo`);

export const listSuggestions = (before: string | null) =>
  get<Page<Suggestion>>("/suggestions", { before, limit: 25 });
export const acceptSuggestion = (id: string) => post<{ merge_id: string }>(`/suggestions/${id}/accept`);
export const declineSuggestion = (id: string) => post<Suggestion>(`/suggestions/${id}/decline`);
export const openMatter = (customerId: string, title: string) =>
  post<Matter>(`/customers/${customerId}/matters`, { title });
export const changeMatter = (id: string, change: { title?: string; state?: MatterState }) =>
  send<Matter>("PATCH", addressOf(`/matters/${id}`), change);
export const putIntoMatter = (id: string, thing: Thing, thingId: string) =>
  post<Matter>(`/matters/${id}/links`, { thing, thing_id: thingId });
export const makePromise = (
  customerId: string,
  promise: { text: string; due_at: string | null; call_id: string | null },
) => post<Promised>(`/customers/${customerId}/promises`, promise);
export const endPromise = (id: string, state: "kept" | "dropped") =>
  post<Promised>(`/promises/${id}`, { state });

export const listInboxes = () => get<Page<Inbox> & { kinds: string[] }>("/channels");
export const addInbox = (inbox: { channel: string; key: string; token: string; address: string }) =>
  post<Inbox>("/channels", inbox);
export const changeInbox = (id: string, change: { state: "active" | "paused" }) =>
  send<Inbox>("PATCH", addressOf(`/channels/${id}`), change);
export const setToken = (id: string, token: string) =>
  send<Inbox>("PUT", addressOf(`/channels/${id}/token`), { token });
export const tryInbox = (id: string, to: string | null) =>
  post<{ works: boolean; reason: string | null; address: string }>(`/channels/${id}/test`, { to });

export const listWebhooks = () => get<Page<Webhook>>("/webhooks");
export const addWebhook = (url: string, events: readonly EventType[]) =>
  post<Webhook>("/webhooks", { url, events });
export const changeWebhook = (id: string, change: { state: "active" | "paused" }) =>
  send<Webhook>("PATCH", addressOf(`/webhooks/${id}`), change);
export const renewSecret = (id: string) => post<Webhook>(`/webhooks/${id}/secret`);
export const removeWebhook = (id: string) => send<void>("DELETE", addressOf(`/webhooks/${id}`));
export const tryWebhook = (id: string) =>
  post<{ taken: boolean; reason: string | null }>(`/webhooks/${id}/test`);

export const listContinueWays = () => get<Page<string>>("/continue");
export const continueIn = ({ things, id }: Begun, channel: string) =>
  post<ContinueLink>(`/${things}/${id}/continue`, { channel });

export const listCalls = (query: { limit: number; before?: string | null; customer_id?: string }) =>
  get<Page<CallSummary>>("/calls", query);
export const getCall = (id: string) => get<CallDetail>(`/calls/${id}`);
/** The card that a phone's token opens, without a login. */
export const getPop = (token: string) => get<Card>(`/pop/${encodeURIComponent(token)}`);
export const getCard = (callId: string) => get<Card>(`/calls/${callId}/card`);
export const wrapUp = (callId: string, disposition: string) =>
  post<{ entry: Entry | null }>(`/calls/${callId}/wrap_up`, { disposition });
export const listWork = (query: { limit: number; before?: string | null }) =>
  get<Page<WorkItem>>("/worklist", query);
export const takeWork = (callId: string) => post<WorkItem>(`/calls/${callId}/take`);
export const releaseWork = (callId: string) => post<WorkItem>(`/calls/${callId}/release`);
export const finishWork = (callId: string) => post<void>(`/calls/${callId}/handled`);

export const listShops = () => get<ShopList>("/shops");

/** The `key` makes a second try of the same order the same request. */
export const askOrder = (customerId: string, asked: AskedOrder, key: string) =>
  post<OrderRequest>(`/customers/${customerId}/orders`, { ...asked, key });

export const listOrderRequests = (customerId: string) =>
  get<Page<OrderRequest>>(`/customers/${customerId}/order_requests`);

export const listConsents = (customerId: string) => get<Page<Consent>>(`/customers/${customerId}/consents`);
export const addConsent = (
  customerId: string,
  said: { channel: string; purpose: Purpose; granted: boolean; words: string },
) => post<Consent>(`/customers/${customerId}/consents`, said);
export interface ConversationQuery {
  show: "waiting" | "answered" | "snoozed" | "resolved" | "suspicious";
  scope: "mine" | "unassigned" | "all";
  before?: string | null;
  limit?: number;
}

export const listConversations = (query: ConversationQuery) =>
  get<ConversationList>("/conversations", { ...query });
export const listTags = () => get<Page<string>>("/conversations/tags");
export const getConversation = (id: string) => get<ConversationDetail>(`/conversations/${id}`);
export const getConversationEntries = (id: string, before: string | null) =>
  get<Page<Entry>>(`/conversations/${id}/entries`, { before, limit: 50 });
export const sendMessage = (
  id: string,
  message: {
    text: string;
    key: string;
    cc?: readonly string[];
    to?: string;
    attachments?: readonly string[];
  },
) => post<Entry>(`/conversations/${id}/messages`, message);
export function upload(file: File): Promise<Upload> {
  const form = new FormData();
  form.append("file", file);
  return post<Upload>("/attachments", form);
}

export const getWindow = (id: string) => get<ConversationWindow>(`/conversations/${id}/window`);
export const listTemplates = (inboxId: string) => get<Page<Template>>(`/inboxes/${inboxId}/templates`);
export const sendTemplate = (id: string, template: FilledTemplate, key: string) =>
  post<Entry>(`/conversations/${id}/template`, { ...template, key });
export const addConversationNote = (id: string, text: string, key: string) =>
  post<Entry>(`/conversations/${id}/notes`, { text, key });
export const assignConversation = (id: string, agentId: string | null) =>
  post<ConversationSummary>(`/conversations/${id}/assign`, { agent_id: agentId });
export const changeConversation = (id: string, state: ConversationState, until?: string) =>
  post<ConversationSummary>(`/conversations/${id}/state`, { state, ...(until ? { until } : {}) });
export const setTags = (id: string, tags: readonly string[]) =>
  send<ConversationSummary>("PUT", addressOf(`/conversations/${id}/tags`), { tags });
/** What called this agent in the conversation has been looked at. */
export const seeConversation = (id: string) => post<void>(`/conversations/${id}/seen`);
export const listWays = (customerId: string) => get<WaysList>(`/customers/${customerId}/ways`);
export const beginConversation = (
  customerId: string,
  { way: { channel, inbox, address }, ...message }: FirstMessage,
) => post<Entry>(`/customers/${customerId}/conversations`, { ...message, way: { channel, inbox, address } });
export const listColleagues = () => get<Page<Agent>>("/colleagues");

export const listCannedAnswers = () => get<Page<CannedAnswer>>("/canned_answers");
export const listFilledAnswers = (conversationId: string) =>
  get<Page<CannedAnswer>>(`/conversations/${conversationId}/canned_answers`);
export const saveCannedAnswer = (id: string | null, answer: { title: string; text: string }) =>
  id === null
    ? post<CannedAnswer>("/canned_answers", answer)
    : send<CannedAnswer>("PUT", addressOf(`/canned_answers/${id}`), answer);
export const dropCannedAnswer = (id: string) => send<void>("DELETE", addressOf(`/canned_answers/${id}`));

export const getCalendar = () => get<Calendar>("/calendar");
export const saveCalendar = (calendar: Calendar) => send<Calendar>("PUT", addressOf("/calendar"), calendar);
export const listInboxRules = () => get<Page<InboxRule>>("/inbox_rules");
export const saveInboxRule = (id: string, rule: Pick<InboxRule, "away" | "away_texts" | "skill">) =>
  send<InboxRule>("PUT", addressOf(`/inbox_rules/${id}`), rule);
export const listDuties = () => get<Page<Duty>>("/duties");
export const saveDuty = (id: string, duty: Pick<Duty, "capacity" | "skills" | "languages">) =>
  send<Duty>("PUT", addressOf(`/duties/${id}`), duty);

export const sendAgain = (deliveryId: string) => post<Entry>(`/deliveries/${deliveryId}/send`);

export const listPhones = () => get<Page<PhoneLine>>("/phones");
export const ringForTest = (agentId: string) => post<void>(`/phones/${agentId}/test_call`);
export const saveProof = (agentId: string, rung: string, shown: boolean) =>
  post<PhoneLine>(`/phones/${agentId}/proofs`, { rung, shown });

export const recordingAddress = (id: string) => addressOf(`/recordings/${id}/audio`);

export const getDraft = (callId: string) => get<NoteDraft>(`/calls/${callId}/note`);

/** Saves the draft; with `keepalive` it outlives the page. Throws DraftConflict when the stored one is newer. */
export async function putDraft(
  callId: string,
  text: string,
  rev: number,
  keepalive: boolean,
): Promise<NoteDraft> {
  try {
    return await send<NoteDraft>("PUT", addressOf(`/calls/${callId}/note`), { text, rev }, { keepalive });
  } catch (error) {
    if (error instanceof Problem && error.status === 409) throw new DraftConflict(await getDraft(callId));
    throw error;
  }
}

export type FileTarget = { customer_id: string } | { new: { name: string; kind?: string } };

export const fileCall = (callId: string, target: FileTarget, reason: string) =>
  post<Filed>(`/calls/${callId}/file`, { ...target, reason });
export const fileConversation = (id: string, target: FileTarget, reason: string) =>
  post<Filed>(`/conversations/${id}/file`, { ...target, reason });
export const undoFiling = (filingId: string) => post<Filed>(`/filings/${filingId}/undo`);

export const listDeadLetters = () => get<Page<DeadLetter>>("/dead_letters", { limit: 200 });
export const retryDeadLetter = (id: string) => post<void>(`/dead_letters/${id}/retry`);
export const dropDeadLetter = (id: string) => send<void>("DELETE", addressOf(`/dead_letters/${id}`));
