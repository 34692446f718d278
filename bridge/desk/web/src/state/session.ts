// Who is at the desk. `me` is undefined until the server was asked, and null when nobody is logged in.
import { signal } from "@preact/signals";
import * as api from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Me } from "../api/agent.ts";
import { useLanguageOf } from "./preferences.ts";

export const me = signal<Me | null | undefined>(undefined);
/** The server has not answered yet since the page was opened. */
export const isUnreachable = signal(false);

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

/** Asks until the server answers: a desk that was opened during a restart finds its way by itself. */
export async function findOut(): Promise<void> {
  try {
    await refreshMe();
    isUnreachable.value = false;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    isUnreachable.value = true;
    setTimeout(() => void findOut(), 2_000);
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
