// The words of the widget, from catalogues of its own: the desk's would be most of its size.
import en from "./catalogues/en.json" with { type: "json" };
import ru from "./catalogues/ru.json" with { type: "json" };
import uk from "./catalogues/uk.json" with { type: "json" };

export type Key = keyof typeof en;
type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;

const CATALOGUES: Record<string, Record<Key, Text>> = { en, ru, uk };
const DAY = 86_400_000;

export interface Words {
  language: string;
  t: (key: Key, values?: Record<string, string | number>) => string;
  time: (at: Date) => string;
  /** Today, yesterday, or the date. */
  day: (at: Date) => string;
  /** Of a file, from bytes. */
  size: (bytes: number) => string;
}

/** The first of the wanted languages that we speak, such as `uk-UA`; English where there is none. */
export function wordsOf(wanted: readonly string[]): Words {
  const spoken = wanted.map((tag) => tag.slice(0, 2).toLowerCase());
  const language = spoken.find((code) => code in CATALOGUES) ?? "en";
  const locale = language === "en" ? "en-GB" : language;
  const plurals = new Intl.PluralRules(locale);
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const calendar = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });

  function t(key: Key, values: Record<string, string | number> = {}): string {
    const text: Text = CATALOGUES[language]![key];
    const chosen =
      typeof text === "string" ? text : (text[plurals.select(Number(values.count))] ?? text.other ?? "");
    return chosen.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
  }

  function day(at: Date): string {
    const midnight = new Date().setHours(0, 0, 0, 0);
    if (at.getTime() >= midnight) return t("day.today");
    if (at.getTime() >= midnight - DAY) return t("day.yesterday");
    return calendar.format(at);
  }

  function size(bytes: number): string {
    const [value, unit] = bytes < 1_000_000 ? [bytes / 1000, "kilobyte"] : [bytes / 1_000_000, "megabyte"];
    const rounded = value < 10 ? Math.max(0.1, Math.round(value * 10) / 10) : Math.round(value);
    return new Intl.NumberFormat(locale, { style: "unit", unit }).format(rounded);
  }

  return { language, t, time: (at) => clock.format(at), day, size };
}
