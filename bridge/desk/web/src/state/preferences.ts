// What this browser remembers for its user: the language and the theme. No personal data is kept in the browser.
import { effect, signal } from "@preact/signals";
import { isLanguage, language, type Language } from "../i18n/index.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const stored = (name: string) => localStorage.getItem(`omniline.${name}`);

const isTheme = (text: string | null): text is Theme => THEMES.includes(text as Theme);

export const theme = signal<Theme>("system");

/** The language that was chosen here wins over the agent's setting. */
export function useLanguageOf(agentLanguage: string): void {
  const chosen = stored("language");
  language.value = isLanguage(chosen) ? chosen : isLanguage(agentLanguage) ? agentLanguage : "en";
}

export function chooseLanguage(chosen: Language): void {
  localStorage.setItem("omniline.language", chosen);
  language.value = chosen;
}

export function chooseTheme(chosen: Theme): void {
  localStorage.setItem("omniline.theme", chosen);
  theme.value = chosen;
}

export function startPreferences(): void {
  const chosen = stored("theme");
  if (isTheme(chosen)) theme.value = chosen;
  useLanguageOf(navigator.language.slice(0, 2));
  effect(() => {
    document.documentElement.lang = language.value;
    if (theme.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
  });
}
