import "../components/entry.css";
import "./dead_letters.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { CannedAnswer } from "../api/writing.ts";
import { t } from "../i18n/index.ts";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Field, TextArea } from "../components/field.tsx";
import { Notice } from "../components/notice.tsx";
import { EmptyState, Panel } from "../components/panel.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { useFetched } from "../state/fetched.ts";
import { explain, notifyFailure } from "../state/notices.ts";

/** As in bridge/domain/canned.py. */
const VARIABLES = [
  "customer.name",
  "agent.name",
  "company.name",
  "order.number",
  "order.total",
  "order.url",
  "conversation.subject",
] as const;

function Editor({ answer, onClose }: { answer: CannedAnswer | null; onClose: () => void }) {
  const [title, setTitle] = useState(answer?.title ?? "");
  const [text, setText] = useState(answer?.text ?? "");
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      await api.saveCannedAnswer(answer?.id ?? null, { title: title.trim(), text: text.trim() });
      onClose();
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <Dialog title={answer ? t("canned.change") : t("canned.add")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <Field
          label={t("canned.name")}
          maxLength={80}
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
        <TextArea
          label={t("canned.text")}
          rows={6}
          maxLength={10_000}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <p class="quiet">{t("canned.variables")}</p>
        <div class="row">
          {VARIABLES.map((name) => (
            <Button key={name} kind="quiet" onClick={() => setText(`${text}{${name}}`)}>{`{${name}}`}</Button>
          ))}
        </div>
        <div class="row">
          <Button type="submit" kind="primary" disabled={!title.trim() || !text.trim()}>
            {t("canned.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What is answered often, for admins. */
export function CannedAnswersPage() {
  const { data, problem, refresh } = useFetched(api.listCannedAnswers, []);
  const [edited, setEdited] = useState<CannedAnswer | "new" | null>(null);
  const drop = (id: string) => void api.dropCannedAnswer(id).then(refresh, notifyFailure);
  const close = () => {
    setEdited(null);
    refresh();
  };
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!data) return <Skeleton lines={5} />;
  return (
    <Panel
      title={t("canned.title")}
      aside={
        <Button icon="note" onClick={() => setEdited("new")}>
          {t("canned.add")}
        </Button>
      }
    >
      {data.items.length === 0 && <EmptyState title={t("canned.none")}>{t("canned.none_text")}</EmptyState>}
      <ul class="plain-list">
        {data.items.map((answer) => (
          <li key={answer.id} class="letter">
            <div>
              <strong>{answer.title}</strong>
              <p class="entry-text">{answer.text}</p>
            </div>
            <div class="row">
              <Button onClick={() => setEdited(answer)}>{t("canned.change")}</Button>
              <Button kind="danger" onClick={() => drop(answer.id)}>
                {t("canned.drop")}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      {edited !== null && <Editor answer={edited === "new" ? null : edited} onClose={close} />}
    </Panel>
  );
}
