// What was looked for and found.
import type { Customer } from "./customer.ts";
import type { Entry } from "./entry.ts";

/** A part of a text, and whether it is what was looked for. */
export interface Piece {
  text: string;
  hit: boolean;
}

export interface SearchHit {
  type: "customer" | "entry";
  customer: Customer | null;
  entry: Entry | null;
  pieces: Piece[];
}
