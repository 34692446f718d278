import "./waiting.css";
import * as api from "../api/client.ts";
import type { AgentLine } from "../api/agent.ts";
import type { CallSummary } from "../api/call.ts";
import { ago } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { StatusPill } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { CallRow, numberOf, partyOf } from "../components/call_row.tsx";
import { EmptyState, Panel } from "../components/panel.tsx";
import { PersonBadge } from "../components/person.tsx";
import { SearchBox } from "../components/search.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { bringToFront, encounters, freshCalls, generation, ownState, states } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { navigate, openEntry } from "../state/router.ts";
import { me } from "../state/session.ts";

const RECENT = 20;

/** The newest calls: what was fetched, with what the live channel brought since. */
function withFresh(
  calls: readonly CallSummary[],
  fresh: Readonly<Record<string, CallSummary>>,
): CallSummary[] {
  const byId = new Map(calls.map((call) => [call.id, call]));
  for (const call of Object.values(fresh)) byId.set(call.id, call);
  return [...byId.values()].sort((a, b) => (a.started_at < b.started_at ? 1 : -1)).slice(0, RECENT);
}

function RecentCalls() {
  const { data, problem, refresh } = useFetched(() => api.listCalls({ limit: RECENT }), [generation.value]);
  const calls = withFresh(data?.items ?? [], freshCalls.value);
  return (
    <Panel title={t("waiting.recent")}>
      {calls.length > 0 && (
        <ul class="plain-list">
          {calls.map((call) => (
            <li key={call.id}>
              <CallRow call={call} />
            </li>
          ))}
        </ul>
      )}
      {calls.length === 0 && data && (
        <EmptyState title={t("waiting.no_calls")}>{t("waiting.no_calls_text")}</EmptyState>
      )}
      {!data && !problem && <Skeleton lines={5} />}
      {problem && (
        <Button icon="undo" onClick={refresh}>
          {t("try_again")}
        </Button>
      )}
    </Panel>
  );
}

function Unfinished() {
  const open = encounters.value.filter(({ phase }) => phase === "wrap_up");
  return (
    <Panel title={t("waiting.unfinished")}>
      {open.length === 0 && <p class="quiet">{t("waiting.all_finished")}</p>}
      <ul class="plain-list">
        {open.map(({ callId, call, card, since }) => (
          <li key={callId} class="unfinished">
            <span class="unfinished-who">
              <strong>{call ? partyOf(call) : card?.customer?.name}</strong>
              <span class="quiet number">
                {call && numberOf(call)} · {ago(since)}
              </span>
            </span>
            <Button onClick={() => bringToFront(callId)}>{t("waiting.finish")}</Button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Team() {
  const { data } = useFetched(api.listAgents, [generation.value]);
  if (!data) return null;
  const stateOf = (agent: AgentLine) => states.value[agent.id] ?? agent.state;
  return (
    <Panel title={t("waiting.team")}>
      <ul class="plain-list">
        {data.items.map((agent) => (
          <li key={agent.id} class="teammate">
            <PersonBadge
              name={agent.name}
              kind="person"
              detail={[agent.extension, word("role", agent.role)].filter(Boolean).join(" · ")}
            />
            <StatusPill state={stateOf(agent)} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const TITLES = {
  offline: "waiting.offline",
  available: "waiting.available",
  ringing: "waiting.ringing",
  in_call: "waiting.in_call",
  wrap_up: "waiting.wrap_up",
} as const;

/** The desk between calls. */
export function Waiting() {
  const who = me.value;
  if (!who) return null;
  return (
    <div class="waiting">
      <div class="stack">
        <header class="waiting-head">
          <div class="waiting-line" data-state={ownState.value} aria-hidden="true" />
          <div>
            <h1 class="waiting-title">{t(TITLES[ownState.value])}</h1>
            <p class="quiet">
              {who.agent.extension
                ? t("waiting.extension", { extension: who.agent.extension })
                : t("waiting.no_extension")}
            </p>
          </div>
        </header>
        <SearchBox
          label={t("search.label")}
          onChoose={({ id }) => navigate(`/customers/${id}`)}
          onChooseEntry={openEntry}
        />
        <RecentCalls />
      </div>
      <div class="stack">
        <Unfinished />
        {who.agent.role !== "agent" && <Team />}
      </div>
    </div>
  );
}
