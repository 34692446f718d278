import "./call.css";
import * as api from "../api/client.ts";
import type { CallDetail, CallLeg, Stage } from "../api/call.ts";
import { duration, lapse, exactTime, fullDate, phone } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { ContinueButton } from "../components/continuing.tsx";
import { partyOf, stateOf } from "../components/call_row.tsx";
import { Notice } from "../components/notice.tsx";
import { EmptyState, KeyValue, Panel } from "../components/panel.tsx";
import { Recording } from "../components/recording.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { bringToFront, encounters, freshCalls, freshTranscripts } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { explain } from "../state/notices.ts";

function Stages({ stages }: { stages: readonly Stage[] }) {
  const first = stages[0];
  if (!first) return <EmptyState title={t("call.no_stages")} />;
  return (
    <ol class="stages">
      {stages.map((stage, index) => (
        <li key={index} class="stage" data-stage={stage.stage}>
          <span class="stage-node" aria-hidden="true" />
          <span class="stage-name">
            {word("stage", stage.stage)}
            {stage.extension && <span class="quiet number"> {stage.extension}</span>}
            {stage.detail && <span class="quiet"> · {detailOf(stage)}</span>}
          </span>
          <span class="number quiet">{exactTime(stage.at)}</span>
          <span class="number stage-plus">
            {index > 0 && `+${lapse(Date.parse(stage.at) - Date.parse(first.at))}`}
          </span>
        </li>
      ))}
    </ol>
  );
}

function detailOf({ stage, detail }: Stage): string {
  if (!detail) return "";
  if (stage === "withdrawn") return word("withdrawn_short", detail);
  if (stage === "identified") return word("identified", detail);
  if (stage === "transcript") return word("transcript_failure", detail);
  return stage === "ended" ? word("outcome", detail) : detail;
}

function Legs({ legs }: { legs: readonly CallLeg[] }) {
  const time = (at: string | null) => (at ? exactTime(at) : "–");
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={t("call.legs")}>
      <table class="legs">
        <thead>
          <tr>
            <th scope="col">{t("leg.who")}</th>
            <th scope="col">{t("leg.state")}</th>
            <th scope="col">{t("leg.created")}</th>
            <th scope="col">{t("leg.ringing")}</th>
            <th scope="col">{t("leg.answered")}</th>
            <th scope="col">{t("leg.ended")}</th>
            <th scope="col">{t("leg.cause")}</th>
          </tr>
        </thead>
        <tbody>
          {legs.map((leg) => (
            <tr key={leg.uniqueid}>
              <th scope="row">
                {word("leg_role", leg.role)} {leg.extension}
              </th>
              <td>{word("leg_state", leg.state)}</td>
              <td class="number">{time(leg.created_at)}</td>
              <td class="number">{time(leg.ringing_at)}</td>
              <td class="number">{time(leg.answered_at)}</td>
              <td class="number">{time(leg.ended_at)}</td>
              <td class="number">{leg.cause ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Recordings({ call }: { call: CallDetail }) {
  if (call.recordings.length === 0) return null;
  return (
    <Panel title={t("call.recordings")}>
      <div class="stack">
        {call.recordings.map((each) => (
          <Recording key={each.id} recording={each} />
        ))}
      </div>
    </Panel>
  );
}

function Summary({ call }: { call: CallDetail }) {
  const length =
    call.answered_at && call.ended_at ? Date.parse(call.ended_at) - Date.parse(call.answered_at) : null;
  const waited = call.answered_at ? Date.parse(call.answered_at) - Date.parse(call.started_at) : null;
  return (
    <Panel title={t("call.summary")}>
      <KeyValue
        facts={[
          [t("call.direction"), word("call_direction", call.direction)],
          [t("call.caller"), <span class="number">{phone(call.caller) || t("caller.withheld")}</span>],
          [t("call.dialled"), <span class="number">{phone(call.dialled)}</span>],
          [t("call.queue"), call.queue],
          [t("call.answered_by"), call.answered_by],
          [t("call.owner"), call.owner],
          [t("call.handled"), call.handled_at && fullDate(call.handled_at)],
          [t("call.waited"), waited === null ? null : duration(waited)],
          [t("call.talked"), length === null ? null : duration(length)],
          [
            t("call.joined_to"),
            call.joined_to && <a href={`/calls/${call.joined_to}`}>{t("entry.open_call")}</a>,
          ],
        ]}
      />
    </Panel>
  );
}

/** One call in all its technical truth: stages with their times, legs, recordings. */
export function CallPage({ id }: { id: string }) {
  // Every change of the call changes its stages and legs too, so they are fetched anew.
  const { data: call, problem } = useFetched(
    () => api.getCall(id),
    [id, freshCalls.value[id], freshTranscripts.value[id]],
  );
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!call) return <Skeleton lines={8} />;
  const isOpen = encounters.value.some((each) => each.callId === id && each.phase !== "withdrawn");
  return (
    <div class="stack call-page">
      <header class="row between">
        <div>
          <h1 class="call-title">
            {call.customer_id ? (
              <a href={`/customers/${call.customer_id}`}>{partyOf(call)}</a>
            ) : (
              partyOf(call)
            )}
          </h1>
          <p class="row quiet">
            <Badge tone={call.outcome ? "neutral" : "info"}>
              {call.outcome ? word("outcome", call.outcome) : word("call_state", stateOf(call))}
            </Badge>
            {fullDate(call.started_at)}
          </p>
        </div>
        {call.direction !== "internal" && <ContinueButton begun={{ things: "calls", id }} />}
        {isOpen && (
          <Button kind="primary" icon="note" onClick={() => bringToFront(id)}>
            {t("call.to_desk")}
          </Button>
        )}
      </header>
      <div class="call-columns">
        <div class="stack">
          <Summary call={call} />
          <Recordings call={call} />
        </div>
        <Panel title={t("call.stages")}>
          <Stages stages={call.stages} />
        </Panel>
      </div>
      <Panel title={t("call.legs")}>
        <Legs legs={call.legs} />
      </Panel>
    </div>
  );
}
