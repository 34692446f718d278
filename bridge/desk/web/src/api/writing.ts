// What it takes to write to a customer: where, when, and with which words.
import type { Page } from "./page.ts";

/** Whether the channel has a time in which it may be answered freely, and when that ends (null: they never wrote). */
export interface ConversationWindow {
  channel: string;
  inbox_id: string | null;
  limited: boolean;
  window_ends_at: string | null;
  open: boolean;
}

/** A message that the provider has approved; `blanks` are named in its text. */
export interface Template {
  name: string;
  language: string;
  text: string;
  blanks: string[];
  marketing: boolean;
}

/** What a customer may go on from in another channel. */
export interface Begun {
  things: "calls" | "conversations" | "customers" | "matters";
  id: string;
}

/** `text` is for the customer, in their language; `number` and `code` are there for the telephone. */
export interface ContinueLink {
  channel: string;
  url: string;
  text: string;
  expires_at: string;
  number: string | null;
  code: string | null;
}

/** An address of a customer, and the inbox from which it can be written to. */
export interface WayToWrite {
  channel: string;
  inbox: string;
  address: string;
}

/** `templated`: it is too long ago that they wrote there, only a template may be sent. */
export interface OpenWay extends WayToWrite {
  inbox_id: string;
  templated: boolean;
}

export type WayClosed = "no_address" | "not_written" | "not_signed_in";

/** A channel in which somebody cannot be written to first. `continues`: a link can be offered instead. */
export interface ClosedWay {
  channel: string;
  reason: WayClosed;
  continues: boolean;
}

export interface WaysList extends Page<OpenWay> {
  closed: ClosedWay[];
}

/** A template of this name and language, with its blanks filled in. */
export interface FilledTemplate {
  name: string;
  language: string;
  values: Record<string, string>;
}

export interface CannedAnswer {
  id: string;
  title: string;
  text: string;
  filled: string | null;
}

/** A file that was uploaded to go with an answer. */
export interface Upload {
  id: string;
  name: string;
  media_type: string;
  size: number;
}
