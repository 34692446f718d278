// What a customer wants settled, and what we have promised.

export const MATTER_STATES = ["open", "waiting_us", "waiting_them", "settled"] as const;
export type MatterState = (typeof MATTER_STATES)[number];
export type Thing = "call" | "conversation" | "order" | "promise";

/** `about`: an order's number, a conversation's subject, a caller's number, a promise's text. */
export interface MatterLink {
  id: string;
  thing: Thing;
  thing_id: string;
  rule: string;
  by: string;
  at: string;
  about: string;
}

export interface Matter {
  id: string;
  customer_id: string;
  title: string;
  state: MatterState;
  opened_at: string;
  touched_at: string;
  links: MatterLink[];
}

export interface Promised {
  id: string;
  customer_id: string;
  text: string;
  state: "open" | "kept" | "dropped";
  made_by: string;
  made_at: string;
  due_at: string | null;
  matter_id: string | null;
  call_id: string | null;
}
