// Every request of the desk to its server. The session is the HttpOnly cookie; the CSRF token that unsafe methods
// carry is kept here and nowhere else, and comes with login and with `me`.
import { DraftConflict, Problem } from "./problem.ts";
import type {
  AgentLine,
  CallDetail,
  CallSummary,
  Card,
  Customer,
  CustomerDetail,
  Entry,
  Filed,
  Health,
  LoginAnswer,
  Me,
  NoteDraft,
  Page,
} from "./types.ts";

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
  const detail = isProblem ? ((await response.json()) as { detail?: string }).detail : undefined;
  return new Problem(response.status, detail ?? response.statusText, retryAfter);
}

async function send<T>(method: string, path: string, body?: unknown, init: RequestInit = {}): Promise<T> {
  const headers: Record<string, string> = method === "GET" ? {} : { "X-CSRF-Token": csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
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

export const searchCustomers = (q: string, signal?: AbortSignal) =>
  get<Page<Customer>>("/customers", { q, limit: 8 }, signal ? { signal } : {});
export const getCustomer = (id: string) => get<CustomerDetail>(`/customers/${id}`);
export const getTimeline = (id: string, query: { before?: string | null; channel?: string | null }) =>
  get<Page<Entry>>(`/customers/${id}/timeline`, { limit: 30, ...query });
export const addNote = (customerId: string, text: string, key: string) =>
  post<Entry>(`/customers/${customerId}/notes`, { text, key });

export const listCalls = (query: { limit: number; before?: string | null; customer_id?: string }) =>
  get<Page<CallSummary>>("/calls", query);
export const getCall = (id: string) => get<CallDetail>(`/calls/${id}`);
export const getCard = (callId: string) => get<Card>(`/calls/${callId}/card`);
export const wrapUp = (callId: string, disposition: string) =>
  post<{ entry: Entry | null }>(`/calls/${callId}/wrap_up`, { disposition });
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
export const undoFiling = (filingId: string) => post<Filed>(`/filings/${filingId}/undo`);
