// Who else has the conversation before them. Each desk says so every few seconds; who is not heard of is forgotten.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Presence } from "../api/conversation.ts";
import { onPresence, say } from "./desk.ts";
import { link } from "./live.ts";

const SAID_EVERY = 5_000;
const FORGOTTEN_AFTER = 12_000;
const TYPING_FOR = 6_000;

export const others = signal<readonly Presence[]>([]);
const heard = new Map<string, number>();
let at: string | null = null;
let typedAt = 0;

function tell(doing: "viewing" | "typing" | "gone"): void {
  if (at) say({ type: "presence", conversation_id: at, doing });
}

const tellNow = () => tell(Date.now() - typedAt < TYPING_FOR ? "typing" : "viewing");

/** The agent typed: the others see it for a few seconds. */
export function noteTyping(): void {
  const wasTyping = Date.now() - typedAt < TYPING_FOR;
  typedAt = Date.now();
  if (!wasTyping) tellNow();
}

function take(presence: Presence): void {
  if (presence.conversation_id !== at) return;
  const isNew = !heard.has(presence.desk);
  const rest = others.value.filter(({ desk }) => desk !== presence.desk);
  if (presence.doing === "gone") {
    heard.delete(presence.desk);
    others.value = rest;
    return;
  }
  heard.set(presence.desk, Date.now());
  others.value = [...rest, presence].sort((a, b) => a.name.localeCompare(b.name));
  // Whoever comes does not know yet that we are here.
  if (isNew) tellNow();
}

function forget(): void {
  const since = Date.now() - FORGOTTEN_AFTER;
  others.value = others.value.filter(({ desk }) => (heard.get(desk) ?? 0) > since);
  for (const [desk, last] of heard) if (last <= since) heard.delete(desk);
}

/** While the page of a conversation is open: says so, and hears who else is there. */
export function usePresence(conversationId: string): void {
  useEffect(() => {
    at = conversationId;
    typedAt = 0;
    const stop = onPresence(take);
    const timer = setInterval(() => {
      tellNow();
      forget();
    }, SAID_EVERY);
    return () => {
      tell("gone");
      clearInterval(timer);
      stop();
      at = null;
      heard.clear();
      others.value = [];
    };
  }, [conversationId]);
  // At once, and again whenever the link comes back.
  useEffect(() => {
    if (link.value === "live") tellNow();
  }, [conversationId, link.value]);
}
