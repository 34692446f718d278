import "./dead_letters.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { DeadLetter } from "../api/admin.ts";
import { ago, fullDate } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Notice } from "../components/notice.tsx";
import { EmptyState, Panel } from "../components/panel.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";

function Letter({ letter, onEnded }: { letter: DeadLetter; onEnded: () => void }) {
  const [isDropping, setDropping] = useState(false);
  const end = async (how: (id: string) => Promise<void>, text: string) => {
    try {
      await how(letter.id);
      notify({ tone: "good", text });
    } catch (error) {
      notifyFailure(error);
    }
    onEnded();
  };
  return (
    <li class="letter">
      <div>
        <strong>{word("work", letter.topic)}</strong>{" "}
        <time class="quiet number" dateTime={letter.died_at} title={fullDate(letter.died_at)}>
          {ago(letter.died_at)}
        </time>
        <p class="letter-reason" lang="en">
          {letter.reason}
        </p>
        <p class="quiet number">{letter.key}</p>
      </div>
      <div class="row">
        <Button icon="undo" onClick={() => void end(api.retryDeadLetter, t("dead_letters.retried"))}>
          {t("dead_letters.retry")}
        </Button>
        <Button kind="danger" onClick={() => setDropping(true)}>
          {t("dead_letters.drop")}
        </Button>
      </div>
      {isDropping && (
        <Dialog title={t("dead_letters.drop_title")} onClose={() => setDropping(false)}>
          <div class="stack">
            <p>{t("dead_letters.drop_text")}</p>
            <div class="row">
              <Button kind="danger" onClick={() => void end(api.dropDeadLetter, t("dead_letters.dropped"))}>
                {t("dead_letters.drop")}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </li>
  );
}

/** Work that failed three times: an admin has it tried again, or drops it. The newest 200. */
export function DeadLettersPage() {
  const { data, problem, refresh } = useFetched(api.listDeadLetters, []);
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!data) return <Skeleton lines={5} />;
  return (
    <Panel title={t("dead_letters.title")}>
      {data.items.length === 0 ? (
        <EmptyState title={t("dead_letters.none")}>{t("dead_letters.none_text")}</EmptyState>
      ) : (
        <ul class="plain-list">
          {data.items.map((letter) => (
            <Letter key={letter.id} letter={letter} onEnded={refresh} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
