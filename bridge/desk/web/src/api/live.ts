// What the WebSocket says.
import type { AgentStateChange } from "./agent.ts";
import type { CallSummary, WorkChange } from "./call.ts";
import type { ScreenPop } from "./card.ts";
import type { ConversationSummary, Presence } from "./conversation.ts";
import type { Attachment, Delivery, Entry } from "./entry.ts";

export type LiveMessage = { id: string; at: string; cursor?: string } & (
  | { type: "screen_pop"; data: ScreenPop }
  | { type: "screen_pop_withdrawn"; data: { pop_id: string; call_id: string; reason: string } }
  | { type: "call"; data: CallSummary }
  | { type: "entry"; data: Entry }
  | { type: "work"; data: WorkChange }
  | { type: "conversation"; data: ConversationSummary }
  | { type: "presence"; data: Presence }
  | { type: "transcript"; data: { call_id: string; recording_id: string; state: string } }
  | { type: "agent_state"; data: AgentStateChange }
  | { type: "notice"; data: LiveNotice }
);

/**
 * hello: connected, from `cursor` on; reload: the cursor was too old; gap: nobody watched the calls between the times;
 * typing: the customer is writing in the conversation;
 * webhook_paused: one of our systems has not been there for long;
 * assigned, mentioned, overdue, routed: a conversation calls this agent (`by` whom, or "");
 * delivery: what became of a message of ours changed; attachment: a file that was waited for is there or refused;
 * merged, unmerged, addresses, matters, consent: what is known of these customers changed.
 */
export type LiveNotice =
  | { code: "hello" | "reload"; cursor?: string }
  | { code: "gap"; since: string; until: string }
  | { code: "webhook_paused"; webhook_id: string }
  | { code: "typing"; conversation_id: string }
  | { code: "attachment"; entry_id: string; customer_id: string | null; attachment: Attachment }
  | { code: "delivery"; entry_id: string; customer_id: string | null; delivery: Delivery }
  | { code: "assigned" | "mentioned" | "overdue" | "routed"; conversation_id: string; by: string }
  | {
      code: "merged" | "unmerged" | "addresses" | "matters" | "consent" | "order_request";
      customer_ids: string[];
    };
