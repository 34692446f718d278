import "./components.css";
import { useMemo, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Badge, OrderBadge, StatusPill, type Tone } from "../components/badge.tsx";
import { Button, IconButton } from "../components/button.tsx";
import { CallRow } from "../components/call_row.tsx";
import { Candidates, CustomerFacts, OrderList } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Choice, Field, TextArea } from "../components/field.tsx";
import { Mark } from "../components/mark.tsx";
import { NoteEditor } from "../components/note_editor.tsx";
import { Notice } from "../components/notice.tsx";
import { EmptyState, KeyValue, Panel } from "../components/panel.tsx";
import { Avatar, CustomerBadges, PersonBadge } from "../components/person.tsx";
import { AudioPlayer } from "../components/player.tsx";
import { SearchBox } from "../components/search.tsx";
import { Skeleton, Spinner } from "../components/skeleton.tsx";
import { LanguageSwitch, ThemeSwitch } from "../components/switches.tsx";
import { ChannelFilter } from "../components/tabs.tsx";
import { EntryList } from "../components/timeline.tsx";
import { Transcript } from "../components/transcript.tsx";
import { DISPOSITIONS, type Disposition } from "../api/agent.ts";
import type { OrderStatus } from "../api/order.ts";
import { phone } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { DraftConflict, Problem } from "../api/problem.ts";
import { DraftSaver, type PutDraft } from "../state/draft.ts";
import { notify } from "../state/notices.ts";
import * as samples from "./samples.ts";

const TONES: Tone[] = ["neutral", "good", "warn", "bad", "info", "special", "ring"];
const STATES = ["offline", "available", "ringing", "in_call", "wrap_up", "withdrawn"] as const;
const ORDERS: OrderStatus[] = [
  "cart",
  "abandoned",
  "unpaid",
  "paid",
  "shipped",
  "delivered",
  "cancelled",
  "refunded",
];

function Show({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <section class="show" aria-label={name}>
      <h2 class="show-name">{name}</h2>
      <div class="show-body">{children}</div>
    </section>
  );
}

const storing: PutDraft = async (text, rev) => ({ text, rev });
const failing: PutDraft = async () => {
  throw new Problem(0, "unreachable");
};
const conflicting: PutDraft = async () => {
  throw new DraftConflict({ text: samples.entries[1]!.text, rev: 7 });
};

function NoteStates() {
  const savers = useMemo(
    () =>
      [storing, failing, conflicting].map((put) => {
        const saver = new DraftSaver(put, null);
        saver.type(samples.entries[1]!.text);
        void saver.flush();
        return saver;
      }),
    [],
  );
  return (
    <>
      {savers.map((saver, index) => (
        <NoteEditor key={index} saver={saver} />
      ))}
    </>
  );
}

function DialogState() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("filing.title")}</Button>
      {isOpen && (
        <Dialog title={t("filing.title")} onClose={() => setOpen(false)}>
          <Field label={t("filing.new_name")} />
        </Dialog>
      )}
    </>
  );
}

function Inputs() {
  const [channel, setChannel] = useState<string | null>(null);
  const [disposition, setDisposition] = useState<Disposition | null>("resolved");
  return (
    <>
      <Show name="Field, TextArea, Choice">
        <Field label={t("login.login")} hint={t("search.label")} />
        <Field label={t("login.password")} isPassword error={t("login.wrong")} />
        <Field label={t("login.login")} disabled value={samples.customer.name} />
        <TextArea label={t("note.label")} placeholder={t("note.placeholder")} />
        <Choice<Disposition>
          label={t("wrap_up.disposition")}
          value={disposition}
          onChoose={setDisposition}
          options={DISPOSITIONS.map((value) => ({ value, label: word("disposition", value) }))}
        />
      </Show>
      <Show name="SearchBox, ChannelFilter, switches">
        <SearchBox label={t("search.label")} onChoose={() => undefined} />
        <ChannelFilter value={channel} onChoose={setChannel} />
        <div class="row">
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
      </Show>
      <Show name="NoteEditor">
        <NoteStates />
      </Show>
    </>
  );
}

function Words() {
  return (
    <>
      <Show name="Button, IconButton">
        <div class="row">
          <Button kind="primary" icon="check">
            {t("wrap_up.finish")}
          </Button>
          <Button>{t("try_again")}</Button>
          <Button kind="quiet" icon="undo">
            {t("undo")}
          </Button>
          <Button kind="danger">{t("log_out")}</Button>
          <IconButton icon="close" label={t("close")} />
        </div>
        <div class="row">
          <Button kind="primary" isBusy>
            {t("wrap_up.finish")}
          </Button>
          <Button kind="primary" disabled>
            {t("wrap_up.finish")}
          </Button>
          <Button disabled>{t("try_again")}</Button>
        </div>
      </Show>
      <Show name="Badge, StatusPill, OrderBadge">
        <div class="row">
          {TONES.map((tone) => (
            <Badge key={tone} tone={tone}>
              {word("customer", "vip")}
            </Badge>
          ))}
        </div>
        <div class="row">
          {STATES.map((state) => (
            <StatusPill key={state} state={state} />
          ))}
        </div>
        <div class="row">
          {ORDERS.map((status) => (
            <OrderBadge key={status} status={status} />
          ))}
        </div>
      </Show>
      <Show name="Avatar, PersonBadge, CustomerBadges">
        <div class="row">
          <Avatar name={samples.customer.name} kind="person" size="l" />
          <Avatar name={samples.customer.name} kind="household" size="l" />
          <Avatar name={samples.customer.name} kind="organisation" />
          <Avatar name="" kind="unknown" />
          <Avatar name={samples.customer.name} kind="person" size="s" />
        </div>
        <PersonBadge name={samples.customer.name} kind="person" detail={phone("+380501234567")} isVip />
        <CustomerBadges customer={samples.customer} />
      </Show>
      <Show name="Notice, Toast">
        <Notice tone="good">{t("wrap_up.done")}</Notice>
        <Notice tone="info">{word("withdrawn", "answered_elsewhere")}</Notice>
        <Notice tone="warn">{t("link.lost")}</Notice>
        <Notice tone="bad">{t("login.wrong")}</Notice>
        <div class="row">
          <Button
            onClick={() =>
              notify({
                tone: "good",
                text: t("note.added"),
                action: { label: t("undo"), run: () => undefined },
              })
            }
          >
            {t("note.add")}
          </Button>
        </div>
      </Show>
    </>
  );
}

function Records() {
  const sound = useMemo(samples.silence, []);
  return (
    <>
      <Show name="Panel, KeyValue, EmptyState">
        <CustomerFacts customer={samples.customer} />
        <Panel title={t("card.last_note")} tone="note">
          <KeyValue facts={[[t("call.queue"), "support"]]} />
        </Panel>
        <Panel title={t("waiting.recent")}>
          <EmptyState title={t("waiting.no_calls")}>{t("waiting.no_calls_text")}</EmptyState>
        </Panel>
      </Show>
      <Show name="AudioPlayer, Transcript">
        <AudioPlayer src={sound} label={word("recording_kind", "call")} durationMs={1_000} isStereo>
          {(audio) => <Transcript utterances={samples.utterances} audio={audio} />}
        </AudioPlayer>
        <AudioPlayer
          src={sound}
          label={word("recording_kind", "voicemail")}
          durationMs={1_000}
          isStereo={false}
        />
        <AudioPlayer
          src="/api/v1/recordings/none/audio"
          label={word("recording_kind", "call")}
          durationMs={null}
          isStereo
        />
      </Show>
      <Show name="Candidates, OrderList">
        <Candidates candidates={samples.candidates} onChoose={() => undefined} />
        <Panel title={t("card.orders")}>
          <OrderList orders={samples.orders} />
        </Panel>
      </Show>
      <Show name="CallRow">
        {samples.calls.map((call) => (
          <CallRow key={call.id} call={call} />
        ))}
      </Show>
      <Show name="Skeleton, Spinner, Dialog">
        <Skeleton lines={3} />
        <div class="row">
          <Spinner />
          <DialogState />
        </div>
      </Show>
      <Show name="Timeline, EntryRow">
        <EntryList entries={samples.entries} />
      </Show>
    </>
  );
}

/** Every component in every state: what a new page is built from, and what is looked at when a token changes. */
export function ComponentsPage() {
  return (
    <main class="page components">
      <header class="row between">
        <h1 class="row">
          <Mark /> {t("components.title")}
        </h1>
        <a href="/">{t("components.back")}</a>
      </header>
      <div class="components-grid">
        <Words />
        <Inputs />
        <Records />
      </div>
    </main>
  );
}
