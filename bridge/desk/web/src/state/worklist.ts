// Missed calls and voicemails that somebody still has to deal with: what was fetched, with what was heard since.
import { batch, computed, signal } from "@preact/signals";
import * as api from "../api/client.ts";
import type { WorkChange, WorkItem } from "../api/call.ts";
import { notifyFailure } from "./notices.ts";

const PAGE = 100;

const fetched = signal<readonly WorkItem[] | null>(null);
const changes = signal<Readonly<Record<string, WorkItem | null>>>({});
/** Where the older ones begin that were not fetched yet; null when there are none. */
export const olderThan = signal<string | null>(null);

/** Newest first; null until they were fetched. */
export const worklist = computed<readonly WorkItem[] | null>(() => {
  if (!fetched.value) return null;
  const byKey = new Map(fetched.value.map((item) => [item.key, item]));
  for (const [key, item] of Object.entries(changes.value)) {
    if (item) byKey.set(key, item);
    else byKey.delete(key);
  }
  return [...byKey.values()].sort((a, b) => (a.call.started_at < b.call.started_at ? 1 : -1));
});

export async function loadWork(): Promise<void> {
  const before = changes.value;
  try {
    const page = await api.listWork({ limit: PAGE });
    batch(() => {
      fetched.value = page.items;
      // What was heard while the answer was on its way may be newer than it.
      const since = Object.entries(changes.value).filter(([key, item]) => before[key] !== item);
      changes.value = Object.fromEntries(since);
      olderThan.value = page.next;
    });
  } catch (error) {
    notifyFailure(error);
  }
}

export async function loadOlderWork(): Promise<void> {
  try {
    const page = await api.listWork({ limit: PAGE, before: olderThan.value });
    batch(() => {
      fetched.value = [...(fetched.value ?? []), ...page.items];
      olderThan.value = page.next;
    });
  } catch (error) {
    notifyFailure(error);
  }
}

export function hearWork({ key, item }: WorkChange): void {
  changes.value = { ...changes.value, [key]: item };
}

/** The words of a voicemail came, or will not come: they are fetched with the work. */
export function hearTranscript(recordingId: string): void {
  const isListed = worklist.value?.some(({ voicemails }) => voicemails.some(({ id }) => id === recordingId));
  if (isListed) void loadWork();
}

export function forgetWork(): void {
  fetched.value = null;
  changes.value = {};
  olderThan.value = null;
}
