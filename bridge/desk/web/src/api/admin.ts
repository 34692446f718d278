// What an admin sets up and looks after: inboxes, webhooks, phones, work that failed.

/** `hook` is where its provider tells of news; `hook_secret` is there once, when it was made. */
export interface Inbox {
  id: string;
  channel: string;
  key: string;
  address: string;
  state: string;
  last_error: string | null;
  hook: string | null;
  /** Whether there is something to send with, which the server gives to nobody. */
  has_token: boolean;
  hook_secret: string | null;
}

export const EVENT_TYPES = ["call", "message", "order", "entry"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** `secret` is there once, when it was made. */
export interface Webhook {
  id: string;
  url: string;
  events: EventType[];
  state: string;
  last_error: string | null;
  failing_since: string | null;
  told_at: string | null;
  secret: string | null;
}

/** Work that failed three times. `reason` is the server's own, in English. */
export interface DeadLetter {
  id: string;
  group: string;
  topic: string;
  key: string;
  created_at: string;
  died_at: string;
  tries: number;
  reason: string;
  payload: Record<string, unknown>;
}

/** One rung of the pop's ladder; `shown` is null when nobody has looked. */
export interface RungLine {
  rung: string;
  on: boolean;
  shown: boolean | null;
  at: string | null;
  by: string | null;
}

export interface PhoneLine {
  agent_id: string;
  extension: string;
  name: string;
  profile: string;
  registered: boolean;
  rungs: RungLine[];
}
