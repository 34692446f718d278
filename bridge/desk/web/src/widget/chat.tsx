// The button in the corner, and the panel that it opens.
import { useEffect, useRef, useState } from "preact/hooks";
import { Account } from "./account.tsx";
import { Composer } from "./composer.tsx";
import { Icon } from "./icons.tsx";
import { Messages } from "./messages.tsx";
import type { Talk } from "./talk.ts";
import type { Words } from "./words.ts";

export interface Props {
  talk: Talk;
  words: Words;
}

export function Chat({ talk, words }: Props) {
  const { t } = words;
  const isOpen = talk.isOpen.value;
  const unread = talk.unread.value;
  const launcher = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && !isOpen) launcher.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  const news = unread > 0 ? `, ${t("launcher.unread", { count: unread })}` : "";
  const label = isOpen ? t("panel.close") : t("launcher.open") + news;
  return (
    <div class="chat" data-open={isOpen}>
      {isOpen && <Panel talk={talk} words={words} />}
      <button
        ref={launcher}
        type="button"
        class="launcher"
        aria-expanded={isOpen}
        aria-label={label}
        onClick={() => talk.show(!isOpen)}
      >
        <Icon name={isOpen ? "down" : "chat"} size={26} />
        {unread > 0 && !isOpen && (
          <span class="unread" aria-hidden="true">
            {unread > 9 ? "9+" : unread}
          </span>
        )}
      </button>
    </div>
  );
}

function Panel({ talk, words }: Props) {
  const { t } = words;
  const [isAccount, setAccount] = useState(false);
  const opened = talk.opened.value;
  const there = talk.there.value;
  const hasAccount = opened && (opened.sign_in || opened.account || talk.lines.value.length > 0);
  const closeOnEscape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (isAccount) setAccount(false);
    else talk.show(false);
  };
  return (
    <div
      class="panel"
      role="dialog"
      aria-label={opened?.title ?? t("panel.messages")}
      onKeyDown={closeOnEscape}
    >
      <header class="head">
        {isAccount && (
          <button type="button" class="quiet" aria-label={t("panel.back")} onClick={() => setAccount(false)}>
            <Icon name="back" />
          </button>
        )}
        <div class="head-words">
          <h2 class="head-title">{opened?.title ?? "\u00a0"}</h2>
          {opened && (
            <p class="head-there" data-there={there}>
              {t(there ? "there.yes" : "there.no")}
            </p>
          )}
        </div>
        {hasAccount && !isAccount && (
          <button type="button" class="quiet" aria-label={t("panel.menu")} onClick={() => setAccount(true)}>
            <Icon name="person" />
          </button>
        )}
        <button type="button" class="quiet" aria-label={t("panel.close")} onClick={() => talk.show(false)}>
          <Icon name="close" />
        </button>
      </header>
      {isAccount ? (
        <Account talk={talk} words={words} done={() => setAccount(false)} />
      ) : (
        <>
          <Messages talk={talk} words={words} />
          {talk.link.value !== "refused" && <Composer talk={talk} words={words} />}
        </>
      )}
    </div>
  );
}
