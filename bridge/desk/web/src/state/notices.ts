// Short messages in the corner: what was done (with a way back) or what could not be.
import { signal } from "@preact/signals";
import { Problem } from "../api/problem.ts";
import type { IconName } from "../components/icon.tsx";
import { t, word } from "../i18n/index.ts";
import { isSessionOver } from "./session.ts";

export interface Notice {
  id: number;
  tone: "good" | "bad" | "info";
  text: string;
  /** The icon is "undo" where none is given. */
  action?: { label: string; icon?: IconName; run: () => void };
}

const SHOWN_FOR = 7_000;
let lastId = 0;

export const notices = signal<readonly Notice[]>([]);

export function dismiss(id: number): void {
  notices.value = notices.value.filter((each) => each.id !== id);
}

export function notify(notice: Omit<Notice, "id">): void {
  const id = ++lastId;
  notices.value = [...notices.value, { ...notice, id }];
  setTimeout(() => dismiss(id), SHOWN_FOR);
}

/** What an agent is told about a request that failed. The server's own detail is English and for the log. */
/** What may be in the way, and what to do then. */
const REASONS = ["nobody-known", "several-people", "opted-out", "window-closed", "no-consent"];

export function explain(error: unknown): string {
  if (!(error instanceof Problem)) throw error;
  if (error.status === 0) return t("error.unreachable");
  if (error.status === 403) return t("error.forbidden");
  if (error.status === 404) return t("error.not_found");
  if (error.status === 429) return t("error.throttled", { count: error.retryAfter ?? 1 });
  if (REASONS.includes(error.code)) return word("refused", error.code);
  return t("error.refused", { status: error.status });
}

export function notifyFailure(error: unknown): void {
  if (!isSessionOver(error)) notify({ tone: "bad", text: explain(error) });
}
