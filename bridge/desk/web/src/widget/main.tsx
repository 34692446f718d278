// The chat on a company's site: one script tag, docs/howto/site-chat.md. Everything lies in a shadow root, so that the
// site's styles and ours do not meet, and nothing is inline, so that a strict content security policy lets it be.
import { effect } from "@preact/signals";
import { render } from "preact";
import { Chat } from "./chat.tsx";
import { accentOf } from "./colours.ts";
import css from "./widget.css";
import { Talk } from "./talk.ts";
import { Wire } from "./wire.ts";
import { wordsOf } from "./words.ts";

type Command =
  | ["open" | "close" | "forget"]
  | ["page", string, string]
  | ["cart" | "order" | "theme", string]
  | ["user", string, string];

declare global {
  interface Window {
    omniline?: { push: (...commands: Command[]) => void } | Command[];
  }
}

/** The token of a continue-link in the page's address. It goes from there at once: whoever copies the address copies no link. */
function takeLink(): string {
  const found = /[#&]omniline=(go-[a-z2-7]{24})(?=&|$)/.exec(location.hash);
  if (!found) return "";
  const rest = location.hash.replace(found[0], "").replace(/^&/, "#");
  history.replaceState(history.state, "", location.pathname + location.search + rest);
  return found[1]!;
}

const DEFAULT_COLOUR = "#0e5c56";

function start(script: HTMLScriptElement): void {
  const given = script.dataset;
  const inbox = given.inbox ?? "site";
  const languages = [given.language ?? "", document.documentElement.lang, ...navigator.languages];
  const words = wordsOf(languages.filter(Boolean));
  const talk = new Talk(new Wire(new URL(script.src).origin, inbox), inbox, () => words.language);

  const host = document.createElement("omniline-chat");
  host.lang = words.language;
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  host.dataset.side = given.side === "left" ? "left" : "right";

  let theme = given.theme ?? "auto";
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const paint = (): void => {
    const chosen = theme === "light" || theme === "dark" ? theme : isDark.matches ? "dark" : "light";
    const { fill, ink, edge } = accentOf(talk.opened.value?.colour ?? given.colour ?? DEFAULT_COLOUR, chosen);
    host.dataset.theme = chosen;
    host.style.setProperty("--accent", fill);
    host.style.setProperty("--accent-ink", ink);
    host.style.setProperty("--edge", edge);
  };
  isDark.addEventListener("change", paint);
  effect(paint);

  function obey([name, one = "", two = ""]: Command): void {
    switch (name) {
      case "open":
      case "close":
        return talk.show(name === "open");
      case "forget":
        talk.user = { user: "", signature: "" };
        return talk.forget();
      case "page":
        talk.context.page_url = one;
        talk.context.page_title = two;
        return;
      case "cart":
      case "order":
        talk.context[name] = one;
        return;
      case "theme":
        theme = one;
        return paint();
      case "user":
        talk.user = { user: one, signature: two };
        return talk.begin();
    }
  }

  if (given.cart) obey(["cart", given.cart]);
  if (given.order) obey(["order", given.order]);
  if (given.user) obey(["user", given.user, given.userSignature ?? ""]);
  const link = takeLink();
  const waiting = Array.isArray(window.omniline) ? window.omniline : [];
  window.omniline = { push: (...commands) => commands.forEach(obey) };
  waiting.forEach(obey);
  document.addEventListener("visibilitychange", () => talk.look());

  const show = (): void => {
    document.body.append(host);
    render(<Chat talk={talk} words={words} />, root);
    if (link) talk.follow(link);
    else talk.wake();
  };
  if (document.body) show();
  else document.addEventListener("DOMContentLoaded", show);
}

start(document.currentScript as HTMLScriptElement);
