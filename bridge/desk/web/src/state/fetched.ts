// What a page fetches for itself, with its failure beside it.
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import { isSessionOver } from "./session.ts";

export interface Fetched<T> {
  data: T | null;
  problem: Problem | null;
  refresh: () => void;
}

/** Fetches when `dependencies` change and on `refresh`; the answer of an older request never wins over a newer one. */
export function useFetched<T>(fetchIt: () => Promise<T>, dependencies: readonly unknown[]): Fetched<T> {
  const [data, setData] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    setProblem(null);
    fetchIt().then(
      (answer) => isCurrent && setData(answer),
      (error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        if (isCurrent && !isSessionOver(error)) setProblem(error);
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [...dependencies, round]);
  return { data, problem, refresh: () => setRound((count) => count + 1) };
}
