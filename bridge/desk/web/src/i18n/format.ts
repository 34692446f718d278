// Times, money and numbers as people of the current language write them.
import { language, t } from "./index.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

// English here is the international one: day before month, 24 hours.
const LOCALES = { en: "en-GB", ru: "ru", uk: "uk" } as const;
const locale = () => LOCALES[language.value];

const startOfDay = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();

const formatter = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale(), options);

/** 14:05 */
export const timeOfDay = (iso: string) =>
  formatter({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(iso));

/** 14:05:09.120, for stages that lie milliseconds apart. */
export const exactTime = (iso: string) =>
  formatter({
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  }).format(new Date(iso));

/** The day in words: today, yesterday, 12 November, 3 March 2025. */
export function dayName(iso: string, now: Date = new Date()): string {
  const at = new Date(iso);
  const days = Math.round((startOfDay(now) - startOfDay(at)) / DAY);
  if (days === 0 || days === 1) {
    return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(-days, "day");
  }
  const sameYear = at.getFullYear() === now.getFullYear();
  return formatter({ day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) }).format(at);
}

/** Short and read at a glance: 5 minutes ago, today 14:05, 12 Nov, 3 Mar 2025. */
export function ago(iso: string, now: Date = new Date()): string {
  const at = new Date(iso);
  const minutes = Math.round((now.getTime() - at.getTime()) / MINUTE);
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto", style: "short" });
  if (minutes < 1) return t("time.now");
  if (minutes < 60) return relative.format(-minutes, "minute");
  const days = Math.round((startOfDay(now) - startOfDay(at)) / DAY);
  if (days < 2) return `${relative.format(-days, "day")} ${timeOfDay(iso)}`;
  const sameYear = at.getFullYear() === now.getFullYear();
  return formatter({ day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) }).format(at);
}

/** 12 Nov, 14:05 */
export const shortDate = (iso: string) =>
  formatter({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
    new Date(iso),
  );

export const fullDate = (iso: string) =>
  formatter({ dateStyle: "full", timeStyle: "medium" }).format(new Date(iso));

/** 1:05 or 1:02:03 from milliseconds. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** Short times with their unit: 74ms, 6.4s; from a minute on 3:18. */
export function lapse(milliseconds: number): string {
  if (milliseconds >= 60_000) return duration(milliseconds);
  const isShort = milliseconds < 1000;
  return new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: isShort ? "millisecond" : "second",
    unitDisplay: "narrow",
    maximumFractionDigits: isShort ? 0 : 1,
  }).format(isShort ? milliseconds : milliseconds / 1000);
}

const moneyFormat = (currency: string) =>
  new Intl.NumberFormat(locale(), { style: "currency", currency, currencyDisplay: "narrowSymbol" });

const decimalsOf = (currency: string) => moneyFormat(currency).resolvedOptions().maximumFractionDigits ?? 2;

/** `minor` units of an ISO 4217 currency; the number of decimals is the currency's own. */
export const money = (minor: number, currency: string) =>
  moneyFormat(currency).format(minor / 10 ** decimalsOf(currency));

/** The same as it is typed into a field: 1299.50 */
export const amount = (minor: number, currency: string) => {
  const decimals = decimalsOf(currency);
  return (minor / 10 ** decimals).toFixed(decimals);
};

/** Minor units of an amount as people type it: 1299.5, 1 299,50. Null for what is none of this currency. */
export function minorOf(typed: string, currency: string): number | null {
  const decimals = decimalsOf(currency);
  const found = /^(\d{1,12})(?:[.,](\d*))?$/.exec(typed.replace(/\s/g, ""));
  const cents = found?.[2] ?? "";
  return found && cents.length <= decimals ? Number(found[1] + cents.padEnd(decimals, "0")) : null;
}

export const languageName = (code: string) =>
  new Intl.DisplayNames(locale(), { type: "language" }).of(code) ?? code;

export const fileSize = (bytes: number) =>
  new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: bytes < 1_000_000 ? "kilobyte" : "megabyte",
    maximumFractionDigits: 1,
  }).format(bytes / (bytes < 1_000_000 ? 1_000 : 1_000_000));

// Country code -> sizes of the groups behind it. Numbers of other countries are shown as they came.
const PHONE_GROUPS: Record<string, number[]> = {
  "+380": [2, 3, 2, 2],
  "+7": [3, 3, 2, 2],
  "+1": [3, 3, 4],
  "+48": [3, 3, 3],
};

/** An E.164 number in groups that can be read aloud; anything else as it is. */
export function phone(number: string): string {
  const prefix = Object.keys(PHONE_GROUPS).find((code) => number.startsWith(code));
  const groups = prefix && PHONE_GROUPS[prefix];
  if (!groups || number.length !== prefix.length + groups.reduce((sum, size) => sum + size, 0)) return number;
  let rest = number.slice(prefix.length);
  return groups.reduce((text, size) => {
    const group = rest.slice(0, size);
    rest = rest.slice(size);
    return `${text}\u00a0${group}`;
  }, prefix);
}

/** The name of a day of the week; 0 is Monday. */
export const weekdayName = (index: number) =>
  formatter({ weekday: "long", timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, 1 + index)));
