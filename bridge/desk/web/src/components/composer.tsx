import "./composer.css";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Agent } from "../api/agent.ts";
import type { ConversationDetail } from "../api/conversation.ts";
import type { FilledTemplate } from "../api/writing.ts";
import { t } from "../i18n/index.ts";
import {
  addressesOf,
  type Composed,
  composedOf,
  keep,
  mentionAt,
  newComposed,
  unfilled,
} from "../state/composed.ts";
import { notifyFailure } from "../state/notices.ts";
import { noteTyping } from "../state/presence.ts";
import { navigate } from "../state/router.ts";
import { Button } from "./button.tsx";
import { Canned, Files, Mentions, Others, Ways } from "./composer_tools.tsx";
import { Field, LONGEST_NOTE, TextArea } from "./field.tsx";
import { Notice } from "./notice.tsx";
import { Filter } from "./tabs.tsx";
import { TemplateButton } from "./templates.tsx";

const EMAIL = "email";

/** Sends what was composed. Returns the conversation that it stands in. */
async function send(talk: ConversationDetail, composed: Composed): Promise<string> {
  const { mode, key, way, subject, to } = composed;
  const text = composed.text.trim();
  const attachments = composed.files.map(({ id }) => id);
  if (mode === "note") await api.addConversationNote(talk.id, text, key);
  else if (way && talk.customer) {
    const message = { text, key, way, subject, attachments, about: talk.id };
    return (await api.beginConversation(talk.customer.id, message)).conversation_id ?? talk.id;
  } else {
    const cc = addressesOf(composed.cc);
    const more = to === null ? (cc.length > 0 ? { cc } : {}) : { to: to.trim() };
    await api.sendMessage(talk.id, { text, key, attachments, ...more });
  }
  return talk.id;
}

interface ComposerProps {
  talk: ConversationDetail;
  /** A mail that is to be forwarded: whom it goes to is asked for. */
  forwarded: string | null;
  onForwardEnd: () => void;
}

/** An answer, or a note that the customer never sees. Ctrl+Enter sends. */
export function Composer({ talk, forwarded, onForwardEnd }: ComposerProps) {
  const [composed, setComposed] = useState(() => composedOf(talk.id));
  const [isBusy, setBusy] = useState(false);
  const [caret, setCaret] = useState(0);
  const [colleagues, setColleagues] = useState<readonly Agent[]>([]);
  const form = useRef<HTMLFormElement>(null);
  const area = () => form.current?.querySelector("textarea") ?? null;
  const change = (changed: Partial<Composed>) => {
    const now = { ...composed, ...changed };
    keep(talk.id, now);
    setComposed(now);
  };
  const isNote = composed.mode === "note";
  useEffect(() => {
    if (isNote && colleagues.length === 0)
      api.listColleagues().then(({ items }) => setColleagues(items), notifyFailure);
  }, [isNote]);
  useEffect(() => {
    if (forwarded === null) return;
    change({ ...newComposed(), to: "", text: forwarded });
    onForwardEnd();
    form.current?.querySelector("input")?.focus();
  }, [forwarded]);
  const insert = (text: string, from: number, to: number) => {
    change({ text: composed.text.slice(0, from) + text + composed.text.slice(to) });
    setCaret(from + text.length);
    const field = area();
    requestAnimationFrame(() => {
      field?.focus();
      field?.setSelectionRange(from + text.length, from + text.length);
    });
  };
  const places = isNote ? [] : unfilled(composed.text);
  const isForward = composed.to !== null;
  const templated = !isNote && composed.way?.templated ? composed.way : null;
  const sendTemplate = async (template: FilledTemplate, key: string) => {
    if (!templated || !talk.customer) return;
    const message = { template, key, way: templated, about: talk.id };
    const { conversation_id } = await api.beginConversation(talk.customer.id, message);
    change(newComposed());
    navigate(`/conversations/${conversation_id}`);
  };
  const isReady =
    templated === null &&
    (composed.text.trim() !== "" || (!isNote && composed.files.length > 0)) &&
    places.length === 0 &&
    (!isForward || composed.to?.trim() !== "");
  const submit = async () => {
    if (!isReady || isBusy) return;
    setBusy(true);
    try {
      const where = await send(talk, composed);
      change(newComposed(composed.mode));
      if (where !== talk.id) navigate(`/conversations/${where}`);
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const typed = isNote ? mentionAt(composed.text.slice(0, caret)) : null;
  const isMail = (composed.way?.channel ?? talk.channel) === EMAIL;
  const label = isNote ? t("composer.note") : isForward ? t("composer.forward") : t("composer.answer");
  return (
    <>
      {templated && (
        <Notice tone="info">
          {t("write.only_template")} <TemplateButton inboxId={templated.inbox_id} onSend={sendTemplate} />
        </Notice>
      )}
      <form
        ref={form}
        class="composer"
        data-mode={composed.mode}
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="composer-how">
          <Filter
            label={t("composer.mode")}
            options={[
              { value: "answer", label: t("composer.answer"), icon: "outbound" },
              { value: "note", label: t("composer.note"), icon: "note" },
            ]}
            value={composed.mode}
            onChoose={(mode) => change({ mode: mode === "note" ? "note" : "answer", to: null })}
          />
          {!isNote && !isForward && (
            <>
              <Ways talk={talk} way={composed.way} onChoose={(way) => change({ way })} />
              {templated === null && (
                <Canned
                  conversationId={talk.id}
                  onChoose={(text) => insert(text, area()?.selectionStart ?? 0, area()?.selectionEnd ?? 0)}
                />
              )}
            </>
          )}
        </div>
        {isForward && (
          <Field
            label={t("composer.to")}
            value={composed.to ?? ""}
            onInput={(event) => change({ to: event.currentTarget.value })}
          />
        )}
        {!isNote && !isForward && isMail && composed.way && (
          <Field
            label={t("composer.subject")}
            maxLength={200}
            value={composed.subject}
            onInput={(event) => change({ subject: event.currentTarget.value })}
          />
        )}
        {!isNote && !isForward && isMail && !composed.way && (
          <Field
            label={t("composer.cc")}
            hint={t("composer.cc_hint")}
            value={composed.cc}
            onInput={(event) => change({ cc: event.currentTarget.value })}
          />
        )}
        {templated === null && (
          <TextArea
            label={label}
            rows={3}
            maxLength={LONGEST_NOTE}
            value={composed.text}
            placeholder={isNote ? t("composer.note_placeholder") : t("composer.placeholder")}
            onInput={(event) => {
              setCaret(event.currentTarget.selectionStart);
              change({ text: event.currentTarget.value });
              if (!isNote) noteTyping();
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit();
            }}
          />
        )}
        {typed !== null && (
          <Mentions
            typed={typed}
            colleagues={colleagues}
            onChoose={(login) => insert(`@${login} `, caret - typed.length - 1, caret)}
          />
        )}
        {places.length > 0 && (
          <Notice tone="warn">{t("composer.unfilled", { places: places.join(", ") })}</Notice>
        )}
        {!isNote && templated === null && (
          <div class="composer-how">
            <Files files={composed.files} onChange={(files) => change({ files })} />
          </div>
        )}
        <div class="row between">
          <Others />
          <span class="row">
            {isForward && (
              <Button kind="quiet" onClick={() => change(newComposed())}>
                {t("cancel")}
              </Button>
            )}
            <Button
              type="submit"
              kind="primary"
              icon={isNote ? "note" : "outbound"}
              isBusy={isBusy}
              disabled={!isReady}
            >
              {isNote ? t("composer.add_note") : isForward ? t("composer.do_forward") : t("composer.send")}
            </Button>
          </span>
        </div>
      </form>
    </>
  );
}
