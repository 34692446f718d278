import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Consent, CustomerDetail, Purpose } from "../api/customer.ts";
import { ago } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { generation } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { notifyFailure } from "../state/notices.ts";
import { Badge } from "./badge.tsx";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Choice, Field } from "./field.tsx";
import { Panel } from "./panel.tsx";

const PURPOSES: readonly Purpose[] = ["service", "marketing"];

/** What counts: the newest word of each channel and purpose. The server sends the newest first. */
function counting(consents: readonly Consent[]): Consent[] {
  const seen = new Set<string>();
  return consents.filter(({ channel, purpose }) => {
    const what = `${channel} ${purpose}`;
    return !seen.has(what) && seen.add(what);
  });
}

/** Where a customer lets us write and where not, with what they said; and a place to record what they say. */
export function Consents({ customer }: { customer: CustomerDetail }) {
  const { data, refresh } = useFetched(() => api.listConsents(customer.id), [customer.id, generation.value]);
  const [isRecording, setRecording] = useState(false);
  const aside = (
    <Button kind="quiet" icon="note" onClick={() => setRecording(true)}>
      {t("consent.record")}
    </Button>
  );
  return (
    <Panel title={t("consent.title")} aside={aside}>
      <ul class="stack">
        {counting(data?.items ?? []).map((each) => (
          <li key={each.id} class="row">
            <Badge tone={each.granted ? "good" : "bad"}>
              {each.granted ? t("consent.granted") : t("consent.refused")}
            </Badge>
            <span>
              {word("channel", each.channel)}, {word("purpose", each.purpose)}
            </span>
            <span class="quiet">
              {t("consent.proof", { words: each.words.slice(0, 80), ago: ago(each.at) })}
            </span>
          </li>
        ))}
      </ul>
      {data?.items.length === 0 && <p class="quiet">{t("consent.none")}</p>}
      {isRecording && (
        <RecordDialog
          customer={customer}
          onClose={() => {
            setRecording(false);
            refresh();
          }}
        />
      )}
    </Panel>
  );
}

function RecordDialog({ customer, onClose }: { customer: CustomerDetail; onClose: () => void }) {
  const channels = [...new Set(customer.identities.map(({ kind }) => kind))];
  const [channel, setChannel] = useState(channels[0] ?? "phone");
  const [purpose, setPurpose] = useState<Purpose>("service");
  const [answer, setAnswer] = useState<"granted" | "refused">("refused");
  const [words, setWords] = useState("");
  const record = async (event: Event) => {
    event.preventDefault();
    try {
      const granted = answer === "granted";
      await api.addConsent(customer.id, { channel, purpose, granted, words: words.trim() });
      onClose();
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <Dialog title={t("consent.record")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void record(event)}>
        <Choice
          label={t("consent.channel")}
          options={channels.map((value) => ({ value, label: word("channel", value) }))}
          value={channel}
          onChoose={setChannel}
        />
        <Choice
          label={t("consent.purpose")}
          options={PURPOSES.map((value) => ({ value, label: word("purpose", value) }))}
          value={purpose}
          onChoose={setPurpose}
        />
        <Choice
          label={t("consent.answer")}
          options={[
            { value: "granted", label: t("consent.granted") },
            { value: "refused", label: t("consent.refused") },
          ]}
          value={answer}
          onChoose={setAnswer}
        />
        <Field
          label={t("consent.words")}
          hint={t("consent.words_hint")}
          value={words}
          maxLength={1000}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <div class="row">
          <Button type="submit" kind="primary" disabled={!words.trim()}>
            {t("consent.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
