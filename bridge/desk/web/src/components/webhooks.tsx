import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import { EVENT_TYPES, type EventType, type Webhook } from "../api/admin.ts";
import { ago } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { generation } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";
import { Button } from "./button.tsx";
import { attempt, Health, PauseButton, Shown } from "./connection.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { Notice } from "./notice.tsx";
import { EmptyState, Panel } from "./panel.tsx";
import { Skeleton } from "./skeleton.tsx";

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

/** Which systems of the company are told of what happens. */
export function Webhooks() {
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
