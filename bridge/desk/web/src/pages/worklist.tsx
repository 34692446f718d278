import "./worklist.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { WorkItem } from "../api/types.ts";
import { ago, fullDate } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { numberOf } from "../components/call_row.tsx";
import { Icon } from "../components/icon.tsx";
import { EmptyState } from "../components/panel.tsx";
import { Recording } from "../components/recording.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { freshCalls } from "../state/desk.ts";
import { notifyFailure } from "../state/notices.ts";
import { me } from "../state/session.ts";
import { hearWork, loadOlderWork, olderThan, worklist } from "../state/worklist.ts";

/** Who has called: a way to the call, and the number to call back, which a softphone takes. */
function Who({ item }: { item: WorkItem }) {
  const call = freshCalls.value[item.call.id] ?? item.call;
  const nobody = call.caller ? t("caller.unknown") : t("caller.anonymous");
  return (
    <div class="work-item-who">
      <h2 class="work-item-name">
        <a href={`/calls/${call.id}`}>{call.customer_name ?? nobody}</a>
      </h2>
      <span class="quiet number">
        {call.caller ? <a href={`tel:${call.caller}`}>{numberOf(call)}</a> : t("caller.withheld")}
        {call.queue && ` · ${call.queue}`}
      </span>
    </div>
  );
}

function When({ item: { call, attempts, first_at } }: { item: WorkItem }) {
  return (
    <div class="work-item-when">
      <span class="row">
        {attempts > 1 && <Badge tone="warn">{t("worklist.attempts", { count: attempts })}</Badge>}
        <Badge tone={call.outcome === "voicemail" ? "info" : "bad"}>
          {word("outcome", call.outcome ?? "unknown")}
        </Badge>
      </span>
      <time class="quiet number" dateTime={call.started_at} title={fullDate(call.started_at)}>
        {ago(call.started_at)}
      </time>
      {attempts > 1 && <span class="quiet number">{t("worklist.since", { time: ago(first_at) })}</span>}
    </div>
  );
}

function Actions({ item: { key, call } }: { item: WorkItem }) {
  const [isBusy, setBusy] = useState(false);
  const who = me.value!.agent;
  const isMine = call.owner_id === who.id;
  const mayAct = call.owner_id === null || isMine || who.role !== "agent";
  const act = async (ask: (callId: string) => Promise<WorkItem | void>) => {
    setBusy(true);
    try {
      hearWork({ key, item: (await ask(call.id)) ?? null });
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="row between work-item-actions">
      <span class={isMine ? "work-item-mine" : "quiet"}>
        {isMine
          ? t("worklist.mine")
          : call.owner
            ? t("worklist.owner", { name: call.owner })
            : t("worklist.free")}
      </span>
      {mayAct && (
        <span class="row">
          {isMine ? (
            <Button kind="quiet" isBusy={isBusy} onClick={() => void act(api.releaseWork)}>
              {t("worklist.release")}
            </Button>
          ) : (
            <Button isBusy={isBusy} onClick={() => void act(api.takeWork)}>
              {call.owner ? t("worklist.take_over") : t("worklist.take")}
            </Button>
          )}
          <Button
            kind={isMine ? "primary" : "plain"}
            icon="check"
            isBusy={isBusy}
            onClick={() => void act(api.finishWork)}
          >
            {t("worklist.done")}
          </Button>
        </span>
      )}
    </div>
  );
}

function Item({ item }: { item: WorkItem }) {
  const isVoicemail = item.voicemails.length > 0;
  return (
    <li class="work-item" data-key={item.key}>
      <div class="work-item-head">
        <span class="work-item-icon" data-voicemail={isVoicemail}>
          <Icon name={isVoicemail ? "voicemail" : "missed"} />
        </span>
        <Who item={item} />
        <When item={item} />
      </div>
      {item.voicemails.map((each) => (
        <Recording key={each.id} recording={each} />
      ))}
      <Actions item={item} />
    </li>
  );
}

/** Calls that nobody answered, until somebody has dealt with them. */
export function WorklistPage() {
  const items = worklist.value;
  return (
    <div class="worklist stack">
      <header>
        <h1 class="worklist-title">{t("worklist.title")}</h1>
        <p class="quiet">{t("worklist.explained")}</p>
      </header>
      {!items && <Skeleton lines={5} />}
      {items?.length === 0 && <EmptyState title={t("worklist.none")}>{t("worklist.none_text")}</EmptyState>}
      {items && items.length > 0 && (
        <ul class="stack">
          {items.map((item) => (
            <Item key={item.key} item={item} />
          ))}
        </ul>
      )}
      {olderThan.value && (
        <Button icon="down" onClick={() => void loadOlderWork()}>
          {t("worklist.older")}
        </Button>
      )}
    </div>
  );
}
