import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { WayToWrite } from "../api/types.ts";
import { t, word } from "../i18n/index.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notifyFailure } from "../state/notices.ts";
import { navigate } from "../state/router.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Choice, Field, LONGEST_NOTE, TextArea } from "./field.tsx";
import { Notice } from "./notice.tsx";
import { Skeleton } from "./skeleton.tsx";

const labelOf = ({ channel, address, inbox }: WayToWrite) =>
  `${word("channel", channel)}: ${address} (${inbox})`;

function Form({ customerId, ways }: { customerId: string; ways: readonly WayToWrite[] }) {
  const [chosen, setChosen] = useState("0");
  const [subject, setSubject] = useState("");
  const [text, setText] = useState("");
  const [key] = useState(() => crypto.randomUUID());
  const [isBusy, setBusy] = useState(false);
  const way = ways[Number(chosen)];
  if (!way) return <Notice tone="info">{t("write.no_way")}</Notice>;
  const begin = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const message = { text: text.trim(), key, way, subject: subject.trim(), about: null };
      const entry = await api.beginConversation(customerId, message);
      navigate(`/conversations/${entry.conversation_id}`);
    } catch (error) {
      notifyFailure(error);
      setBusy(false);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void begin(event)}>
      <Choice
        label={t("write.way")}
        options={ways.map((each, index) => ({ value: String(index), label: labelOf(each) }))}
        value={chosen}
        onChoose={setChosen}
      />
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
      <div class="row">
        <Button type="submit" kind="primary" icon="outbound" isBusy={isBusy} disabled={!text.trim()}>
          {t("composer.send")}
        </Button>
      </div>
    </form>
  );
}

/** Writes to a customer first. */
export function WriteDialog({ customerId, onClose }: { customerId: string; onClose: () => void }) {
  const { data, problem } = useFetched(() => api.listWays(customerId), [customerId]);
  return (
    <Dialog title={t("write.begin")} onClose={onClose}>
      {problem && <Notice tone="bad">{explain(problem)}</Notice>}
      {!data && !problem && <Skeleton lines={4} />}
      {data && <Form customerId={customerId} ways={data.items} />}
    </Dialog>
  );
}
