// What the browser keeps for the site: who the visitor is, what is not sent yet. A browser that keeps nothing will do too.
import type { Context, KeptFile } from "./wire.ts";

export interface Pending {
  key: string;
  text: string;
  at: number;
  email: string;
  context: Context;
  files: KeptFile[];
  /** Kept by the server; it goes once it stands among the lines. */
  isKept?: boolean;
  isRefused?: boolean;
}

export interface Kept {
  token: string;
  email: string;
  draft: string;
  /** Whether there is anything to follow before the chat is opened. */
  hasTalked: boolean;
  pending: Pending[];
  /** The newest message of the company that was looked at. */
  read: string;
}

const NOTHING: Kept = { token: "", email: "", draft: "", hasTalked: false, pending: [], read: "" };

export class Stored {
  private readonly key: string;
  value: Kept;

  constructor(inbox: string) {
    this.key = `omniline.chat.${inbox}`;
    this.value = this.read();
  }

  change(part: Partial<Kept>): void {
    this.value = { ...this.value, ...part };
    try {
      localStorage.setItem(this.key, JSON.stringify(this.value));
    } catch {
      // Full or forbidden: then it lasts as long as the page.
    }
  }

  forget(): void {
    this.change(NOTHING);
  }

  private read(): Kept {
    try {
      return { ...NOTHING, ...(JSON.parse(localStorage.getItem(this.key) ?? "{}") as Partial<Kept>) };
    } catch {
      return NOTHING;
    }
  }
}
