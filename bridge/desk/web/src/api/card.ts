// The card of a caller, and the order to show it.
import type { Customer, CustomerContext } from "./customer.ts";
import type { Entry } from "./entry.ts";

export interface Card extends CustomerContext {
  call_id: string;
  caller: string;
  dialled: string;
  customer: Customer | null;
  recent: Entry[];
  question: string | null;
  queue: string | null;
  notes: CallNote[];
  colleague: Colleague | null;
}

/** What another agent has written on this call so far. */
export interface CallNote {
  author: string;
  text: string;
  at: string;
}

/** The other end of a call among ourselves. */
export interface Colleague {
  name: string;
  extension: string;
}

export interface ScreenPop {
  id: string;
  call_id: string;
  extension: string;
  leg: string;
  card: Card;
}
