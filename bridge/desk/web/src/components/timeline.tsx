import "./timeline.css";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Entry } from "../api/entry.ts";
import type { Matter } from "../api/matter.ts";
import { dayName } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { freshCalls, generation, onEntry } from "../state/desk.ts";
import { notifyFailure } from "../state/notices.ts";
import { EVERYTHING, TimelineState, type TimelineFilter, withCalls } from "../state/timeline.ts";
import { Button } from "./button.tsx";
import { EntryRow } from "./entry.tsx";
import { EmptyState, Panel } from "./panel.tsx";
import { Skeleton } from "./skeleton.tsx";
import { TimelineFilterBar } from "./timeline_filter.tsx";

interface Day {
  name: string;
  entries: Entry[];
}

function daysOf(entries: readonly Entry[]): Day[] {
  const days: Day[] = [];
  for (const entry of entries) {
    const name = dayName(entry.at);
    const last = days.at(-1);
    if (last?.name === name) last.entries.push(entry);
    else days.push({ name, entries: [entry] });
  }
  return days;
}

/** Entries under their days, all on one line. `head` is what happens right now: it stands on top of the line. */
export function EntryList({ entries, head }: { entries: readonly Entry[]; head?: ComponentChildren }) {
  return (
    <div class="line">
      {head && <div class="line-head">{head}</div>}
      {daysOf(entries).map((day) => (
        <section key={day.name} class="line-day" aria-label={day.name}>
          <h3 class="line-day-name">{day.name}</h3>
          <ol>
            {day.entries.map((entry) => (
              <li key={entry.id}>
                <EntryRow entry={entry} />
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function useTimeline(
  customerId: string,
  filter: TimelineFilter,
  initial: readonly Entry[],
  leaves: readonly string[],
): TimelineState {
  const epoch = generation.value;
  const state = useMemo(
    () => new TimelineState(customerId, filter, filter === EVERYTHING ? initial : [], leaves),
    [customerId, filter, epoch, leaves.join()],
  );
  useEffect(() => {
    state.load("start").catch(notifyFailure);
    return onEntry((entry) => state.take(entry));
  }, [state]);
  return state;
}

/** Calls `onReached` whenever the end of the list comes within a screen's height. */
function Sentinel({ onReached }: { onReached: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (seen) => seen.some((each) => each.isIntersecting) && onReached(),
      { rootMargin: "0px 0px 100% 0px" },
    );
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  });
  return <div ref={ref} class="line-end" />;
}

interface TimelineProps {
  customerId: string;
  /** All ids of a merged customer. */
  leaves: readonly string[];
  /** What the card brought along is on screen before the first page is fetched. */
  initial?: readonly Entry[];
  head?: ComponentChildren;
  /** The call that `head` is about: it is not said twice. */
  headCallId?: string;
  /** What the entries can be filtered by. */
  matters: readonly Matter[];
  /** The newest day to show first (YYYY-MM-DD): where something was found. */
  to?: string | null;
}

/** A customer's timeline: newest first, older entries come as one scrolls; filtered as one likes. */
export function Timeline({
  customerId,
  leaves,
  matters,
  initial = [],
  head,
  headCallId,
  to = null,
}: TimelineProps) {
  const [filter, setFilter] = useState<TimelineFilter>(to ? { ...EVERYTHING, to } : EVERYTHING);
  const state = useTimeline(customerId, filter, initial, leaves);
  const isHead = (entry: Entry) => entry.kind === "call" && entry.call_id === headCallId;
  const entries = withCalls(state.entries.value, freshCalls.value).filter((entry) => !head || !isHead(entry));
  const loadMore = () => void state.load("next").catch(notifyFailure);
  const status = state.status.value;
  return (
    <Panel title={t("timeline.title")}>
      <TimelineFilterBar value={filter} onChange={setFilter} matters={matters} />
      {(entries.length > 0 || head) && <EntryList entries={entries} head={head} />}
      {entries.length === 0 && status === "ready" && (
        <EmptyState title={filter === EVERYTHING ? t("timeline.none") : t("timeline.none_such")} />
      )}
      {status === "loading" && <Skeleton lines={4} />}
      {status === "failed" && (
        <Button icon="undo" onClick={() => void state.load("start").catch(notifyFailure)}>
          {t("try_again")}
        </Button>
      )}
      {status === "ready" && state.next.value && <Sentinel onReached={loadMore} />}
      {status === "ready" && !state.next.value && entries.length > 0 && (
        <p class="line-start quiet">{t("timeline.start")}</p>
      )}
    </Panel>
  );
}
