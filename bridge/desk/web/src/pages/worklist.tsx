import "./worklist.css";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { WorkItem } from "../api/call.ts";
import type { ConversationSummary } from "../api/conversation.ts";
import { ago, fullDate } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { numberOf } from "../components/call_row.tsx";
import { ConversationRow } from "../components/conversation_row.tsx";
import { Select } from "../components/field.tsx";
import { Icon } from "../components/icon.tsx";
import { EmptyState } from "../components/panel.tsx";
import { Recording } from "../components/recording.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { Filter } from "../components/tabs.tsx";
import { counts, freshConversations, inOrder, isListed } from "../state/conversations.ts";
import { freshCalls, generation } from "../state/desk.ts";
import { notifyFailure } from "../state/notices.ts";
import { me } from "../state/session.ts";
import { hearWork, loadOlderWork, olderThan, worklist } from "../state/worklist.ts";

/** Who has called: a way to the call, and the number to call back, which a softphone takes. */
function Who({ item }: { item: WorkItem }) {
  const call = freshCalls.value[item.call.id] ?? item.call;
  const nobody = call.caller ? t("caller.unknown") : t("caller.anonymous");
  return (
    <div class="work-item-who">
      <h3 class="work-item-name">
        <a href={`/calls/${call.id}`}>{call.customer_name ?? nobody}</a>
      </h3>
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

const SCOPES = ["mine", "unassigned", "all"] as const;
const SHOWN = ["waiting", "answered", "snoozed", "resolved", "suspicious"] as const;

/** Arrows lead from one to the next, as Tab does. */
function moveByArrow(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("a.talk")];
  const at = rows.findIndex((row) => row === document.activeElement);
  if (step === 0 || at < 0) return;
  event.preventDefault();
  rows[at + step]?.focus();
}

function useConversations(scope: (typeof SCOPES)[number], show: (typeof SHOWN)[number]) {
  const [fetched, setFetched] = useState<readonly ConversationSummary[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const load = async (before: string | null) => {
    try {
      const page = await api.listConversations({ scope, show, before });
      setFetched((known) => (before === null ? page.items : [...(known ?? []), ...page.items]));
      setNext(page.next);
      counts.value = page.counts;
    } catch (error) {
      notifyFailure(error);
    }
  };
  useEffect(() => {
    setFetched(null);
    void load(null);
  }, [scope, show, generation.value]);
  const byId = new Map(fetched?.map((each) => [each.id, each]));
  for (const each of Object.values(freshConversations.value)) byId.set(each.id, each);
  const who = me.value?.agent.id ?? "";
  const listed = [...byId.values()].filter((each) => isListed(each, { scope, show }, who));
  return { items: fetched && inOrder(listed, show), hasMore: next !== null, loadMore: () => void load(next) };
}

/** Customers who wait for an answer in writing. */
function Conversations() {
  const [scope, setScope] = useState<(typeof SCOPES)[number]>("all");
  const [show, setShow] = useState<(typeof SHOWN)[number]>("waiting");
  const { items, hasMore, loadMore } = useConversations(scope, show);
  const counted = (each: (typeof SCOPES)[number]) =>
    `${word("scope", each)}${counts.value ? ` · ${counts.value[each]}` : ""}`;
  const suspicious = counts.value?.suspicious;
  const shownAs = (each: (typeof SHOWN)[number]) =>
    each === "suspicious" && suspicious ? `${word("show", each)} · ${suspicious}` : word("show", each);
  return (
    <section class="stack" aria-labelledby="conversations-title">
      <header class="worklist-head">
        <h2 class="worklist-title" id="conversations-title">
          {t("worklist.conversations")}
        </h2>
        <Select
          label={t("worklist.show")}
          options={SHOWN.map((value) => ({ value, label: shownAs(value) }))}
          value={show}
          onChoose={setShow}
        />
      </header>
      <Filter
        label={t("worklist.whose")}
        options={SCOPES.map((value) => ({ value, label: counted(value) }))}
        value={scope}
        onChoose={(chosen) => setScope(chosen ?? "all")}
      />
      {!items && <Skeleton lines={5} />}
      {items?.length === 0 && (
        <EmptyState title={show === "waiting" ? t("worklist.nobody_waits") : t("worklist.no_such")} />
      )}
      {items && items.length > 0 && (
        <ul class="stack" onKeyDown={moveByArrow}>
          {items.map((each) => (
            <li key={each.id}>
              <ConversationRow conversation={each} />
            </li>
          ))}
        </ul>
      )}
      {hasMore && (
        <Button icon="down" onClick={loadMore}>
          {t("worklist.more")}
        </Button>
      )}
    </section>
  );
}

/** Calls that nobody answered, until somebody has dealt with them. */
function MissedCalls() {
  const items = worklist.value;
  return (
    <section class="stack" aria-labelledby="missed-title">
      <header>
        <h2 class="worklist-title" id="missed-title">
          {t("worklist.title")}
        </h2>
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
    </section>
  );
}

/** All that waits for somebody, in writing and by phone. */
export function WorklistPage() {
  return (
    <div class="worklist">
      <h1 class="only-heard">{t("worklist.page")}</h1>
      <Conversations />
      <MissedCalls />
    </div>
  );
}
