// Agents: who they are, what they do right now, and who of them sits here.
import type { UnfinishedCall } from "./call.ts";

export type Role = "agent" | "supervisor" | "admin";
export type AgentStateName = "offline" | "available" | "ringing" | "in_call" | "wrap_up";

export const DISPOSITIONS = [
  "resolved",
  "follow_up",
  "order_taken",
  "wrong_number",
  "spam",
  "other",
] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

export interface Agent {
  id: string;
  login: string;
  name: string;
  role: Role;
  extension: string | null;
  language: string;
}

/** A line of the supervisor's list of agents. */
export interface AgentLine extends Agent {
  state: AgentStateName;
  call_id: string | null;
  registered: boolean;
  at_desk: boolean;
}

export interface Me {
  agent: Agent;
  csrf: string;
  company: { name: string; region: string; language: string };
  unfinished: UnfinishedCall[];
}

export interface LoginAnswer {
  token: string;
  csrf: string;
  agent: Agent;
}

export interface AgentStateChange {
  agent_id: string;
  extension: string | null;
  state: AgentStateName;
  call_id?: string | null;
}
