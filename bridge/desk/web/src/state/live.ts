// The live channel: one WebSocket that is opened anew when it breaks, from the cursor of the last durable message, so
// that nothing is missed and nothing comes twice.
import { signal } from "@preact/signals";
import type { LiveMessage } from "../api/live.ts";

export type LinkState = "connecting" | "live" | "lost";

export const link = signal<LinkState>("connecting");

const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;

/** Milliseconds before attempt number `attempt` (0 is the first after a break): doubling, capped, with jitter in 0..1. */
export function backOff(attempt: number, jitter: number): number {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + jitter / 2);
}

export interface LiveHandlers {
  onMessage: (message: LiveMessage) => void;
  /** Called after each failed attempt; false ends the attempts (the session is over). */
  mayRetry: () => Promise<boolean>;
}

export class LiveChannel {
  private socket: WebSocket | null = null;
  private cursor: string | null = null;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;

  constructor(private readonly handlers: LiveHandlers) {}

  open(): void {
    const after = this.cursor === null ? "" : `?after=${encodeURIComponent(this.cursor)}`;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/live${after}`);
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => this.take(JSON.parse(data as string) as LiveMessage));
    socket.addEventListener("close", () => void this.retry());
    // A laptop that wakes or a network that returns need not wait for the back-off.
    addEventListener("online", this.hurry);
  }

  /** Returns whether it was sent; a message of a broken link is not kept. */
  send(message: object): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.hurry);
    this.socket?.close();
  }

  private take(message: LiveMessage): void {
    if (message.type === "notice" && message.data.code === "hello") {
      this.attempt = 0;
      this.cursor ??= message.data.cursor ?? null;
      link.value = "live";
    }
    if (message.cursor) this.cursor = message.cursor;
    if (message.type === "notice" && message.data.code === "reload")
      this.cursor = message.data.cursor ?? null;
    this.handlers.onMessage(message);
  }

  private async retry(): Promise<void> {
    if (this.isClosed) return;
    link.value = "lost";
    if (!(await this.handlers.mayRetry())) return this.close();
    this.timer = setTimeout(() => this.open(), backOff(this.attempt++, Math.random()));
  }

  private readonly hurry = (): void => {
    if (link.value !== "lost" || this.isClosed) return;
    clearTimeout(this.timer);
    this.open();
  };
}
