// Who is at the desk. `me` is undefined until the server was asked, and null when nobody is logged in.
import { signal } from "@preact/signals";
import * as api from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Me } from "../api/types.ts";
import { useLanguageOf } from "./preferences.ts";

export const me = signal<Me | null | undefined>(undefined);

/** Asks who we are. Throws Problem when the server does not answer; "not logged in" is an answer. */
export async function refreshMe(): Promise<void> {
  try {
    const answer = await api.getMe();
    useLanguageOf(answer.agent.language);
    me.value = answer;
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    me.value = null;
  }
}

export async function logIn(login: string, password: string): Promise<void> {
  await api.login(login, password);
  await refreshMe();
}

export async function logOut(): Promise<void> {
  await api.logout();
  me.value = null;
}

/** For handlers of failed requests: a session that ended shows the login page, the rest is the caller's to tell. */
export function isSessionOver(error: unknown): boolean {
  const isOver = error instanceof Problem && error.status === 401;
  if (isOver) me.value = null;
  return isOver;
}
