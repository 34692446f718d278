import "./timeline_filter.css";
import { useId, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { EntryKind } from "../api/entry.ts";
import type { Matter } from "../api/matter.ts";
import { t, word } from "../i18n/index.ts";
import { useFetched } from "../state/fetched.ts";
import { titleOf } from "../state/matters.ts";
import { EVERYTHING, type TimelineFilter } from "../state/timeline.ts";
import { Button } from "./button.tsx";
import { ChannelFilter } from "./tabs.tsx";

const KINDS: readonly EntryKind[] = ["message", "call", "transcript", "note", "order"];

interface FilterProps {
  value: TimelineFilter;
  onChange: (filter: TimelineFilter) => void;
  matters: readonly Matter[];
}

interface SelectProps {
  label: string;
  value: string | null;
  options: readonly { value: string; label: string }[];
  onChoose: (value: string | null) => void;
}

function Select({ label, value, options, onChoose }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <select
        id={id}
        class="field-input"
        value={value ?? ""}
        onChange={(event) => onChoose(event.currentTarget.value || null)}
      >
        <option value="">{t("timeline.all")}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

function Day({ label, value, onChoose }: Omit<SelectProps, "options">) {
  const id = useId();
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <input
        id={id}
        class="field-input"
        type="date"
        value={value ?? ""}
        onChange={(event) => onChoose(event.currentTarget.value || null)}
      />
    </div>
  );
}

function MoreFilters({ value, onChange, matters }: FilterProps) {
  const { data: agents } = useFetched(() => api.listAgents(), []);
  const change = (changed: Partial<TimelineFilter>) => onChange({ ...value, ...changed });
  return (
    <div class="timeline-filter-more">
      <Select
        label={t("timeline.kind")}
        value={value.kind}
        options={KINDS.map((kind) => ({ value: kind, label: word("entry_kind", kind) }))}
        onChoose={(kind) => change({ kind })}
      />
      <Select
        label={t("timeline.agent")}
        value={value.agent}
        options={(agents?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        onChoose={(agent) => change({ agent })}
      />
      {matters.length > 0 && (
        <Select
          label={t("timeline.matter")}
          value={value.matter}
          options={matters.map((matter) => ({ value: matter.id, label: titleOf(matter) }))}
          onChoose={(matter) => change({ matter })}
        />
      )}
      <Day label={t("timeline.from")} value={value.from} onChoose={(from) => change({ from })} />
      <Day label={t("timeline.to")} value={value.to} onChoose={(to) => change({ to })} />
      <Button kind="plain" icon="close" onClick={() => onChange(EVERYTHING)}>
        {t("timeline.clear")}
      </Button>
    </div>
  );
}

/** Which entries a timeline shows: the channel in sight, the rest behind a button. */
export function TimelineFilterBar({ value, onChange, matters }: FilterProps) {
  const isNarrow = [value.kind, value.agent, value.matter, value.from, value.to].some(
    (each) => each !== null,
  );
  const [isOpen, setOpen] = useState(isNarrow);
  return (
    <div class="timeline-filter">
      <div class="timeline-filter-first">
        <ChannelFilter value={value.channel} onChoose={(channel) => onChange({ ...value, channel })} />
        <Button kind="plain" icon="down" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t("timeline.more")}
        </Button>
      </div>
      {isOpen && <MoreFilters value={value} onChange={onChange} matters={matters} />}
    </div>
  );
}
