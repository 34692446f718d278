// Until when a conversation may be answered freely, and what may still be sent afterwards: an approved template.
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { ConversationDetail, ConversationWindow, Template } from "../api/types.ts";
import { duration } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { useFetched } from "../state/fetched.ts";
import { notifyFailure } from "../state/notices.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Field, Select } from "./field.tsx";
import { Notice } from "./notice.tsx";

const SOON = 3 * 3600_000;
const keyOf = ({ name, language }: Template) => JSON.stringify([name, language]);

/** The text as the customer gets it, as far as its blanks are filled. */
const filled = ({ text, blanks }: Template, values: Record<string, string>) =>
  blanks.reduce((said, blank) => said.replaceAll(`{{${blank}}}`, values[blank] || `{{${blank}}}`), text);

export function ReplyWindow({ talk }: { talk: ConversationDetail }) {
  const { data, refresh } = useFetched(() => api.getWindow(talk.id), [talk.id, talk.last_at]);
  const [now, setNow] = useState(Date.now());
  const [isChoosing, setChoosing] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!data?.limited || data.inbox_id === null) return null;
  const left = data.window_ends_at === null ? 0 : Date.parse(data.window_ends_at) - now;
  return (
    <Notice tone={left > SOON ? "info" : "warn"}>
      <span>{left > 0 ? t("window.open", { left: duration(left) }) : t("window.closed")}</span>{" "}
      {left <= SOON && (
        <Button kind="quiet" onClick={() => setChoosing(true)}>
          {t("window.template")}
        </Button>
      )}
      {isChoosing && (
        <TemplateDialog
          talk={talk}
          inboxId={data.inbox_id}
          onClose={() => {
            setChoosing(false);
            refresh();
          }}
        />
      )}
    </Notice>
  );
}

interface TemplateProps {
  talk: ConversationDetail;
  inboxId: NonNullable<ConversationWindow["inbox_id"]>;
  onClose: () => void;
}

function TemplateDialog({ talk, inboxId, onClose }: TemplateProps) {
  const { data } = useFetched(() => api.listTemplates(inboxId), [inboxId]);
  const [chosen, setChosen] = useState<Template | null>(null);
  const [values, setValues] = useState<Record<string, string>>({});
  const [key] = useState(() => crypto.randomUUID());
  const template = chosen ?? data?.items[0] ?? null;
  const send = async (event: Event) => {
    event.preventDefault();
    if (template === null) return;
    try {
      await api.sendTemplate(talk.id, { name: template.name, language: template.language, key, values });
      onClose();
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <Dialog title={t("window.template")} onClose={onClose}>
      {data && template === null && <p class="quiet">{t("window.no_templates")}</p>}
      {data && template && (
        <form class="stack" onSubmit={(event) => void send(event)}>
          <Select
            label={t("window.which")}
            options={data.items.map((each) => ({
              value: keyOf(each),
              label: `${each.name}, ${each.language}`,
            }))}
            value={keyOf(template)}
            onChoose={(wanted) => {
              setChosen(data.items.find((each) => keyOf(each) === wanted) ?? null);
              setValues({});
            }}
          />
          {template.blanks.map((blank) => (
            <Field
              key={blank}
              label={t("window.blank", { blank })}
              value={values[blank] ?? ""}
              maxLength={1000}
              onInput={(event) => setValues({ ...values, [blank]: event.currentTarget.value })}
            />
          ))}
          <p class="entry-text">{filled(template, values)}</p>
          <Button
            type="submit"
            kind="primary"
            icon="outbound"
            disabled={template.blanks.some((blank) => !values[blank]?.trim())}
          >
            {t("composer.send")}
          </Button>
        </form>
      )}
    </Dialog>
  );
}
