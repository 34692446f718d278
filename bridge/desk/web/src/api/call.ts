// Telephone calls, their recordings and words, and those that nobody has answered.
import type { Direction } from "./entry.ts";

export interface CallSummary {
  id: string;
  pbx: string;
  linkedid: string;
  direction: Direction;
  caller: string;
  dialled: string;
  customer_id: string | null;
  customer_name: string | null;
  queue: string | null;
  state: string;
  outcome: string | null;
  started_at: string;
  answered_at: string | null;
  ended_at: string | null;
  answered_by: string | null;
  owner_id: string | null;
  owner: string | null;
  handled_at: string | null;
}

/** Calls of one caller that nobody answered; `call` is the newest. */
export interface WorkItem {
  key: string;
  call: CallSummary;
  attempts: number;
  first_at: string;
  voicemails: CallRecording[];
}

/** `item` is null when the work is done. */
export interface WorkChange {
  key: string;
  item: WorkItem | null;
}

export interface Stage {
  stage: string;
  at: string;
  extension: string | null;
  detail: string | null;
}

export interface CallLeg {
  uniqueid: string;
  role: string;
  state: string;
  extension: string | null;
  created_at: string;
  ringing_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  cause: number | null;
}

/** `confidence` from 0 to 1; times are milliseconds from the recording's begin. */
export interface Word {
  text: string;
  start_ms: number;
  end_ms: number;
  confidence: number;
}

export interface Utterance {
  speaker: "caller" | "agent";
  start_ms: number;
  end_ms: number;
  text: string;
  words: Word[];
}

export interface RecordingTranscript {
  state: "waiting" | "ready" | "failed";
  reason: string | null;
  entry_id: string | null;
  language: string | null;
  model: string | null;
  utterances: Utterance[];
}

export interface CallRecording {
  id: string;
  kind: string;
  state: string;
  duration_ms: number | null;
  transcript: RecordingTranscript | null;
}

export interface CallDetail extends CallSummary {
  stages: Stage[];
  legs: CallLeg[];
  recordings: CallRecording[];
  joined_to: string | null;
}

export interface NoteDraft {
  text: string;
  rev: number;
  saved_at?: string;
}

/** A call of mine whose wrap-up is open, with the draft of its note. */
export interface UnfinishedCall extends CallSummary {
  draft: NoteDraft | null;
}
