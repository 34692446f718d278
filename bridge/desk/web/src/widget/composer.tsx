import { useEffect, useRef, useState } from "preact/hooks";
import type { Props } from "./chat.tsx";
import { Icon } from "./icons.tsx";
import { LONGEST_TEXT } from "./talk.ts";
import { type KeptFile, Refused } from "./wire.ts";
import type { Key } from "./words.ts";

const MOST_FILES = 10;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/;

export function Composer({ talk, words }: Props) {
  const { t } = words;
  const [text, setText] = useState(talk.stored.value.draft);
  const field = useRef<HTMLTextAreaElement>(null);
  const email = useRef<HTMLInputElement>(null);
  const [isWrong, setWrong] = useState(false);
  const opened = talk.opened.value;
  const asksEmail = opened !== null && !talk.there.value && !opened.email && !talk.email.value;
  const [files, setFiles] = useState<KeptFile[]>([]);
  const [isKeeping, setKeeping] = useState(false);
  const [fileWrong, setFileWrong] = useState<Key | "">("");
  const chooser = useRef<HTMLInputElement>(null);
  const isEmpty = !text.trim() && files.length === 0;
  const tooLong = text.length - LONGEST_TEXT;

  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    const area = field.current!;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 140)}px`;
  }, [text]);

  const keepEmail = (): boolean => {
    const given = email.current?.value.trim() ?? "";
    const isFit = given === "" || EMAIL.test(given);
    setWrong(!isFit);
    if (!isFit) email.current?.focus();
    else if (given) talk.keepEmail(given);
    return isFit;
  };
  const send = (): void => {
    if (isEmpty || isKeeping || tooLong > 0 || !keepEmail()) return;
    talk.write(text.trim(), files);
    setText("");
    setFiles([]);
    field.current?.focus();
  };
  const keepFiles = async (chosen: FileList | null): Promise<void> => {
    setFileWrong("");
    setKeeping(true);
    for (const file of [...(chosen ?? [])].slice(0, MOST_FILES - files.length)) {
      try {
        const kept = await talk.keepFile(file);
        setFiles((before) => [...before, kept]);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        setFileWrong(
          error.status === 413 ? "file.large" : error.status === 429 ? "account.busy" : "file.failed",
        );
      }
    }
    setKeeping(false);
    chooser.current!.value = "";
    field.current?.focus();
  };
  return (
    <form
      class="composer"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {asksEmail && (
        <label class="field">
          <span class="field-label">{t("away.label")}</span>
          <input
            ref={email}
            type="email"
            autocomplete="email"
            aria-invalid={isWrong}
            aria-describedby={isWrong ? "email-wrong" : undefined}
            onInput={() => setWrong(false)}
          />
          {isWrong && (
            <span class="field-wrong" id="email-wrong" role="alert">
              {t("email.wrong")}
            </span>
          )}
        </label>
      )}
      {opened && !talk.there.value && !asksEmail && (
        <p class="composer-note">
          {t("away.kept", { email: opened.email || talk.email.value })}
          {!opened.email && (
            <button type="button" class="link" onClick={() => talk.keepEmail("")}>
              {t("away.change")}
            </button>
          )}
        </p>
      )}
      {files.length > 0 && (
        <ul class="chosen">
          {files.map((file) => (
            <li key={file.token} class="file">
              <span class="file-name">{file.name}</span>
              <button
                type="button"
                class="quiet"
                aria-label={t("file.leave", { name: file.name })}
                onClick={() => setFiles(files.filter((each) => each !== file))}
              >
                <Icon name="close" size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {isKeeping && <p class="composer-note">{t("file.keeping")}</p>}
      {fileWrong && (
        <p class="field-wrong" role="alert">
          {t(fileWrong)}
        </p>
      )}
      <div class="composer-row">
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          onChange={({ currentTarget }) => void keepFiles(currentTarget.files)}
        />
        <button
          type="button"
          class="quiet attach"
          aria-label={t("file.attach")}
          disabled={talk.link.value !== "live" || isKeeping || files.length >= MOST_FILES}
          onClick={() => chooser.current!.click()}
        >
          <Icon name="attachment" />
        </button>
        <textarea
          ref={field}
          rows={1}
          value={text}
          dir="auto"
          aria-label={t("write.label")}
          placeholder={t("write.hint")}
          enterkeyhint="send"
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            talk.stored.change({ draft: currentTarget.value });
            talk.sayTyping();
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button
          type="submit"
          class="send"
          aria-label={t("write.send")}
          disabled={isEmpty || isKeeping || tooLong > 0}
        >
          <Icon name="send" />
        </button>
      </div>
      {tooLong > 0 && (
        <p class="field-wrong" role="alert">
          {t("write.too_long", { count: tooLong })}
        </p>
      )}
    </form>
  );
}
