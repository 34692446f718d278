// Conversations as they are heard of: newer than any list that was fetched; and how many customers wait.
import { signal } from "@preact/signals";
import * as api from "../api/client.ts";
import type { ConversationCounts, ConversationSummary } from "../api/conversation.ts";
import { notifyFailure } from "./notices.ts";

const SOON = 400;

/** Conversations that changed since the page was loaded, by id. */
export const freshConversations = signal<Readonly<Record<string, ConversationSummary>>>({});
export const counts = signal<ConversationCounts | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

export async function loadCounts(): Promise<void> {
  try {
    counts.value = (await api.listConversations({ show: "waiting", scope: "all", limit: 1 })).counts;
  } catch (error) {
    notifyFailure(error);
  }
}

/** A conversation changed. Many may at once: they are counted together. */
export function hearConversation(summary: ConversationSummary): void {
  freshConversations.value = { ...freshConversations.value, [summary.id]: summary };
  timer ??= setTimeout(() => {
    timer = undefined;
    void loadCounts();
  }, SOON);
}

export function forgetConversations(): void {
  clearTimeout(timer);
  timer = undefined;
  freshConversations.value = {};
  counts.value = null;
}

/** Whether a conversation stands in a list, as the server decides it. */
export function isListed(
  each: ConversationSummary,
  { show, scope }: { show: api.ConversationQuery["show"]; scope: api.ConversationQuery["scope"] },
  agentId: string,
): boolean {
  const isCalled = each.mentions.includes(agentId);
  const isInScope =
    scope === "all" ||
    (scope === "unassigned" ? each.assignee_id === null : each.assignee_id === agentId || isCalled);
  if (!isInScope) return false;
  if (show === "waiting")
    return (each.state === "open" && each.waiting_since !== null) || (scope === "mine" && isCalled);
  if (show === "suspicious") return each.state === "open" && each.suspicious;
  if (show === "answered") return each.state === "open" && each.waiting_since === null;
  return each.state === show;
}

/** Those that wait: by priority, then who waits longest; others: the newest first. */
export function inOrder(
  conversations: readonly ConversationSummary[],
  show: api.ConversationQuery["show"],
): ConversationSummary[] {
  const since = (each: ConversationSummary) => each.waiting_since ?? each.last_at;
  const order =
    show === "waiting"
      ? (a: ConversationSummary, b: ConversationSummary) =>
          b.priority - a.priority || since(a).localeCompare(since(b)) || a.id.localeCompare(b.id)
      : (a: ConversationSummary, b: ConversationSummary) =>
          b.last_at.localeCompare(a.last_at) || b.id.localeCompare(a.id);
  return [...conversations].sort(order);
}
