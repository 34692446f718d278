// The desk's pages have real addresses; the address bar is the state and this signal follows it.
import { signal } from "@preact/signals";

export type Route =
  | { page: "desk" }
  | { page: "customer"; id: string }
  | { page: "call"; id: string }
  | { page: "components" }
  | { page: "health" }
  | { page: "missing" };

export function routeOf(path: string): Route {
  const [, first = "", id, ...rest] = path.split("/");
  if ((first === "" || first === "login") && id === undefined) return { page: "desk" };
  if (first === "components" && id === undefined) return { page: "components" };
  if (first === "health" && id === undefined) return { page: "health" };
  if (id && rest.length === 0 && first === "customers") return { page: "customer", id };
  if (id && rest.length === 0 && first === "calls") return { page: "call", id };
  return { page: "missing" };
}

export const route = signal<Route>({ page: "desk" });

export function navigate(path: string): void {
  if (path !== location.pathname) history.pushState(null, "", path);
  route.value = routeOf(path);
  scrollTo(0, 0);
}

/** Follows the address bar and takes over plain clicks on our own links; call once. */
export function startRouter(): void {
  route.value = routeOf(location.pathname);
  addEventListener("popstate", () => (route.value = routeOf(location.pathname)));
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href^='/']");
    const isPlain =
      event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.target || link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    navigate(link.pathname);
  });
}
