import "./login.css";
import { useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import { t } from "../i18n/index.ts";
import { Button } from "../components/button.tsx";
import { Field } from "../components/field.tsx";
import { LanguageSwitch } from "../components/switches.tsx";
import { Mark } from "../components/mark.tsx";
import { Notice } from "../components/notice.tsx";
import { explain } from "../state/notices.ts";
import { navigate } from "../state/router.ts";
import { logIn } from "../state/session.ts";

const reasonOf = (error: unknown): string =>
  error instanceof Problem && error.status === 401 ? t("login.wrong") : explain(error);

export function LoginPage() {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      await logIn(login, password);
      if (location.pathname === "/login") navigate("/");
    } catch (error) {
      setFailure(reasonOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form class="login-form stack" onSubmit={(event) => void submit(event)}>
        <div class="login-brand">
          <Mark />
          <h1>{t("brand")}</h1>
        </div>
        <p class="quiet">{t("login.claim")}</p>
        {failure && <Notice tone="bad">{failure}</Notice>}
        <Field
          label={t("login.login")}
          name="login"
          autocomplete="username"
          autocapitalize="none"
          required
          value={login}
          onInput={(event) => setLogin(event.currentTarget.value)}
        />
        <Field
          label={t("login.password")}
          name="password"
          isPassword
          autocomplete="current-password"
          required
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" kind="primary" isBusy={isBusy}>
          {t("login.enter")}
        </Button>
        <LanguageSwitch />
      </form>
    </main>
  );
}
