import "./health.css";
import { useEffect } from "preact/hooks";
import type { ComponentChildren } from "preact";
import * as api from "../api/client.ts";
import type { Health } from "../api/health.ts";
import { ago, exactTime, fullDate, lapse } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge } from "../components/badge.tsx";
import { partyOf } from "../components/call_row.tsx";
import { Notice } from "../components/notice.tsx";
import { KeyValue, Panel } from "../components/panel.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { useFetched } from "../state/fetched.ts";

const REFRESH_MS = 2_000;

const Line = ({ name, children }: { name: ComponentChildren; children: ComponentChildren }) => (
  <li class="health-line">
    <span>{name}</span>
    {children}
  </li>
);

function Parts({ parts }: { parts: Health["parts"] }) {
  return (
    <Panel title={t("health.parts")}>
      <ul class="plain-list">
        {parts.map(({ name, ok }) => (
          <Line key={name} name={word("health_part", name)}>
            <Badge tone={ok ? "good" : "bad"} icon={ok ? "check" : "warning"}>
              {t(ok ? "health.up" : "health.down")}
            </Badge>
          </Line>
        ))}
      </ul>
    </Panel>
  );
}

function Behind({ health }: { health: Health }) {
  const age = health.waiting_work > 0 && ` · ${lapse(health.waiting_work_seconds * 1000)}`;
  return (
    <Panel title={t("health.behind")}>
      <KeyValue
        facts={[
          [
            t("health.ami_lag"),
            health.ami_lag_ms === null ? t("health.nothing_yet") : lapse(health.ami_lag_ms),
          ],
          [t("health.waiting_news"), health.waiting_news],
          [t("health.waiting_writes"), health.waiting_writes],
          [t("health.waiting_work"), [health.waiting_work, age]],
          [t("health.stalls"), health.stalls],
          [t("health.calls_open"), health.calls_open],
          [t("health.desks"), health.desks],
        ]}
      />
    </Panel>
  );
}

function Gaps({ gaps }: { gaps: Health["gaps"] }) {
  const length = ({ since, until }: Health["gaps"][number]) => Date.parse(until) - Date.parse(since);
  return (
    <Panel title={t("health.gaps")}>
      {gaps.length === 0 && <p class="quiet">{t("health.no_gaps")}</p>}
      <ul class="plain-list">
        {gaps.map((gap) => (
          <Line
            key={gap.since}
            name={
              <time class="number" dateTime={gap.since} title={fullDate(gap.since)}>
                {ago(gap.since)}
              </time>
            }
          >
            <span class="number quiet">{lapse(length(gap))}</span>
          </Line>
        ))}
      </ul>
    </Panel>
  );
}

function Phones({ phones }: { phones: Health["phones"] }) {
  return (
    <Panel title={t("health.phones")}>
      <ul class="plain-list">
        {phones.map(({ extension, name, registered }) => (
          <Line
            key={extension}
            name={
              <>
                <span class="number">{extension}</span> {name}
              </>
            }
          >
            <Badge tone={registered ? "good" : "neutral"}>
              {t(registered ? "health.registered" : "health.not_registered")}
            </Badge>
          </Line>
        ))}
      </ul>
    </Panel>
  );
}

const whyPaused = (reason: string) =>
  reason === "wrap-up" ? word("state", "wrap_up") : reason || t("health.member_paused");

function Queue({ queue: { name, waiting, members } }: { queue: Health["queues"][number] }) {
  return (
    <>
      <Line name={name}>
        <Badge tone={waiting.length > 0 ? "warn" : "neutral"}>
          {t("health.queue_waiting", { count: waiting.length })}
        </Badge>
      </Line>
      {waiting.map(({ since, call }) => (
        <Line
          key={since}
          name={call ? <a href={`/calls/${call.id}`}>{partyOf(call)}</a> : t("caller.unknown")}
        >
          <time class="number quiet" dateTime={since} title={exactTime(since)}>
            {ago(since)}
          </time>
        </Line>
      ))}
      {members.map(({ extension, paused, reason }) => (
        <Line key={extension} name={<span class="number">{extension}</span>}>
          <Badge tone={paused ? "warn" : "good"}>{paused ? whyPaused(reason) : t("health.member_in")}</Badge>
        </Line>
      ))}
    </>
  );
}

function Queues({ queues }: { queues: Health["queues"] }) {
  return (
    <Panel title={t("health.queues")}>
      <ul class="plain-list">
        {queues.map((queue) => (
          <Queue key={queue.name} queue={queue} />
        ))}
      </ul>
    </Panel>
  );
}

/** For admins: what is up, how far behind it is, what nobody watched. Asked for again every two seconds. */
export function HealthPage() {
  const { data, problem, refresh } = useFetched(api.getHealth, []);
  useEffect(() => {
    const timer = setInterval(refresh, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  if (problem)
    return <Notice tone="warn">{t(problem.status === 403 ? "error.forbidden" : "error.unreachable")}</Notice>;
  if (!data) return <Skeleton lines={8} />;
  const { omniline, asterisk, python } = data.versions;
  const isWell = data.parts.every(({ ok }) => ok);
  return (
    <div class="health-page stack">
      <header class="health-head">
        <h1 class="health-title">{t("health.title")}</h1>
        <Badge tone={isWell ? "good" : "bad"} icon={isWell ? "check" : "warning"}>
          {t(isWell ? "health.well" : "health.unwell")}
        </Badge>
      </header>
      <div class="health-columns">
        <Parts parts={data.parts} />
        <Behind health={data} />
        <Phones phones={data.phones} />
        <Queues queues={data.queues} />
        <div class="stack">
          <Gaps gaps={data.gaps} />
          <Panel title={t("health.versions")}>
            <KeyValue
              facts={[
                ["Omniline", omniline],
                ["Asterisk", asterisk],
                ["Python", python],
                [
                  t("health.started"),
                  <time key="started" dateTime={data.started_at} title={exactTime(data.started_at)}>
                    {ago(data.started_at)}
                  </time>,
                ],
              ]}
            />
          </Panel>
        </div>
      </div>
    </div>
  );
}
