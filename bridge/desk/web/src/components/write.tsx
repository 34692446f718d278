import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { ClosedWay, ContinueLink, FilledTemplate, OpenWay, Upload } from "../api/writing.ts";
import { t, word } from "../i18n/index.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notifyFailure } from "../state/notices.ts";
import { navigate } from "../state/router.ts";
import { Button } from "./button.tsx";
import { Files, nameOfWay } from "./composer_tools.tsx";
import { Offered } from "./continuing.tsx";
import { Dialog } from "./dialog.tsx";
import { Choice, Field, LONGEST_NOTE, TextArea } from "./field.tsx";
import { channelIcon, Icon } from "./icon.tsx";
import { Notice } from "./notice.tsx";
import { Skeleton } from "./skeleton.tsx";
import { TemplateForm } from "./templates.tsx";

const labelOf = (way: OpenWay) =>
  `${nameOfWay(way)} (${[way.inbox, way.templated && t("write.template_only")].filter(Boolean).join(", ")})`;

function Letter({ customerId, way }: { customerId: string; way: OpenWay }) {
  const [subject, setSubject] = useState("");
  const [text, setText] = useState("");
  const [files, setFiles] = useState<readonly Upload[]>([]);
  const [key] = useState(() => crypto.randomUUID());
  const [isBusy, setBusy] = useState(false);
  const begin = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const attachments = files.map(({ id }) => id);
    const message = { text: text.trim(), key, way, subject: subject.trim(), attachments, about: null };
    try {
      const entry = await api.beginConversation(customerId, message);
      navigate(`/conversations/${entry.conversation_id}`);
    } catch (error) {
      notifyFailure(error);
      setBusy(false);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void begin(event)}>
      {way.channel === "email" && (
        <Field
          label={t("composer.subject")}
          maxLength={200}
          value={subject}
          onInput={(event) => setSubject(event.currentTarget.value)}
        />
      )}
      <TextArea
        label={t("composer.answer")}
        rows={5}
        maxLength={LONGEST_NOTE}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="composer-how">
        <Files files={files} onChange={setFiles} />
      </div>
      <div class="row">
        <Button
          type="submit"
          kind="primary"
          icon="outbound"
          isBusy={isBusy}
          disabled={!text.trim() && files.length === 0}
        >
          {t("composer.send")}
        </Button>
      </div>
    </form>
  );
}

function Open({ customerId, ways }: { customerId: string; ways: readonly OpenWay[] }) {
  const [chosen, setChosen] = useState("0");
  const way = ways[Number(chosen)];
  if (!way) return <Notice tone="info">{t("write.no_way")}</Notice>;
  const begin = async (template: FilledTemplate, key: string) => {
    const entry = await api.beginConversation(customerId, { template, key, way, about: null });
    navigate(`/conversations/${entry.conversation_id}`);
  };
  return (
    <div class="stack">
      <Choice
        label={t("write.way")}
        options={ways.map((each, index) => ({ value: String(index), label: labelOf(each) }))}
        value={chosen}
        onChoose={setChosen}
      />
      {way.templated ? (
        <>
          <Notice tone="info">{t("write.only_template")}</Notice>
          <TemplateForm key={way.inbox_id} inboxId={way.inbox_id} onSend={begin} />
        </>
      ) : (
        <Letter customerId={customerId} way={way} />
      )}
    </div>
  );
}

/** Where they cannot be written to first, why, and the link that brings them there instead. */
function Closed({ closed, onOffer }: { closed: readonly ClosedWay[]; onOffer: (channel: string) => void }) {
  if (closed.length === 0) return null;
  return (
    <section class="stack">
      {closed.some(({ continues }) => continues) && <p class="quiet">{t("write.instead")}</p>}
      <ul class="plain-list">
        {closed.map(({ channel, reason, continues }) => (
          <li key={channel} class="row between">
            <span>
              <Icon name={channelIcon(channel)} size={14} /> {word("channel", channel)}:{" "}
              <span class="quiet">{word("way_closed", reason)}</span>
            </span>
            {continues && <Button onClick={() => onOffer(channel)}>{t("write.offer")}</Button>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Writes to a customer first. */
export function WriteDialog({ customerId, onClose }: { customerId: string; onClose: () => void }) {
  const { data, problem } = useFetched(() => api.listWays(customerId), [customerId]);
  const [link, setLink] = useState<ContinueLink | null>(null);
  const offer = (channel: string) =>
    void api.continueIn({ things: "customers", id: customerId }, channel).then(setLink, notifyFailure);
  return (
    <Dialog title={link ? t("continue.title") : t("write.begin")} onClose={onClose}>
      {problem && <Notice tone="bad">{explain(problem)}</Notice>}
      {!data && !problem && <Skeleton lines={4} />}
      {link && <Offered link={link} />}
      {data && !link && (
        <div class="stack">
          <Open customerId={customerId} ways={data.items} />
          <Closed closed={data.closed} onOffer={offer} />
        </div>
      )}
    </Dialog>
  );
}
