import "./switches.css";
import { isLanguage, language, LANGUAGES, t, word } from "../i18n/index.ts";
import { chooseLanguage, chooseTheme, theme, THEMES } from "../state/preferences.ts";

// Each language is named in itself: whoever looks for it may not read the current one.
const NAMES = { en: "English", ru: "Русский", uk: "Українська" } as const;

export function LanguageSwitch() {
  return (
    <select
      class="switch"
      aria-label={t("switch.language")}
      value={language.value}
      onChange={({ currentTarget: { value } }) => isLanguage(value) && chooseLanguage(value)}
    >
      {LANGUAGES.map((code) => (
        <option key={code} value={code} lang={code}>
          {NAMES[code]}
        </option>
      ))}
    </select>
  );
}

export function ThemeSwitch() {
  return (
    <select
      class="switch"
      aria-label={t("switch.theme")}
      value={theme.value}
      onChange={({ currentTarget: { value } }) => {
        const chosen = THEMES.find((each) => each === value);
        if (chosen) chooseTheme(chosen);
      }}
    >
      {THEMES.map((each) => (
        <option key={each} value={each}>
          {word("theme", each)}
        </option>
      ))}
    </select>
  );
}
