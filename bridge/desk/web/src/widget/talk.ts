// The talk of this browser with the company: what was said, what is still to be sent, who is there.
import { batch, computed, signal } from "@preact/signals";
import { backOff, Follower } from "./follow.ts";
import { type Pending, Stored } from "./stored.ts";
import {
  type Context,
  type KeptFile,
  type Line,
  type Opened,
  type Fate,
  Refused,
  type Update,
  type Wire,
} from "./wire.ts";

const TYPING_SHOWN = 6_000;
const TYPING_SAID = 4_000;
const REACHED_DELAY = 300;
export const LONGEST_TEXT = 20_000;

export type Link = "idle" | "connecting" | "live" | "lost" | "refused";

export class Talk {
  readonly stored: Stored;
  readonly lines = signal<Line[]>([]);
  readonly pending = signal<Pending[]>([]);
  readonly opened = signal<Opened | null>(null);
  readonly there = signal(false);
  readonly typing = signal("");
  readonly link = signal<Link>("idle");
  readonly hasEarlier = signal(false);
  readonly isOpen = signal(false);
  readonly email = signal("");
  /** Of the link that the page was opened with, once it is known. */
  readonly fate = signal<Fate | null>(null);
  readonly unread = computed(() => {
    const read = this.read.value;
    return this.lines.value.filter((line) => line.author && line.id > read).length;
  });
  /** What the site has told of the page. */
  readonly context: Context = {};
  user = { user: "", signature: "" };

  private readonly read = signal("");
  private linkToken = "";
  private follower: Follower | null = null;
  private cursor = "";
  private isSending = false;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;
  private reachedTimer: ReturnType<typeof setTimeout> | undefined;
  private reached = "";
  private typingSaid = 0;

  constructor(
    readonly wire: Wire,
    inbox: string,
    private readonly language: () => string,
  ) {
    this.stored = new Stored(inbox);
    const { email, pending, read } = this.stored.value;
    this.email.value = email;
    this.pending.value = pending;
    this.read.value = read;
  }

  /** Before the chat is opened only where there is something to hear or to send. */
  wake(): void {
    if (this.stored.value.hasTalked || this.pending.value.length > 0) this.connect();
  }

  /** The page was opened by a link of ours: the visitor goes on here with what was said elsewhere. */
  follow(token: string): void {
    this.linkToken = token;
    this.show(true);
  }

  connect(): void {
    if (this.follower) return;
    this.link.value = "connecting";
    const follower = new Follower(this.wire, {
      token: () => this.stored.value.token,
      cursor: () => this.cursor,
      there: () => this.there.value,
      open: () => this.open(),
      take: (update) => this.take(update),
      isLive: (live) => (this.link.value = live ? "live" : "lost"),
    });
    this.follower = follower;
    follower.run().catch((error: unknown) => {
      this.link.value = "refused";
      if (!(error instanceof Refused)) throw error;
    });
  }

  show(open: boolean): void {
    this.isOpen.value = open;
    if (open) {
      this.connect();
      this.look();
    }
  }

  /** What is on the screen was seen, if there is anybody to see it. */
  look(): void {
    const newest = this.lines.value.findLast((line) => line.author)?.id ?? "";
    if (!this.isOpen.value || document.hidden || newest <= this.read.value) return;
    this.read.value = newest;
    this.stored.change({ read: newest });
    this.tellReached();
  }

  /** Throws Refused. */
  keepFile(file: File): Promise<KeptFile> {
    return this.wire.keep(file, file.name, this.stored.value.token);
  }

  /** The file, saved by the browser. Throws Refused. */
  async save(id: string, name: string): Promise<void> {
    const address = URL.createObjectURL(await this.wire.file(id, this.stored.value.token));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  write(text: string, files: KeptFile[]): void {
    const key = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
    const page = { page_url: location.origin + location.pathname, page_title: document.title.slice(0, 300) };
    const context = { ...page, language: this.language(), ...this.context };
    const email = this.there.value ? "" : this.email.value;
    this.keepPending([...this.pending.value, { key, text, at: Date.now(), email, context, files }]);
    this.stored.change({ hasTalked: true, draft: "" });
    void this.send();
  }

  again(key: string): void {
    this.keepPending(
      this.pending.value.map((each) => (each.key === key ? { ...each, isRefused: false } : each)),
    );
    void this.send();
  }

  keepEmail(email: string): void {
    this.email.value = email;
    this.stored.change({ email });
  }

  sayTyping(): void {
    const now = Date.now();
    if (now - this.typingSaid < TYPING_SAID || !this.stored.value.hasTalked || this.link.value !== "live")
      return;
    this.typingSaid = now;
    this.post("typing", {}).catch(() => undefined);
  }

  async readEarlier(): Promise<void> {
    const first = this.lines.value[0];
    if (!first) return;
    const answer = await this.post<{ lines: Line[]; earlier: boolean }>("earlier", { before: first.id });
    if (!answer) return;
    batch(() => {
      this.lines.value = [...answer.lines, ...this.lines.value];
      this.hasEarlier.value = answer.earlier;
    });
  }

  /** Throws Refused. */
  async askCode(email: string): Promise<void> {
    await this.post("code", { email, language: this.language() });
  }

  /** Throws Refused: 403 for a wrong code, 409 for one that is over. */
  async signIn(code: string): Promise<void> {
    const answer = await this.post<{ token: string }>("sign_in", { code });
    if (!answer) return;
    this.stored.change({ token: answer.token, hasTalked: true });
    this.begin();
  }

  /** This browser is nobody's from now on. */
  forget(): void {
    this.drop();
    this.begin();
  }

  private drop(): void {
    this.stored.forget();
    this.email.value = "";
    this.pending.value = [];
    this.read.value = "";
  }

  /** From the beginning: the visitor is another one, or may read more. */
  begin(): void {
    const wasConnected = this.follower !== null;
    this.follower?.close();
    this.follower = null;
    this.lines.value = [];
    this.reached = "";
    if (wasConnected) this.connect();
  }

  private post<Answer>(name: string, body: object): Promise<Answer | null> {
    return this.wire.post<Answer>(name, body, this.stored.value.token);
  }

  /** Throws Refused. */
  private async ask(token: string): Promise<Opened> {
    const opened = (await this.wire.post<Opened>("open", { token, ...this.user }))!;
    if (!this.linkToken) return opened;
    const fate = await this.tryLink(opened.token);
    this.linkToken = "";
    this.fate.value = fate;
    // Whoever goes on may read more than before.
    return fate === "goes_on" || fate === "again" ? this.ask(opened.token) : opened;
  }

  private async tryLink(token: string): Promise<Fate> {
    try {
      return (await this.wire.post<{ fate: Fate }>("continue", { link: this.linkToken }, token))!.fate;
    } catch (error) {
      if (error instanceof Refused && !error.isPassing) return "unknown";
      throw error;
    }
  }

  private async open(): Promise<void> {
    const opened = await this.ask(this.stored.value.token);
    // The site's user is another one: what the one before has not sent yet is not theirs to send.
    if (this.user.user && this.stored.value.token !== opened.token && this.stored.value.token) this.drop();
    batch(() => {
      this.stored.change({ token: opened.token });
      this.opened.value = opened;
      this.there.value = opened.there;
      this.hasEarlier.value = opened.earlier;
      this.cursor = opened.cursor;
      this.lines.value = [];
      this.add(opened.lines);
    });
    void this.send();
  }

  private take(update: Update): void {
    batch(() => {
      this.cursor = update.cursor;
      this.there.value = update.there;
      if (update.typing) this.showTyping(update.typing);
      this.add(update.lines ?? []);
    });
  }

  private add(lines: Line[]): void {
    if (lines.length === 0) return;
    const known = new Map([...this.lines.value, ...lines].map((line) => [line.id, line]));
    this.lines.value = [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const keys = new Set(lines.map((line) => line.key));
    this.keepPending(this.pending.value.filter((each) => !keys.has(each.key)));
    if (lines.some((line) => line.author)) this.showTyping("");
    if (!this.stored.value.hasTalked) this.stored.change({ hasTalked: true });
    this.look();
    this.tellReached();
  }

  private showTyping(name: string): void {
    clearTimeout(this.typingTimer);
    this.typing.value = name;
    if (name) this.typingTimer = setTimeout(() => (this.typing.value = ""), TYPING_SHOWN);
  }

  private tellReached(): void {
    clearTimeout(this.reachedTimer);
    this.reachedTimer = setTimeout(() => {
      const delivered = this.lines.value.findLast((line) => line.author)?.id ?? "";
      const read = this.read.value;
      if (!delivered || this.reached === delivered + read) return;
      this.reached = delivered + read;
      this.post("reached", { delivered, read }).catch(() => (this.reached = ""));
    }, REACHED_DELAY);
  }

  /** One after the other, under the same key however often it takes. */
  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    let next: Pending | undefined;
    for (let attempt = 0; (next = this.pending.value.find((each) => !each.isKept && !each.isRefused));) {
      if (!this.stored.value.token) break;
      const { key, text, email, context } = next;
      const files = next.files.map((file) => file.token);
      try {
        await this.post("messages", { key, text, email, context, files });
        this.mark(key, { isKept: true });
        attempt = 0;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.isPassing) {
          const pause = Math.max(backOff(attempt, Math.random()), error.retryAfter * 1000);
          await new Promise((done) => setTimeout(done, pause));
          attempt += 1;
        } else this.mark(key, { isRefused: true });
      }
    }
    this.isSending = false;
  }

  private mark(key: string, part: Partial<Pending>): void {
    this.keepPending(this.pending.value.map((each) => (each.key === key ? { ...each, ...part } : each)));
  }

  private keepPending(pending: Pending[]): void {
    this.pending.value = pending;
    this.stored.change({ pending });
  }
}
