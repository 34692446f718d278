// One customer's timeline as far as it was scrolled, newest first, kept current by the live channel.
import { signal } from "@preact/signals";
import * as api from "../api/client.ts";
import type { CallSummary } from "../api/call.ts";
import type { Entry } from "../api/entry.ts";

/** Which entries are shown; null is all. `from` and `to` are whole days of this browser's zone: YYYY-MM-DD. */
export interface TimelineFilter {
  channel: string | null;
  kind: string | null;
  agent: string | null;
  matter: string | null;
  from: string | null;
  to: string | null;
}

export const EVERYTHING: TimelineFilter = {
  channel: null,
  kind: null,
  agent: null,
  matter: null,
  from: null,
  to: null,
};

/** The first moment of a day, or of one some days later. */
function startOf(day: string | null, later = 0): string | null {
  if (!day) return null;
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

const spanOf = ({ from, to }: TimelineFilter) => ({ since: startOf(from), until: startOf(to, 1) });

/** Whether an entry that just came belongs to what is shown. Who did what in a call, and what it is
 * about, the server knows better. */
export function isShown(entry: Entry, filter: TimelineFilter): boolean {
  const { since, until } = spanOf(filter);
  return (
    !filter.matter &&
    (!filter.channel || filter.channel === entry.channel) &&
    (!filter.kind || filter.kind === entry.kind) &&
    (!filter.agent || filter.agent === entry.payload.agent_id) &&
    (!since || Date.parse(entry.at) >= Date.parse(since)) &&
    (!until || Date.parse(entry.at) < Date.parse(until))
  );
}

/** Adds an entry that just came. One that it replaces says so; one that is there already changes nothing. */
export function withEntry(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  if (entries.some((each) => each.id === entry.id)) return entries;
  const rest = entries.map((each) =>
    each.id === entry.replaces_id ? { ...each, replaced_by: entry.id } : each,
  );
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
    readonly filter: TimelineFilter,
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
      const { channel, kind, agent, matter } = this.filter;
      const query = { before, channel, kind, agent, matter, ...spanOf(this.filter) };
      const page = await api.getTimeline(this.customerId, query);
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
    if (isOurs && isShown(entry, this.filter)) {
      this.entries.value = withEntry(this.entries.value, entry);
    }
  }
}
