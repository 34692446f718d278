// What is being written in each conversation: it outlives a pop that takes the page, and is gone when it is sent or the
// tab closes.
import type { OpenWay, Upload } from "../api/writing.ts";

export interface Composed {
  mode: "answer" | "note";
  text: string;
  /** Makes a second try of the same text the same message. */
  key: string;
  /** Another channel than the conversation's. */
  way: OpenWay | null;
  subject: string;
  cc: string;
  /** Whom a mail is forwarded to; null when it is none. */
  to: string | null;
  files: readonly Upload[];
}

const unsent = new Map<string, Composed>();

export const newComposed = (mode: Composed["mode"] = "answer"): Composed => ({
  mode,
  text: "",
  key: crypto.randomUUID(),
  way: null,
  subject: "",
  cc: "",
  to: null,
  files: [],
});

export const composedOf = (id: string): Composed => unsent.get(id) ?? newComposed();

export function keep(id: string, composed: Composed): void {
  if (composed.text || composed.to !== null || composed.files.length > 0) unsent.set(id, composed);
  else unsent.delete(id);
}

/** Places of a canned answer that nobody has filled: what would look foolish to a customer. */
export const unfilled = (text: string): string[] => text.match(/\{[a-z]+\.[a-z]+\}/g) ?? [];

/** The name that is being typed behind an @ at the end of `before`, null where none is. */
export const mentionAt = (before: string): string | null =>
  /(?:^|[^\p{L}\p{N}_@])@([\p{L}\p{N}._-]*)$/u.exec(before)?.[1] ?? null;

export const addressesOf = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);
