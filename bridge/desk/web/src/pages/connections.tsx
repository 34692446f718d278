import "./connections.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import { EVENT_TYPES, type EventType, type Inbox, type Webhook } from "../api/types.ts";
import { ago } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Field, Select } from "../components/field.tsx";
import { channelIcon, Icon } from "../components/icon.tsx";
import { Notice } from "../components/notice.tsx";
import { EmptyState, KeyValue, Panel } from "../components/panel.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { generation } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";

const MAIL = "email";
/** These send nothing by a token of a provider's. */
const TOKENLESS = ["chat", "shop"];

const nameOfToken = ({ channel }: Inbox) =>
  channel === MAIL ? t("connections.password") : t("connections.token");

const attempt = (work: Promise<unknown>, onDone: () => void) => void work.then(onDone, notifyFailure);

/** How an inbox or a webhook is: it works, rests, or had an error, which is the server's or the provider's own words. */
function Health({ state, error }: { state: string; error: string | null }) {
  const isPaused = state === "paused";
  return (
    <>
      <Badge tone={isPaused ? "warn" : error ? "bad" : "good"}>
        {isPaused ? t("connections.paused") : error ? t("connections.failing") : t("connections.works")}
      </Badge>
      {error && (
        <span class="quiet connection-error" lang="en">
          {error}
        </span>
      )}
    </>
  );
}

function PauseButton({ state, onSet }: { state: string; onSet: (state: "active" | "paused") => void }) {
  return state === "paused" ? (
    <Button icon="play" onClick={() => onSet("active")}>
      {t("connections.resume")}
    </Button>
  ) : (
    <Button icon="pause" onClick={() => onSet("paused")}>
      {t("connections.pause")}
    </Button>
  );
}

/** What is shown once: a secret, and where it belongs. */
function Shown({ facts, onClose }: { facts: [string, string][]; onClose: () => void }) {
  return (
    <Dialog title={t("connections.once_title")} onClose={onClose}>
      <div class="stack">
        <p>{t("connections.once")}</p>
        <KeyValue
          facts={facts.map(([name, value]) => [name, <code class="connection-secret">{value}</code>])}
        />
      </div>
    </Dialog>
  );
}

function TryInbox({ inbox, onClose }: { inbox: Inbox; onClose: () => void }) {
  const [to, setTo] = useState("");
  const [isBusy, setBusy] = useState(false);
  const tryIt = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const { works, reason, address } = await api.tryInbox(inbox.id, to.trim() || null);
      if (works) notify({ tone: "good", text: t("connections.inbox_works", { address }) });
      else notify({ tone: "bad", text: t("connections.refused", { reason: reason ?? "" }) });
      generation.value++;
      onClose();
    } catch (error) {
      notifyFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("connections.try")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void tryIt(event)}>
        <Field
          label={t("connections.to")}
          hint={t("connections.to_hint")}
          maxLength={200}
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
        <div class="row">
          <Button type="submit" kind="primary" isBusy={isBusy}>
            {t("connections.try")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What is typed here is kept by the server and shown to nobody. */
function SetToken({ inbox, onSet, onClose }: { inbox: Inbox; onSet: () => void; onClose: () => void }) {
  const [token, setToken] = useState("");
  const [isBusy, setBusy] = useState(false);
  const name = nameOfToken(inbox);
  const keep = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await api.setToken(inbox.id, inbox.channel === MAIL ? token : token.trim());
      notify({ tone: "good", text: t("connections.token_kept", { name }) });
      onSet();
      onClose();
    } catch (error) {
      notifyFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`${name}: ${inbox.key}`} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void keep(event)}>
        <Field
          label={name}
          hint={t("connections.token_is_kept")}
          isPassword
          autocomplete="new-password"
          maxLength={500}
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <div class="row">
          <Button type="submit" kind="primary" isBusy={isBusy} disabled={!token.trim()}>
            {t("connections.keep_token")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function InboxLine({ inbox, onChanged }: { inbox: Inbox; onChanged: () => void }) {
  const [isTrying, setTrying] = useState(false);
  const [isSetting, setSetting] = useState(false);
  const sends = !TOKENLESS.includes(inbox.channel);
  // Other channels may listen without one.
  const lacksPassword = inbox.channel === MAIL && !inbox.has_token;
  return (
    <li class="connection">
      <div class="connection-what">
        <span class="row">
          <Icon name={channelIcon(inbox.channel)} />
          <strong>{word("channel", inbox.channel)}</strong> {inbox.key}
          {inbox.address && inbox.address !== inbox.key && <span class="quiet">{inbox.address}</span>}
        </span>
        <span class="row">
          {lacksPassword ? (
            <Badge tone="warn">{t("connections.no_token", { name: nameOfToken(inbox) })}</Badge>
          ) : (
            <Health state={inbox.state} error={inbox.last_error} />
          )}
        </span>
        {inbox.hook && <code class="quiet connection-error">{inbox.hook}</code>}
      </div>
      <div class="row">
        <Button onClick={() => setTrying(true)}>{t("connections.try")}</Button>
        {sends && (
          <Button kind="quiet" onClick={() => setSetting(true)}>
            {nameOfToken(inbox)}
          </Button>
        )}
        <PauseButton
          state={inbox.state}
          onSet={(state) => attempt(api.changeInbox(inbox.id, { state }), onChanged)}
        />
      </div>
      {isTrying && <TryInbox inbox={inbox} onClose={() => setTrying(false)} />}
      {isSetting && <SetToken inbox={inbox} onSet={onChanged} onClose={() => setSetting(false)} />}
    </li>
  );
}

function AddInbox({ kinds, onAdded }: { kinds: readonly string[]; onAdded: (inbox: Inbox) => void }) {
  const [channel, setChannel] = useState(kinds[0] ?? "");
  const [key, setKey] = useState("");
  const [token, setToken] = useState("");
  const [address, setAddress] = useState("");
  const add = (event: Event) => {
    event.preventDefault();
    const made = api.addInbox({ channel, key: key.trim(), token: token.trim(), address: address.trim() });
    void made.then((inbox) => {
      setKey("");
      setToken("");
      setAddress("");
      onAdded(inbox);
    }, notifyFailure);
  };
  return (
    <form class="connection-add" onSubmit={add}>
      <div class="field">
        <span class="field-label" aria-hidden="true">
          {t("connections.channel")}
        </span>
        <Select
          label={t("connections.channel")}
          options={kinds.map((value) => ({ value, label: word("channel", value) }))}
          value={channel}
          onChoose={setChannel}
        />
      </div>
      <Field
        label={t("connections.key")}
        hint={t("connections.key_hint")}
        maxLength={63}
        value={key}
        onInput={(event) => setKey(event.currentTarget.value)}
      />
      <Field
        label={t("connections.token")}
        hint={t("connections.token_hint")}
        isPassword
        autocomplete="off"
        maxLength={500}
        value={token}
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      <Field
        label={t("connections.address")}
        hint={t("connections.address_hint")}
        maxLength={200}
        value={address}
        onInput={(event) => setAddress(event.currentTarget.value)}
      />
      <div class="row">
        <Button type="submit" disabled={!key.trim()}>
          {t("connections.add")}
        </Button>
      </div>
      <p class="quiet">{t("connections.mailboxes_explained")}</p>
    </form>
  );
}

function Inboxes() {
  const { data, problem, refresh } = useFetched(api.listInboxes, [generation.value]);
  const [made, setMade] = useState<Inbox | null>(null);
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!data) return <Skeleton lines={4} />;
  return (
    <Panel title={t("connections.inboxes")}>
      <p class="quiet">{t("connections.inboxes_explained")}</p>
      <ul class="plain-list">
        {data.items.map((inbox) => (
          <InboxLine key={inbox.id} inbox={inbox} onChanged={refresh} />
        ))}
      </ul>
      <AddInbox
        kinds={data.kinds}
        onAdded={(inbox) => {
          setMade(inbox);
          refresh();
        }}
      />
      {made?.hook && (
        <Shown
          facts={[
            [t("connections.hook"), made.hook],
            [t("connections.secret"), made.hook_secret ?? ""],
          ]}
          onClose={() => setMade(null)}
        />
      )}
    </Panel>
  );
}

function WebhookLine(props: { webhook: Webhook; onChanged: () => void; onSecret: (made: Webhook) => void }) {
  const { webhook, onChanged, onSecret } = props;
  const { id, url, events, state, last_error, told_at } = webhook;
  const [isRemoving, setRemoving] = useState(false);
  const tryIt = () =>
    api.tryWebhook(id).then(({ taken, reason }) => {
      if (taken) notify({ tone: "good", text: t("connections.taken") });
      else notify({ tone: "bad", text: t("connections.refused", { reason: reason ?? "" }) });
    }, notifyFailure);
  return (
    <li class="connection">
      <div class="connection-what">
        <code class="connection-error">{url}</code>
        <span class="row">
          <Health state={state} error={last_error} />
        </span>
        <span class="quiet">
          {events.map((type) => word("event", type)).join(", ")}
          {told_at && ` · ${t("connections.told", { time: ago(told_at) })}`}
        </span>
      </div>
      <div class="row">
        <Button onClick={() => void tryIt()}>{t("connections.try")}</Button>
        <PauseButton state={state} onSet={(to) => attempt(api.changeWebhook(id, { state: to }), onChanged)} />
        <Button kind="quiet" onClick={() => void api.renewSecret(id).then(onSecret, notifyFailure)}>
          {t("connections.new_secret")}
        </Button>
        <Button kind="danger" onClick={() => setRemoving(true)}>
          {t("connections.remove")}
        </Button>
      </div>
      {isRemoving && (
        <Dialog title={t("connections.remove_title")} onClose={() => setRemoving(false)}>
          <div class="stack">
            <p>{t("connections.remove_text")}</p>
            <div class="row">
              <Button kind="danger" onClick={() => attempt(api.removeWebhook(id), onChanged)}>
                {t("connections.remove")}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </li>
  );
}

function AddWebhook({ onAdded }: { onAdded: (made: Webhook) => void }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<readonly EventType[]>(EVENT_TYPES);
  const toggle = (type: EventType) =>
    setEvents(events.includes(type) ? events.filter((each) => each !== type) : [...events, type]);
  const add = (event: Event) => {
    event.preventDefault();
    void api.addWebhook(url.trim(), events).then((made) => {
      setUrl("");
      onAdded(made);
    }, notifyFailure);
  };
  return (
    <form class="connection-add" onSubmit={add}>
      <Field
        label={t("connections.url")}
        maxLength={2000}
        value={url}
        onInput={(event) => setUrl(event.currentTarget.value)}
      />
      <fieldset class="choice">
        <legend class="field-label">{t("connections.events")}</legend>
        <div class="choice-options">
          {EVENT_TYPES.map((type) => (
            <label key={type} class="choice-option">
              <input type="checkbox" checked={events.includes(type)} onChange={() => toggle(type)} />
              <span>{word("event", type)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <div class="row">
        <Button type="submit" disabled={!url.trim() || events.length === 0}>
          {t("connections.add")}
        </Button>
      </div>
    </form>
  );
}

function Webhooks() {
  const { data, problem, refresh } = useFetched(api.listWebhooks, [generation.value]);
  const [made, setMade] = useState<Webhook | null>(null);
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!data) return <Skeleton lines={4} />;
  const show = (webhook: Webhook) => {
    setMade(webhook);
    refresh();
  };
  return (
    <Panel title={t("connections.webhooks")}>
      <p class="quiet">{t("connections.webhooks_explained")}</p>
      {data.items.length === 0 && <EmptyState title={t("connections.no_webhooks")} />}
      <ul class="plain-list">
        {data.items.map((webhook) => (
          <WebhookLine key={webhook.id} webhook={webhook} onChanged={refresh} onSecret={show} />
        ))}
      </ul>
      <AddWebhook onAdded={show} />
      {made?.secret && (
        <Shown facts={[[t("connections.secret"), made.secret]]} onClose={() => setMade(null)} />
      )}
    </Panel>
  );
}

/** For admins: where customers write to the company, and which systems of the company are told of it. */
export function ConnectionsPage() {
  return (
    <div class="stack">
      <Inboxes />
      <Webhooks />
    </div>
  );
}
