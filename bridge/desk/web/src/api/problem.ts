import type { NoteDraft } from "./call.ts";

/** The server said no: the status, and `detail` and `type` of its problem+json (RFC 9457). Status 0: it did not answer at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly retryAfter: number | null = null,
    readonly code = "",
  ) {
    super(`${status} ${detail}`);
  }
}

/** The draft on the server is newer than the one we sent: another window of this agent wrote it. */
export class DraftConflict extends Error {
  constructor(readonly stored: NoteDraft) {
    super("the stored draft is newer");
  }
}
