// The desk at work: the live channel's messages become signals, and what must follow from them is done here.
import { batch, computed, signal } from "@preact/signals";
import * as api from "../api/client.ts";
import type { AgentStateName } from "../api/agent.ts";
import type { CallSummary } from "../api/call.ts";
import type { Presence } from "../api/conversation.ts";
import type { Attachment, Delivery, Entry } from "../api/entry.ts";
import type { LiveMessage, LiveNotice } from "../api/live.ts";
import { timeOfDay } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { Problem } from "../api/problem.ts";
import { forgetConversations, hearConversation, loadCounts } from "./conversations.ts";
import { fold, withCall, withCard, withUnfinished, without, type Encounter } from "./encounters.ts";
import { LiveChannel } from "./live.ts";
import { notify, notifyFailure } from "./notices.ts";
import { noteTyping } from "./typing.ts";
import { navigate, route } from "./router.ts";
import { me, refreshMe } from "./session.ts";
import { forgetWork, hearTranscript, hearWork, loadWork } from "./worklist.ts";

const WITHDRAWN_SHOWN_FOR = 6_000;

export const encounters = signal<readonly Encounter[]>([]);
export const states = signal<Readonly<Record<string, AgentStateName>>>({});
/** Calls that changed since the page was loaded, by id: newer than any list that was fetched. */
export const freshCalls = signal<Readonly<Record<string, CallSummary>>>({});
/** Calls whose transcript came, or will not come, since the page was loaded: by id, the message that said so. */
export const freshTranscripts = signal<Readonly<Record<string, string>>>({});
/** Deliveries that changed since their entries were fetched, by entry. */
export const freshDeliveries = signal<Readonly<Record<string, Delivery>>>({});
/** Files that came, or were refused, since their entries were fetched, by id. */
export const freshFiles = signal<Readonly<Record<string, Attachment>>>({});
/** Counts the times that the server could not resume our messages: whoever fetched something fetches it again. */
export const generation = signal(0);

const chosen = signal<string | null>(null);
/** The encounter in front: the chosen one while it lasts, else the first live call; a wrap-up waits to be chosen. */
export const front = computed<Encounter | null>(() => {
  const isLive = ({ phase }: Encounter) => phase === "ringing" || phase === "in_call";
  const all = encounters.value;
  return all.find((each) => each.callId === chosen.value) ?? all.find(isLive) ?? null;
});
export const ownState = computed<AgentStateName>(() => states.value[me.value?.agent.id ?? ""] ?? "offline");

const entryListeners = new Set<(entry: Entry) => void>();
const presenceListeners = new Set<(presence: Presence) => void>();
let channel: LiveChannel | null = null;

/** Tells the server what is worth something now only. */
export const say = (message: object): void => void channel?.send(message);

/** Hears what colleagues do in the conversation that this desk has before it, until the returned function is called. */
export function onPresence(listener: (presence: Presence) => void): () => void {
  presenceListeners.add(listener);
  return () => presenceListeners.delete(listener);
}

/** Hears every new entry until the returned function is called. */
export function onEntry(listener: (entry: Entry) => void): () => void {
  entryListeners.add(listener);
  return () => entryListeners.delete(listener);
}

export function bringToFront(callId: string): void {
  chosen.value = callId;
  navigate("/");
}

export function showWaiting(): void {
  chosen.value = null;
  navigate("/");
}

export function finish(callId: string): void {
  encounters.value = without(encounters.value, callId);
}

/** Whether the agent is in the middle of a text: then a pop takes neither the page nor the keyboard. */
function isTyping(): boolean {
  const field = document.activeElement;
  return (field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement) && field.value !== "";
}

/** A new pop comes to the front unless the agent types, speaks, or has another pop in front: then the strip shows it. */
function mayInterrupt(): boolean {
  const phase = front.value?.phase;
  return phase !== "in_call" && phase !== "ringing" && !isTyping();
}

function present({ callId, phase }: Encounter, mayTakePage: boolean): void {
  if (phase === "ringing" && !mayTakePage) return;
  chosen.value = callId;
  if (route.value.page !== "desk") navigate("/");
}

/** Tells the server that a pop is on screen: two frames on, the one that was painted lies behind us. */
export function acknowledge(popId: string): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => channel?.send({ type: "screen_pop_shown", id: popId })),
  );
}

/** Fetches the card of a call, at first or again after it was filed under somebody. */
export async function loadCard(callId: string): Promise<void> {
  try {
    const card = await api.getCard(callId);
    encounters.value = withCard(encounters.value, card);
  } catch (error) {
    notifyFailure(error);
  }
}

/** Fetches what is known of a call that came without a pop: one that the agent dialled, or that was up before a reload. */
async function loadCall(callId: string): Promise<void> {
  try {
    const call = await api.getCall(callId);
    encounters.value = withCall(encounters.value, call);
  } catch (error) {
    notifyFailure(error);
  }
}

/** Whether the call was just filed under another customer than the card shows, as when a new caller is answered. */
function isFiledAnew({ call, card }: Encounter, was: Encounter | undefined): boolean {
  const owner = call?.customer_id;
  return Boolean(owner && owner !== was?.call?.customer_id && owner !== card?.customer?.id);
}

function removeLater(encounter: Encounter): void {
  setTimeout(() => {
    const now = encounters.value.find((each) => each.callId === encounter.callId);
    if (now?.phase === "withdrawn" && now.popId === encounter.popId) finish(now.callId);
  }, WITHDRAWN_SHOWN_FOR);
}

/** Does what a change of the encounters asks for: a live one comes to the front, a withdrawn one goes after a while. */
function follow(before: readonly Encounter[], mayTakePage: boolean): void {
  const old = new Map(before.map((each) => [each.callId, each]));
  for (const each of encounters.value) {
    const was = old.get(each.callId);
    if (!was && !each.popId) void loadCall(each.callId);
    if ((!was && !each.card) || isFiledAnew(each, was)) void loadCard(each.callId);
    if (was?.phase === each.phase) continue;
    if (each.phase === "withdrawn") removeLater(each);
    else if (each.phase !== "wrap_up") present(each, mayTakePage);
  }
}

function take(message: LiveMessage): void {
  const before = encounters.value;
  const mayTakePage = mayInterrupt();
  batch(() => {
    encounters.value = fold(before, message, me.value?.agent.id ?? "");
    if (message.type === "agent_state")
      states.value = { ...states.value, [message.data.agent_id]: message.data.state };
    if (message.type === "call") freshCalls.value = { ...freshCalls.value, [message.data.id]: message.data };
    if (message.type === "transcript")
      freshTranscripts.value = { ...freshTranscripts.value, [message.data.call_id]: message.id };
    follow(before, mayTakePage);
  });
  if (message.type === "work") hearWork(message.data);
  if (message.type === "conversation") hearConversation(message.data);
  if (message.type === "presence") presenceListeners.forEach((listener) => listener(message.data));
  if (message.type === "transcript") hearTranscript(message.data.recording_id);
  if (message.type === "entry") entryListeners.forEach((listener) => listener(message.data));
  if (message.type === "notice") heed(message.data);
}

function heed(notice: LiveNotice): void {
  // From here on every change is heard.
  if (notice.code === "hello") void Promise.all([loadWork(), loadCounts()]);
  if (notice.code === "reload") void reload().catch(notifyFailure);
  if (notice.code === "delivery")
    freshDeliveries.value = { ...freshDeliveries.value, [notice.entry_id]: notice.delivery };
  if (notice.code === "attachment")
    freshFiles.value = { ...freshFiles.value, [notice.attachment.id]: notice.attachment };
  if (notice.code === "typing") noteTyping(notice.conversation_id);
  if ("customer_ids" in notice) refreshThose(notice.customer_ids);
  if (notice.code === "webhook_paused") notify({ tone: "bad", text: t("connections.webhook_paused") });
  if ("by" in notice) callTo(notice);
  if (notice.code !== "gap") return;
  const times = { since: timeOfDay(notice.since), until: timeOfDay(notice.until) };
  notify({ tone: "info", text: t("entry.gap", times) });
}

const CALLS = {
  assigned: "conversation.was_assigned",
  mentioned: "conversation.was_mentioned",
  overdue: "conversation.is_overdue",
  routed: "conversation.was_routed",
} as const;

/** A conversation wants this agent: said with the way to it, unless it is open already. */
function callTo({ code, conversation_id, by }: Extract<LiveNotice, { by: string }>): void {
  const address = `/conversations/${conversation_id}`;
  if (location.pathname === address) return;
  const action = { label: t("conversation.open"), icon: "right", run: () => navigate(address) } as const;
  notify({ tone: "info", text: t(CALLS[code], { name: by }), action });
}

/** What is known of these customers changed: pages and cards that show one of them fetch it again. */
function refreshThose(ids: readonly string[]): void {
  const at = route.value;
  if (at.page === "suggestions" || (at.page === "customer" && ids.includes(at.id))) generation.value++;
  for (const { callId, card } of encounters.value)
    if (card?.customer && ids.includes(card.customer.id)) void loadCard(callId);
}

async function reload(): Promise<void> {
  freshDeliveries.value = {};
  freshFiles.value = {};
  await refreshMe();
  adoptUnfinished();
  generation.value++;
}

function adoptUnfinished(): void {
  const before = encounters.value;
  encounters.value = withUnfinished(before, me.value?.unfinished ?? []);
  follow(before, false);
}

async function mayRetry(): Promise<boolean> {
  try {
    await refreshMe();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return true; // The server is away: that is what the attempts are for.
  }
  return me.value !== null;
}

export function startDesk(): void {
  adoptUnfinished();
  channel = new LiveChannel({ onMessage: take, mayRetry });
  channel.open();
}

export function stopDesk(): void {
  channel?.close();
  channel = null;
  batch(() => {
    encounters.value = [];
    states.value = {};
    freshCalls.value = {};
    freshTranscripts.value = {};
    chosen.value = null;
    forgetWork();
    forgetConversations();
  });
}
