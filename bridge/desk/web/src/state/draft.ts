// The draft of a call's note. It is saved 600 ms after typing pauses, when the field is left and when the page goes;
// one request at a time, each with a higher `rev`, so that a late one never overwrites a newer text.
import { signal } from "@preact/signals";
import { DraftConflict, Problem } from "../api/problem.ts";
import type { NoteDraft } from "../api/call.ts";

export type DraftStatus = "empty" | "saved" | "dirty" | "saving" | "failed" | "conflict";

export type PutDraft = (text: string, rev: number, keepalive: boolean) => Promise<NoteDraft>;

const PAUSE = 600;
const RETRY = 3_000;

export class DraftSaver {
  readonly text = signal("");
  readonly status = signal<DraftStatus>("empty");
  /** What another window of this agent stored meanwhile; set while the status is "conflict". */
  readonly stored = signal<NoteDraft | null>(null);
  private rev: number;
  private savedText: string;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private saving: Promise<void> | null = null;

  constructor(
    private readonly put: PutDraft,
    draft: NoteDraft | null,
  ) {
    this.rev = draft?.rev ?? 0;
    this.savedText = this.text.value = draft?.text ?? "";
    this.status.value = this.savedText ? "saved" : "empty";
  }

  type(text: string): void {
    this.text.value = text;
    if (this.status.value === "conflict") return;
    this.status.value = "dirty";
    this.schedule(PAUSE);
  }

  /** Resolves when what is typed so far is stored, or could not be: then the status says so. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    while (this.isPending()) {
      this.saving ??= this.save().finally(() => (this.saving = null));
      await this.saving;
      if (this.status.value === "failed") return this.schedule(RETRY);
    }
    if (this.status.value === "dirty") this.status.value = this.savedText ? "saved" : "empty";
  }

  /** The page goes: send what is not stored without waiting for an answer. */
  leave(): void {
    clearTimeout(this.timer);
    // Nobody is left to be told of a failure; a page that comes back from the cache still counts the text as unsaved.
    if (this.isPending()) void this.put(this.text.value, ++this.rev, true).catch(() => undefined);
  }

  /** Settles a conflict: keep what is typed here, or take what the other window stored. */
  async settle(keep: "mine" | "theirs"): Promise<void> {
    const stored = this.stored.value;
    if (!stored) return;
    this.stored.value = null;
    this.rev = stored.rev;
    this.savedText = stored.text;
    if (keep === "theirs") this.text.value = stored.text;
    this.status.value = this.isChanged() ? "dirty" : "saved";
    await this.flush();
  }

  private isChanged(): boolean {
    return this.text.value !== this.savedText;
  }

  private isPending(): boolean {
    return this.status.value !== "conflict" && this.isChanged();
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), delay);
  }

  private async save(): Promise<void> {
    const text = this.text.value;
    this.status.value = "saving";
    try {
      await this.put(text, ++this.rev, false);
      this.savedText = text;
      this.status.value = this.isChanged() ? "dirty" : "saved";
    } catch (error) {
      if (error instanceof DraftConflict) {
        this.stored.value = error.stored;
        this.status.value = "conflict";
      } else if (error instanceof Problem) {
        this.status.value = "failed";
      } else throw error;
    }
  }
}
