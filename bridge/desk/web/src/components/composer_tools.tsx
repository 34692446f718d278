// What stands around the text of an answer: where it goes, canned answers, whom a note calls, files, who else is here.
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Agent } from "../api/agent.ts";
import type { ConversationDetail } from "../api/conversation.ts";
import type { CannedAnswer, OpenWay, Upload, WayToWrite } from "../api/writing.ts";
import { fileSize } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { notifyFailure } from "../state/notices.ts";
import { others } from "../state/presence.ts";
import { Button, IconButton } from "./button.tsx";
import { Select } from "./field.tsx";

const keyOf = (way: WayToWrite) => JSON.stringify([way.channel, way.inbox, way.address]);

/** As people know it: a browser's own number says nothing to anybody. */
export const nameOfWay = ({ channel, address }: WayToWrite) =>
  channel === "chat" ? word("channel", channel) : `${word("channel", channel)}: ${address}`;

export function Ways({
  talk,
  way,
  onChoose,
}: {
  talk: ConversationDetail;
  way: OpenWay | null;
  onChoose: (way: OpenWay | null) => void;
}) {
  const ways = talk.ways.filter(({ channel }) => channel !== talk.channel);
  if (ways.length === 0) return null;
  const here = { value: "", label: t("composer.here", { channel: word("channel", talk.channel) }) };
  return (
    <Select
      label={t("composer.way")}
      options={[here, ...ways.map((each) => ({ value: keyOf(each), label: nameOfWay(each) }))]}
      value={way ? keyOf(way) : ""}
      onChoose={(chosen) => onChoose(ways.find((each) => keyOf(each) === chosen) ?? null)}
    />
  );
}

export function Canned({
  conversationId,
  onChoose,
}: {
  conversationId: string;
  onChoose: (text: string) => void;
}) {
  const [answers, setAnswers] = useState<readonly CannedAnswer[]>([]);
  useEffect(() => {
    api.listFilledAnswers(conversationId).then(({ items }) => setAnswers(items), notifyFailure);
  }, [conversationId]);
  if (answers.length === 0) return null;
  const options = answers.map(({ id, title }) => ({ value: id, label: title }));
  return (
    <Select
      label={t("composer.canned")}
      options={[{ value: "", label: t("composer.canned") }, ...options]}
      value=""
      onChoose={(id) => {
        const chosen = answers.find((each) => each.id === id);
        if (chosen) onChoose(chosen.filled ?? chosen.text);
      }}
    />
  );
}

export function Mentions({
  typed,
  colleagues,
  onChoose,
}: {
  typed: string;
  colleagues: readonly Agent[];
  onChoose: (login: string) => void;
}) {
  const wanted = typed.toLowerCase();
  const found = colleagues.filter(
    ({ login, name }) => login.toLowerCase().startsWith(wanted) || name.toLowerCase().includes(wanted),
  );
  if (found.length === 0) return null;
  return (
    <div class="composer-mentions" role="group" aria-label={t("composer.mention")}>
      {found.slice(0, 6).map(({ login, name }) => (
        <Button key={login} kind="quiet" onClick={() => onChoose(login)}>
          {name} @{login}
        </Button>
      ))}
    </div>
  );
}

/** Who else is here; else how to send without the mouse. */
export function Others() {
  const shown = others.value.map(({ name, doing }) =>
    t(doing === "typing" ? "conversation.types" : "conversation.looks", { name }),
  );
  return (
    <p class={shown.length > 0 ? "composer-others" : "quiet composer-keys"} role="status">
      {shown.length > 0 ? shown.join(" ") : t("composer.keys")}
    </p>
  );
}

/** What goes with the answer: chosen, uploaded at once, taken away again. */
export function Files({
  files,
  onChange,
}: {
  files: readonly Upload[];
  onChange: (files: readonly Upload[]) => void;
}) {
  const [isBusy, setBusy] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const add = async (chosen: FileList | null) => {
    setBusy(true);
    try {
      onChange([...files, ...(await Promise.all([...(chosen ?? [])].map(api.upload)))]);
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label={t("composer.attach")}
        onChange={(event) => void add(event.currentTarget.files).then(() => (picker.current!.value = ""))}
      />
      <Button kind="quiet" icon="attachment" isBusy={isBusy} onClick={() => picker.current?.click()}>
        {t("composer.attach")}
      </Button>
      {files.map((file) => (
        <span key={file.id} class="composer-file">
          {file.name} · {fileSize(file.size)}
          <IconButton
            icon="close"
            label={t("composer.drop_file", { name: file.name })}
            onClick={() => onChange(files.filter(({ id }) => id !== file.id))}
          />
        </span>
      ))}
    </>
  );
}
