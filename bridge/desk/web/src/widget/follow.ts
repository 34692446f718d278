// What is new, over a WebSocket, else by long polls; with growing pauses where there is neither.
import { Refused, type Update, type Wire } from "./wire.ts";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const HELLO = 6_000;
/** A socket that said nothing: something on the way does not let them through, so long polls for a while. */
const POLLS = 60_000;

export interface Followed {
  token: () => string;
  cursor: () => string;
  there: () => boolean;
  /** Make the token and the cursor good. Throws Refused. */
  open: () => Promise<void>;
  take: (update: Update) => void;
  isLive: (live: boolean) => void;
}

/** Milliseconds before the next attempt after `attempt` failed ones; `jitter` is in 0..1. */
export const backOff = (attempt: number, jitter: number): number =>
  Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + jitter / 2);

export class Follower {
  private isOpen = false;
  private stop = new AbortController();
  private hurry: () => void = () => undefined;

  constructor(
    private readonly wire: Wire,
    private readonly other: Followed,
  ) {
    // A laptop that wakes or a network that returns need not wait for the back-off.
    addEventListener("online", () => this.hurry());
  }

  /** Runs until `close`. Throws Refused where the page may not open the chat at all. */
  async run(): Promise<void> {
    const { signal } = this.stop;
    for (let attempt = 0; !signal.aborted;) {
      try {
        if (!this.isOpen) await this.other.open();
        this.isOpen = true;
        this.other.isLive(true);
        if (await this.listen(signal)) await this.pause(backOff(0, Math.random()));
        else await this.poll(signal);
        attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Refused)) throw error;
        if (!error.isPassing && !this.isOpen) throw error;
        this.isOpen = error.isPassing && this.isOpen;
        this.other.isLive(error.status === 429);
        await this.pause(Math.max(backOff(attempt, Math.random()), error.retryAfter * 1000));
        attempt += 1;
      }
    }
  }

  close(): void {
    this.stop.abort();
    this.hurry();
  }

  /** One socket until it ends; whether it said anything. */
  private listen(signal: AbortSignal): Promise<boolean> {
    return new Promise((done) => {
      let socket: WebSocket;
      let hasSpoken = false;
      try {
        socket = this.wire.socket();
      } catch {
        done(false);
        return;
      }
      const close = () => socket.close();
      const timer = setTimeout(close, HELLO);
      signal.addEventListener("abort", close);
      socket.addEventListener("open", () =>
        socket.send(JSON.stringify({ token: this.other.token(), cursor: this.other.cursor() })),
      );
      socket.addEventListener("message", ({ data }) => {
        clearTimeout(timer);
        hasSpoken = true;
        this.other.take(JSON.parse(data as string) as Update);
      });
      socket.addEventListener("close", () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", close);
        done(hasSpoken);
      });
    });
  }

  /** Long polls for a while. Throws Refused. */
  private async poll(signal: AbortSignal): Promise<void> {
    const until = Date.now() + POLLS;
    do {
      const { cursor, there, token } = this.other;
      const asked = { cursor: cursor(), there: there() };
      const update = await this.wire.post<Update>("poll", asked, token(), signal);
      this.other.isLive(true);
      if (update) this.other.take(update);
    } while (Date.now() < until && !signal.aborted);
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      this.hurry = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}
