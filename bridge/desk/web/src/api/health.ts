// How the installation is.
import type { CallSummary } from "./call.ts";

/** One thing that must be up for calls to be taken. */
export interface Part {
  name: string;
  ok: boolean;
}

/** Nobody watched the calls between the two times. */
export interface WatchedGap {
  since: string;
  until: string;
}

export interface PhoneState {
  extension: string;
  name: string;
  registered: boolean;
}

export interface Versions {
  omniline: string;
  asterisk: string;
  python: string;
}

export interface WaitingCall {
  since: string;
  call: CallSummary | null;
}

export interface MemberLine {
  extension: string;
  paused: boolean;
  reason: string;
}

export interface QueueLine {
  name: string;
  waiting: WaitingCall[];
  members: MemberLine[];
}

/** How the installation is; see bridge/domain/health.py. */
export interface Health {
  started_at: string;
  versions: Versions;
  ami_lag_ms: number | null;
  waiting_news: number;
  waiting_writes: number;
  waiting_work: number;
  waiting_work_seconds: number;
  calls_open: number;
  desks: number;
  stalls: number;
  parts: Part[];
  gaps: WatchedGap[];
  phones: PhoneState[];
  queues: QueueLine[];
}
