import "./matters.css";
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import * as api from "../api/client.ts";
import { MATTER_STATES, type Matter, type MatterLink, type Promised } from "../api/matter.ts";
import { ago, fullDate, phone, shortDate } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { titleOf } from "../state/matters.ts";
import { notifyFailure } from "../state/notices.ts";
import { Badge } from "./badge.tsx";
import { Button } from "./button.tsx";
import { Field, Select, TimeField } from "./field.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { Panel } from "./panel.tsx";

interface Subject {
  customerId: string;
  /** The call that is going on: it can be put into a matter, and promises are made in it. */
  callId?: string;
  /** What is shown is fetched again by whoever shows it. */
  onChanged: () => void;
}

const THING_ICONS: Record<MatterLink["thing"], IconName> = {
  call: "phone",
  conversation: "chat",
  order: "shop",
  promise: "promise",
};

async function change(act: () => Promise<unknown>, onChanged: () => void): Promise<void> {
  try {
    await act();
    onChanged();
  } catch (error) {
    notifyFailure(error);
  }
}

function ThingOf({ link }: { link: MatterLink }) {
  const about = link.thing === "call" ? ago(link.at) : link.about;
  return (
    <span class="matter-thing" title={link.thing === "call" ? phone(link.about) : fullDate(link.at)}>
      <Icon name={THING_ICONS[link.thing]} size={14} />
      <span class="only-heard">{word("thing", link.thing)}</span>
      {about}
    </span>
  );
}

function MatterRow({ matter, callId, onChanged }: { matter: Matter } & Omit<Subject, "customerId">) {
  const isThisCall = matter.links.some(({ thing_id }) => thing_id === callId);
  return (
    <li class="matter" data-state={matter.state}>
      <div class="row between">
        <span class="matter-title">{titleOf(matter)}</span>
        <Select
          label={t("matter.state")}
          options={MATTER_STATES.map((value) => ({ value, label: word("matter_state", value) }))}
          value={matter.state}
          onChoose={(state) => void change(() => api.changeMatter(matter.id, { state }), onChanged)}
        />
      </div>
      <p class="matter-things">
        {matter.links.map((link) => (
          <ThingOf key={link.id} link={link} />
        ))}
      </p>
      {callId && (
        <div class="row">
          {isThisCall ? (
            <Badge tone="info" icon="phone">
              {t("matter.is_this_call")}
            </Badge>
          ) : (
            <Button
              kind="quiet"
              icon="phone"
              onClick={() => void change(() => api.putIntoMatter(matter.id, "call", callId), onChanged)}
            >
              {t("matter.this_call")}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

interface AdderProps {
  title: string;
  submit: string;
  isReady: boolean;
  onSubmit: () => Promise<unknown>;
  children: ComponentChildren;
}

/** A button that opens a small form in its place; the form closes when what it holds is stored. */
function Adder({ title, submit, isReady, onSubmit, children }: AdderProps) {
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    if (!isReady) return;
    setBusy(true);
    try {
      await onSubmit();
      setOpen(false);
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  if (!isOpen)
    return (
      <Button kind="quiet" onClick={() => setOpen(true)}>
        {title}
      </Button>
    );
  return (
    <form class="stack" onSubmit={(event) => void send(event)}>
      {children}
      <div class="row">
        <Button type="submit" isBusy={isBusy} disabled={!isReady}>
          {submit}
        </Button>
        <Button kind="quiet" onClick={() => setOpen(false)}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}

function OpenMatter({ customerId, callId, onChanged }: Subject) {
  const [title, setTitle] = useState("");
  const open = async () => {
    const matter = await api.openMatter(customerId, title.trim());
    if (callId) await api.putIntoMatter(matter.id, "call", callId);
    setTitle("");
    onChanged();
  };
  return (
    <Adder title={t("matter.new")} submit={t("matter.open")} isReady={title.trim() !== ""} onSubmit={open}>
      <Field
        label={t("matter.name")}
        maxLength={200}
        value={title}
        onInput={(event) => setTitle(event.currentTarget.value)}
      />
    </Adder>
  );
}

/** What the customer wants settled: what is open, whose move it is, what belongs to it. */
export function Matters({ matters, ...subject }: Subject & { matters: readonly Matter[] }) {
  const unsettled = matters.filter(({ state }) => state !== "settled");
  const settled = matters.filter(({ state }) => state === "settled");
  const list = (each: readonly Matter[]) => (
    <ul class="plain-list">
      {each.map((matter) => (
        <MatterRow key={matter.id} matter={matter} {...subject} />
      ))}
    </ul>
  );
  return (
    <Panel title={t("matter.title")}>
      {list(unsettled)}
      <OpenMatter {...subject} />
      {settled.length > 0 && (
        <details class="matter-settled">
          <summary>{t("matter.settled", { count: settled.length })}</summary>
          {list(settled)}
        </details>
      )}
    </Panel>
  );
}

function PromiseRow({ promise, onChanged }: { promise: Promised; onChanged: () => void }) {
  const { id, text, due_at, made_by, made_at } = promise;
  const end = (state: "kept" | "dropped") => void change(() => api.endPromise(id, state), onChanged);
  const isLate = due_at !== null && new Date(due_at) < new Date();
  return (
    <li class="promise">
      <p class="promise-text">{text}</p>
      <p class="row quiet">
        {due_at && (
          <Badge tone={isLate ? "bad" : "neutral"} icon="promise">
            {t(isLate ? "promise.overdue" : "promise.due_by", { time: shortDate(due_at) })}
          </Badge>
        )}
        <span>
          {made_by} · {ago(made_at)}
        </span>
      </p>
      <div class="row">
        <Button kind="quiet" icon="check" onClick={() => end("kept")}>
          {t("promise.keep")}
        </Button>
        <Button kind="quiet" icon="close" onClick={() => end("dropped")}>
          {t("promise.drop")}
        </Button>
      </div>
    </li>
  );
}

function MakePromise({ customerId, callId, onChanged }: Subject) {
  const [text, setText] = useState("");
  const [due, setDue] = useState("");
  const make = async () => {
    const dueAt = due ? new Date(due).toISOString() : null;
    await api.makePromise(customerId, { text: text.trim(), due_at: dueAt, call_id: callId ?? null });
    setText("");
    setDue("");
    onChanged();
  };
  return (
    <Adder title={t("promise.new")} submit={t("promise.make")} isReady={text.trim() !== ""} onSubmit={make}>
      <Field
        label={t("promise.text")}
        maxLength={2000}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <TimeField
        label={t("promise.due")}
        value={due}
        onInput={(event) => setDue(event.currentTarget.value)}
      />
    </Adder>
  );
}

/** What we said we would do and have not done yet, the first due first. */
export function Promises({ promises, ...subject }: Subject & { promises: readonly Promised[] }) {
  return (
    <Panel title={t("promise.title")}>
      <ul class="plain-list">
        {promises.map((promise) => (
          <PromiseRow key={promise.id} promise={promise} onChanged={subject.onChanged} />
        ))}
      </ul>
      <MakePromise {...subject} />
    </Panel>
  );
}
