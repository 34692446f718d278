// The words of the desk. Catalogues are flat; a value is a text with {placeholders}, or one text per plural category of
// its language, chosen by {count}. English is the type: a key that it lacks does not compile.
import { computed, signal } from "@preact/signals";
import en from "../catalogues/en.json" with { type: "json" };
import ru from "../catalogues/ru.json" with { type: "json" };
import uk from "../catalogues/uk.json" with { type: "json" };

export const LANGUAGES = ["en", "ru", "uk"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Key = keyof typeof en;
export type Values = Record<string, string | number>;
type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;

const CATALOGUES: Record<Language, Record<Key, Text>> = { en, ru, uk };

export const language = signal<Language>("en");
const plurals = computed(() => new Intl.PluralRules(language.value));

export const isLanguage = (text: string | null | undefined): text is Language =>
  LANGUAGES.includes(text as Language);

const isKey = (key: string): key is Key => key in en;

/** The text of `key` in the current language. Reads a signal: a component that calls it renders anew on a switch. */
export function t(key: Key, values: Values = {}): string {
  const text = CATALOGUES[language.value][key];
  const chosen =
    typeof text === "string" ? text : (text[plurals.value.select(Number(values.count))] ?? text.other ?? "");
  return chosen.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** The word for a code that the server sent, such as `outcome` + `busy`; a code we have no word for is shown as it is. */
export function word(group: string, code: string): string {
  const key = `${group}.${code}`;
  return isKey(key) ? t(key) : code.replaceAll("_", " ");
}
