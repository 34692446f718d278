// The desk's pages have real addresses; the address bar is the state and this signal follows it.
import { signal } from "@preact/signals";
import type { Entry } from "../api/entry.ts";

export type Route =
  | { page: "desk" }
  | { page: "customer"; id: string; to: string | null }
  | { page: "call"; id: string }
  | { page: "pop"; token: string }
  | { page: "worklist" }
  | { page: "conversation"; id: string }
  | { page: "canned_answers" }
  | { page: "hours" }
  | { page: "phones" }
  | { page: "suggestions" }
  | { page: "dead_letters" }
  | { page: "connections" }
  | { page: "components" }
  | { page: "health" }
  | { page: "missing" };

const DAY = /^#(\d{4}-\d\d-\d\d)$/;

/** The page of an address; a customer's may name the day to begin at (#2026-11-27). */
export function routeOf(address: string): Route {
  const { pathname, hash } = new URL(address, "http://desk");
  const [, first = "", id, ...rest] = pathname.split("/");
  if ((first === "" || first === "login") && id === undefined) return { page: "desk" };
  if (first === "worklist" && id === undefined) return { page: "worklist" };
  if (first === "canned_answers" && id === undefined) return { page: "canned_answers" };
  if (first === "hours" && id === undefined) return { page: "hours" };
  if (first === "phones" && id === undefined) return { page: "phones" };
  if (first === "suggestions" && id === undefined) return { page: "suggestions" };
  if (first === "dead_letters" && id === undefined) return { page: "dead_letters" };
  if (first === "connections" && id === undefined) return { page: "connections" };
  if (first === "components" && id === undefined) return { page: "components" };
  if (first === "health" && id === undefined) return { page: "health" };
  if (id && rest.length === 0 && first === "customers") {
    return { page: "customer", id, to: DAY.exec(hash)?.[1] ?? null };
  }
  if (id && rest.length === 0 && first === "calls") return { page: "call", id };
  if (id && rest.length === 0 && first === "conversations") return { page: "conversation", id };
  if (id && rest.length === 0 && first === "pop") return { page: "pop", token: id };
  return { page: "missing" };
}

export const route = signal<Route>({ page: "desk" });

const here = () => location.pathname + location.hash;

export function navigate(address: string): void {
  if (address !== here()) history.pushState(null, "", address);
  route.value = routeOf(address);
  scrollTo(0, 0);
}

/** Follows the address bar and takes over plain clicks on our own links; call once. */
export function startRouter(): void {
  route.value = routeOf(here());
  addEventListener("popstate", () => (route.value = routeOf(here())));
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href^='/']");
    const isPlain =
      event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.target || link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    navigate(link.pathname + link.hash);
  });
}

/** Goes to where an entry is: its call, else its day on the customer's timeline. */
export function openEntry({ call_id, customer_id, at }: Entry): void {
  const day = new Date(at);
  const [month, date] = [day.getMonth() + 1, day.getDate()].map((each) => String(each).padStart(2, "0"));
  if (call_id) navigate(`/calls/${call_id}`);
  else if (customer_id) navigate(`/customers/${customer_id}#${day.getFullYear()}-${month}-${date}`);
}
