import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Inbox } from "../api/admin.ts";
import { t, word } from "../i18n/index.ts";
import { generation } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";
import { Badge } from "./badge.tsx";
import { Button } from "./button.tsx";
import { attempt, Health, PauseButton, Shown } from "./connection.tsx";
import { Dialog } from "./dialog.tsx";
import { Field, Select } from "./field.tsx";
import { channelIcon, Icon } from "./icon.tsx";
import { Notice } from "./notice.tsx";
import { Panel } from "./panel.tsx";
import { Skeleton } from "./skeleton.tsx";

const MAIL = "email";
/** These send nothing by a token of a provider's. */
const TOKENLESS = ["chat", "shop"];

const nameOfToken = ({ channel }: Inbox) =>
  channel === MAIL ? t("connections.password") : t("connections.token");

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

/** Where customers write to the company. */
export function Inboxes() {
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
