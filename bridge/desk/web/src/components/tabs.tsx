import "./tabs.css";
import { t, word } from "../i18n/index.ts";
import { channelIcon, Icon, type IconName } from "./icon.tsx";

interface FilterProps<T extends string> {
  label: string;
  options: readonly { value: T | null; label: string; icon?: IconName }[];
  value: T | null;
  onChoose: (value: T | null) => void;
}

/** A row of toggles of which one is pressed. */
export function Filter<T extends string>({ label, options, value, onChoose }: FilterProps<T>) {
  return (
    <div class="filter" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value ?? ""}
          type="button"
          class="filter-option"
          aria-pressed={option.value === value}
          onClick={() => onChoose(option.value)}
        >
          {option.icon && <Icon name={option.icon} size={15} />}
          {option.label}
        </button>
      ))}
    </div>
  );
}

const CHANNELS = ["phone", "email", "chat", "shop"] as const;

export function ChannelFilter(props: { value: string | null; onChoose: (channel: string | null) => void }) {
  const options = CHANNELS.map((value) => ({
    value,
    label: word("channel", value),
    icon: channelIcon(value),
  }));
  return (
    <Filter<string>
      {...props}
      label={t("timeline.filter")}
      options={[{ value: null, label: t("timeline.all") }, ...options]}
    />
  );
}
