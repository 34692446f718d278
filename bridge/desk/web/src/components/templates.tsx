// Messages that a provider has approved: chosen and filled in, and shown as the customer gets them.
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { FilledTemplate, Template } from "../api/writing.ts";
import { t } from "../i18n/index.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notifyFailure } from "../state/notices.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Field, Select } from "./field.tsx";
import { Notice } from "./notice.tsx";
import { Skeleton } from "./skeleton.tsx";

const keyOf = ({ name, language }: Template) => JSON.stringify([name, language]);

/** The text as the customer gets it, as far as its blanks are filled. */
const filled = ({ text, blanks }: Template, values: Record<string, string>) =>
  blanks.reduce((said, blank) => said.replaceAll(`{{${blank}}}`, values[blank] || `{{${blank}}}`), text);

interface TemplateProps {
  inboxId: string;
  /** `key` is the same when the same is tried again. */
  onSend: (template: FilledTemplate, key: string) => Promise<unknown>;
}

export function TemplateForm({ inboxId, onSend }: TemplateProps) {
  const { data, problem } = useFetched(() => api.listTemplates(inboxId), [inboxId]);
  const [chosen, setChosen] = useState<Template | null>(null);
  const [values, setValues] = useState<Record<string, string>>({});
  const [key] = useState(() => crypto.randomUUID());
  const [isBusy, setBusy] = useState(false);
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!data) return <Skeleton lines={4} />;
  const template = chosen ?? data.items[0];
  if (!template) return <p class="quiet">{t("window.no_templates")}</p>;
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onSend({ name: template.name, language: template.language, values }, key);
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
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
      <div class="row">
        <Button
          type="submit"
          kind="primary"
          icon="outbound"
          isBusy={isBusy}
          disabled={template.blanks.some((blank) => !values[blank]?.trim())}
        >
          {t("composer.send")}
        </Button>
      </div>
    </form>
  );
}

/** The button that opens the templates of an inbox. */
export function TemplateButton({ inboxId, onSend }: TemplateProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind="quiet" onClick={() => setOpen(true)}>
        {t("window.template")}
      </Button>
      {isOpen && (
        <Dialog title={t("window.template")} onClose={() => setOpen(false)}>
          <TemplateForm
            inboxId={inboxId}
            onSend={(template, key) => onSend(template, key).then(() => setOpen(false))}
          />
        </Dialog>
      )}
    </>
  );
}
