import "./hours.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Calendar, Duty, Holiday, InboxRule, Span } from "../api/hours.ts";
import { languageName, weekdayName } from "../i18n/format.ts";
import { LANGUAGES, t, word } from "../i18n/index.ts";
import { Button, IconButton } from "../components/button.tsx";
import { Checkbox, Field, Select, ShortField, TextArea } from "../components/field.tsx";
import { channelIcon, Icon } from "../components/icon.tsx";
import { Notice } from "../components/notice.tsx";
import { EmptyState, Panel } from "../components/panel.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";

const USUAL: Span = { opens: "09:00", closes: "18:00" };

const replaced = <T,>(list: readonly T[], index: number, value: T): T[] =>
  list.map((each, at) => (at === index ? value : each));
const without = <T,>(list: readonly T[], index: number): T[] => list.filter((_, at) => at !== index);
const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean);

async function save(how: () => Promise<unknown>): Promise<void> {
  try {
    await how();
    notify({ tone: "good", text: t("hours.saved") });
  } catch (error) {
    notifyFailure(error);
  }
}

/** A browser's field knows no 24:00. */
const shown = (time: string) => (time === "24:00" ? "00:00" : time);
const closing = (time: string) => (time === "00:00" ? "24:00" : time);

interface SpansProps {
  day: string;
  hours: readonly Span[];
  onChange: (hours: Span[]) => void;
}

/** From when till when, as often as there is a break; closed where there is nothing. */
function Spans({ day, hours, onChange }: SpansProps) {
  return (
    <div class="hours-spans">
      {hours.length === 0 && <span class="quiet">{t("hours.closed")}</span>}
      {hours.map((span, index) => (
        <div key={index} class="hours-span">
          <ShortField
            kind="time"
            label={t("hours.opens", { day })}
            value={span.opens}
            onInput={(event) =>
              onChange(replaced(hours, index, { ...span, opens: event.currentTarget.value }))
            }
          />
          <span aria-hidden="true">–</span>
          <ShortField
            kind="time"
            label={t("hours.closes", { day })}
            value={shown(span.closes)}
            onInput={(event) =>
              onChange(replaced(hours, index, { ...span, closes: closing(event.currentTarget.value) }))
            }
          />
          <IconButton
            icon="close"
            label={t("hours.drop_span", { day })}
            onClick={() => onChange(without(hours, index))}
          />
        </div>
      ))}
      <Button kind="quiet" onClick={() => onChange([...hours, USUAL])}>
        {t("hours.add_span")}
        <span class="only-heard"> {day}</span>
      </Button>
    </div>
  );
}

function Weekday(props: SpansProps) {
  return (
    <li class="hours-day">
      <strong>{props.day}</strong>
      <Spans {...props} />
    </li>
  );
}

function Holidays({
  holidays,
  onChange,
}: {
  holidays: readonly Holiday[];
  onChange: (all: Holiday[]) => void;
}) {
  return (
    <div class="stack">
      <h3>{t("hours.holidays")}</h3>
      <p class="quiet">{t("hours.holidays_explained")}</p>
      <ul class="plain-list">
        {holidays.map((holiday, index) => (
          <li key={index} class="hours-holiday">
            <ShortField
              kind="date"
              label={t("hours.day")}
              value={holiday.day}
              onInput={(event) =>
                onChange(replaced(holidays, index, { ...holiday, day: event.currentTarget.value }))
              }
            />
            <Field
              label={t("hours.name")}
              maxLength={80}
              value={holiday.name}
              onInput={(event) =>
                onChange(replaced(holidays, index, { ...holiday, name: event.currentTarget.value }))
              }
            />
            <IconButton
              icon="close"
              label={t("hours.drop_holiday", { day: holiday.name || holiday.day })}
              onClick={() => onChange(without(holidays, index))}
            />
            <Spans
              day={holiday.name || holiday.day}
              hours={holiday.hours}
              onChange={(hours) => onChange(replaced(holidays, index, { ...holiday, hours }))}
            />
          </li>
        ))}
      </ul>
      <div class="row">
        <Button kind="quiet" onClick={() => onChange([...holidays, { day: "", name: "", hours: [] }])}>
          {t("hours.add_holiday")}
        </Button>
      </div>
    </div>
  );
}

function CalendarForm({ stored }: { stored: Calendar }) {
  const [calendar, setCalendar] = useState(stored);
  const change = (changed: Partial<Calendar>) => setCalendar({ ...calendar, ...changed });
  const zones = [...new Set(["UTC", calendar.zone, ...Intl.supportedValuesOf("timeZone")])];
  return (
    <Panel title={t("hours.week")}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save(() => api.saveCalendar(calendar));
        }}
      >
        <p class="quiet">{t("hours.explained")}</p>
        <div class="row">
          <Select
            label={t("hours.zone")}
            options={zones.map((zone) => ({ value: zone, label: zone }))}
            value={calendar.zone}
            onChoose={(zone) => change({ zone })}
          />
        </div>
        <ul class="plain-list">
          {calendar.weekly.map((hours, index) => (
            <Weekday
              key={index}
              day={weekdayName(index)}
              hours={hours}
              onChange={(changed) => change({ weekly: replaced(calendar.weekly, index, changed) })}
            />
          ))}
        </ul>
        <Holidays holidays={calendar.holidays} onChange={(holidays) => change({ holidays })} />
        <div class="row">
          <Button type="submit" kind="primary" icon="check">
            {t("hours.save")}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function InboxForm({ stored }: { stored: InboxRule }) {
  const [rule, setRule] = useState(stored);
  const submit = (event: Event) => {
    event.preventDefault();
    const { away, away_texts, skill } = rule;
    void save(() => api.saveInboxRule(rule.inbox_id, { away, away_texts, skill: skill?.trim() || null }));
  };
  return (
    <li class="hours-item">
      <form class="stack" onSubmit={submit}>
        <h3 class="row">
          <Icon name={channelIcon(rule.channel)} />
          {word("channel", rule.channel)} · {rule.key}
        </h3>
        <Checkbox label={t("hours.away")} isOn={rule.away} onChange={(away) => setRule({ ...rule, away })} />
        {rule.away &&
          LANGUAGES.map((language) => (
            <TextArea
              key={language}
              label={t("hours.away_text", { language: languageName(language) })}
              rows={2}
              maxLength={1000}
              placeholder={t("hours.away_ours")}
              value={rule.away_texts[language] ?? ""}
              onInput={(event) =>
                setRule({
                  ...rule,
                  away_texts: { ...rule.away_texts, [language]: event.currentTarget.value },
                })
              }
            />
          ))}
        <Field
          label={t("hours.skill")}
          maxLength={40}
          value={rule.skill ?? ""}
          onInput={(event) => setRule({ ...rule, skill: event.currentTarget.value })}
        />
        <div class="row">
          <Button type="submit">{t("hours.save")}</Button>
        </div>
      </form>
    </li>
  );
}

function DutyForm({ stored }: { stored: Duty }) {
  const [capacity, setCapacity] = useState(String(stored.capacity));
  const [skills, setSkills] = useState(stored.skills.join(", "));
  const [languages, setLanguages] = useState(stored.languages.join(", "));
  const submit = (event: Event) => {
    event.preventDefault();
    const duty = { capacity: Number(capacity), skills: listOf(skills), languages: listOf(languages) };
    void save(() => api.saveDuty(stored.agent_id, duty));
  };
  return (
    <li class="hours-item">
      <form class="stack" onSubmit={submit}>
        <h3>{stored.name}</h3>
        <div class="hours-duty">
          <ShortField
            kind="number"
            min={0}
            max={100}
            label={t("hours.capacity")}
            value={capacity}
            onInput={(event) => setCapacity(event.currentTarget.value)}
          />
          <Field
            label={t("hours.skills")}
            hint={t("hours.skills_hint")}
            value={skills}
            onInput={(event) => setSkills(event.currentTarget.value)}
          />
          <Field
            label={t("hours.languages")}
            hint={t("hours.languages_hint")}
            value={languages}
            onInput={(event) => setLanguages(event.currentTarget.value)}
          />
        </div>
        <div class="row">
          <Button type="submit">{t("hours.save")}</Button>
        </div>
      </form>
    </li>
  );
}

/** When the company works, what is said meanwhile, who takes how much: for admins. */
export function HoursPage() {
  const calendar = useFetched(api.getCalendar, []);
  const rules = useFetched(api.listInboxRules, []);
  const duties = useFetched(api.listDuties, []);
  const problem = calendar.problem ?? rules.problem ?? duties.problem;
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!calendar.data || !rules.data || !duties.data) return <Skeleton lines={8} />;
  return (
    <div class="hours">
      <h1 class="only-heard">{t("hours.title")}</h1>
      <CalendarForm stored={calendar.data} />
      <div class="stack">
        <Panel title={t("hours.team")}>
          <ul class="plain-list">
            {duties.data.items.map((duty) => (
              <DutyForm key={duty.agent_id} stored={duty} />
            ))}
          </ul>
        </Panel>
        <Panel title={t("hours.inboxes")}>
          {rules.data.items.length === 0 && <EmptyState title={t("hours.no_inboxes")} />}
          <ul class="plain-list">
            {rules.data.items.map((rule) => (
              <InboxForm key={rule.inbox_id} stored={rule} />
            ))}
          </ul>
        </Panel>
      </div>
    </div>
  );
}
