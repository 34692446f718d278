// Which customers are writing at this moment: told every few seconds while they do, and forgotten soon after.
import { signal } from "@preact/signals";

const SHOWN = 6_000;

/** The ids of their conversations. */
export const typing = signal<ReadonlySet<string>>(new Set());
const timers = new Map<string, ReturnType<typeof setTimeout>>();

export function noteTyping(conversationId: string): void {
  clearTimeout(timers.get(conversationId));
  timers.set(
    conversationId,
    setTimeout(() => {
      timers.delete(conversationId);
      typing.value = new Set(timers.keys());
    }, SHOWN),
  );
  typing.value = new Set(timers.keys());
}
