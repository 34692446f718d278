// The drafts that are open in this window, one saver per call: switching between calls loses nothing.
import * as api from "../api/client.ts";
import type { NoteDraft } from "../api/call.ts";
import { DraftSaver } from "./draft.ts";

const savers = new Map<string, DraftSaver>();
let owner = "";

/** The saver of a call's draft; the first to ask fetches what is stored. Throws Problem. */
export async function openDraft(callId: string): Promise<DraftSaver> {
  const known = savers.get(callId);
  if (known) return known;
  const stored: NoteDraft = await api.getDraft(callId);
  const saver =
    savers.get(callId) ??
    new DraftSaver((text, rev, keepalive) => api.putDraft(callId, text, rev, keepalive), stored);
  savers.set(callId, saver);
  return saver;
}

export function closeDraft(callId: string): void {
  savers.delete(callId);
}

/** Whose drafts these are. What an ended session left unsaved waits for the same agent, and for nobody else. */
export function keepDraftsOf(agentId: string): void {
  if (owner !== agentId) savers.clear();
  owner = agentId;
}

export async function saveDrafts(): Promise<void> {
  await Promise.all([...savers.values()].map((saver) => saver.flush()));
}

export function startDrafts(): void {
  addEventListener("pagehide", () => savers.forEach((saver) => saver.leave()));
}
