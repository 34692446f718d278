// Signing in by a code, so that the messages are on other devices as well; and being forgotten on this one.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Props } from "./chat.tsx";
import { Refused } from "./wire.ts";
import type { Key } from "./words.ts";

const REASONS: Record<number, Key> = {
  403: "account.wrong",
  409: "account.over",
  422: "email.wrong",
  429: "account.busy",
};

export function Account({ talk, words, done }: Props & { done: () => void }) {
  const { t } = words;
  const opened = talk.opened.value;
  const forget = (): void => {
    talk.forget();
    done();
  };
  return (
    <div class="account">
      {opened?.account ? (
        <p>{opened.email ? t("account.in", { email: opened.email }) : t("account.known")}</p>
      ) : (
        opened?.sign_in && <SignIn talk={talk} words={words} done={done} />
      )}
      <button type="button" class="plain" onClick={forget}>
        {t(opened?.account ? "account.out" : "account.forget")}
      </button>
    </div>
  );
}

function SignIn({ talk, words, done }: Props & { done: () => void }) {
  const { t } = words;
  const [email, setEmail] = useState("");
  const [wrong, setWrong] = useState<Key | "">("");
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), [email]);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given = field.current!.value.trim();
    setWrong("");
    setBusy(true);
    try {
      if (email) {
        await talk.signIn(given.replace(/\D/g, ""));
        return done();
      }
      await talk.askCode(given);
      setEmail(given);
      field.current!.value = "";
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const isCode = email !== "" && error.status === 422;
      setWrong(isCode ? "account.wrong" : (REASONS[error.status] ?? "account.failed"));
      field.current?.focus();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="sign-in" noValidate onSubmit={(event) => void submit(event)}>
      <h3>{t("account.title")}</h3>
      <p>{email ? t("account.sent", { email }) : t("account.text")}</p>
      <label class="field">
        <span class="field-label">{t(email ? "account.code" : "account.email")}</span>
        <input
          key={email ? "code" : "email"}
          ref={field}
          type="text"
          inputMode={email ? "numeric" : "email"}
          autocomplete={email ? "one-time-code" : "email"}
          maxLength={email ? 7 : 254}
          aria-invalid={wrong !== ""}
          aria-describedby={wrong ? "account-wrong" : undefined}
        />
        {wrong && (
          <span class="field-wrong" id="account-wrong" role="alert">
            {t(wrong)}
          </span>
        )}
      </label>
      <div class="buttons">
        <button type="submit" class="primary" disabled={isBusy}>
          {t(email ? "account.enter" : "account.ask")}
        </button>
        {email && (
          <button type="button" class="plain" onClick={() => setEmail("")}>
            {t("account.other")}
          </button>
        )}
      </div>
    </form>
  );
}
