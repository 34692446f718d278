// One customer's timeline as far as it was scrolled, newest first, kept current by the live channel.
import { signal } from "@preact/signals";
import * as api from "../api/client.ts";
import type { CallSummary, Entry } from "../api/types.ts";

/** Adds an entry that just came. One that replaces another takes it away; one that is there already changes nothing. */
export function withEntry(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  if (entries.some((each) => each.id === entry.id)) return entries;
  const rest = entries.filter((each) => each.id !== entry.replaces_id);
  const index = rest.findIndex((each) => each.at < entry.at || (each.at === entry.at && each.id < entry.id));
  return index < 0 ? [...rest, entry] : rest.toSpliced(index, 0, entry);
}

/** Entries with the live state of the calls that changed since they were fetched. */
export function withCalls(
  entries: readonly Entry[],
  calls: Readonly<Record<string, CallSummary>>,
): readonly Entry[] {
  return entries.map((entry) => {
    const call = entry.kind === "call" && entry.call_id ? calls[entry.call_id] : undefined;
    if (!call) return entry;
    const { state, outcome, queue, started_at, answered_at, ended_at, answered_by } = call;
    const length = answered_at && ended_at ? Date.parse(ended_at) - Date.parse(answered_at) : null;
    const live = {
      state,
      outcome,
      queue,
      started_at,
      answered_at,
      ended_at,
      answered_by,
      duration_ms: length,
    };
    return { ...entry, payload: { ...entry.payload, ...live } };
  });
}

export class TimelineState {
  readonly entries = signal<readonly Entry[]>([]);
  readonly status = signal<"loading" | "ready" | "failed">("loading");
  /** Where the next page begins; null at the end. */
  readonly next = signal<string | null>(null);
  private request = 0;

  constructor(
    readonly customerId: string,
    readonly channel: string | null,
    initial: readonly Entry[] = [],
    /** The ids that answer to the customer: an entry says the one that it was written to. */
    private readonly leaves: readonly string[] = [],
  ) {
    this.entries.value = initial;
  }

  /** Fetches the first page, or the one after what is there. Throws Problem. */
  async load(from: "start" | "next"): Promise<void> {
    if (from === "next" && (this.status.value === "loading" || this.next.value === null)) return;
    const request = ++this.request;
    this.status.value = "loading";
    try {
      const before = from === "next" ? this.next.value : null;
      const page = await api.getTimeline(this.customerId, { before, channel: this.channel });
      if (request !== this.request) return;
      const known = from === "next" ? this.entries.value : [];
      const ids = new Set(known.map((each) => each.id));
      this.entries.value = [...known, ...page.items.filter((each) => !ids.has(each.id))];
      this.next.value = page.next;
      this.status.value = "ready";
    } catch (error) {
      if (request === this.request) this.status.value = "failed";
      throw error;
    }
  }

  take(entry: Entry): void {
    const isOurs = entry.customer_id === this.customerId || this.leaves.includes(entry.customer_id ?? "");
    if (isOurs && (!this.channel || this.channel === entry.channel)) {
      this.entries.value = withEntry(this.entries.value, entry);
    }
  }
}
