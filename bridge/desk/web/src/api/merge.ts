// Customers who turn out to be one, or may be.
import type { Customer, CustomerKind, Identity } from "./customer.ts";

/** A customer as it was first known, whoever it is read as now. */
export interface Leaf {
  id: string;
  kind: CustomerKind;
  name: string;
}

export interface Merge {
  id: string;
  leaf_a: Leaf;
  leaf_b: Leaf;
  survivor: Leaf;
  reason: string;
  evidence: unknown;
  by: string;
  at: string;
  undone_by: string | null;
  undone_at: string | null;
}

/** `entries` counts by channel; notes are under "none". */
export interface MergeSide {
  customer: Customer;
  entries: Record<string, number>;
  orders: number;
  open_conversations: number;
}

export interface FieldConflict {
  field: string;
  values: (string | boolean | null)[];
}

export interface MergePreview {
  sides: MergeSide[];
  identities: Identity[];
  entries: Record<string, number>;
  orders: number;
  open_conversations: number;
  conflicts: FieldConflict[];
}

export type SuggestionReason =
  "order" | "signature" | "contact" | "continue_link" | "name_and_organisation" | "name_and_city";

/** Why two may be one, with what it was seen in. */
export type Evidence = { reason: SuggestionReason } & Record<string, string>;

export interface Suggestion {
  id: string;
  customers: Customer[];
  reason: SuggestionReason;
  evidence: Evidence[];
  state: "open" | "accepted" | "declined";
  at: string;
  decided_by: string | null;
  decided_at: string | null;
  merge_id: string | null;
}
