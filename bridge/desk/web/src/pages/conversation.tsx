import "./conversation.css";
import { useEffect, useMemo, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Agent } from "../api/agent.ts";
import type { ConversationDetail, ConversationSummary } from "../api/conversation.ts";
import type { Entry } from "../api/entry.ts";
import { fullDate, shortDate } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge } from "../components/badge.tsx";
import { Button, IconButton } from "../components/button.tsx";
import { Composer } from "../components/composer.tsx";
import { ReplyWindow } from "../components/reply_window.tsx";
import { CustomerFacts } from "../components/context.tsx";
import { ContinueButton } from "../components/continuing.tsx";
import { DueBadge } from "../components/conversation_row.tsx";
import { Field, Select } from "../components/field.tsx";
import { channelIcon, Icon } from "../components/icon.tsx";
import { Notice } from "../components/notice.tsx";
import { Panel } from "../components/panel.tsx";
import { PersonBadge } from "../components/person.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { Suspicious } from "../components/suspicious.tsx";
import { Thread } from "../components/thread.tsx";
import { freshConversations, hearConversation } from "../state/conversations.ts";
import { generation, onEntry } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notifyFailure } from "../state/notices.ts";
import { usePresence } from "../state/presence.ts";
import { me } from "../state/session.ts";
import { withEntry } from "../state/timeline.ts";

/** The entries of a conversation as far as they were asked for, newest first, kept current by the live channel. */
function useEntries(id: string) {
  const [entries, setEntries] = useState<readonly Entry[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const load = async (before: string | null) => {
    try {
      const page = await api.getConversationEntries(id, before);
      setEntries((known) => page.items.reduce(withEntry, before === null ? [] : (known ?? [])));
      setNext(page.next);
    } catch (error) {
      notifyFailure(error);
    }
  };
  useEffect(() => {
    const stop = onEntry((entry) => {
      if (entry.conversation_id === id) setEntries((known) => known && withEntry(known, entry));
    });
    void load(null);
    return stop;
  }, [id, generation.value]);
  return { entries, hasEarlier: next !== null, loadEarlier: () => void load(next) };
}

async function change(how: () => Promise<ConversationSummary>): Promise<void> {
  try {
    hearConversation(await how());
  } catch (error) {
    notifyFailure(error);
  }
}

/** Hours from now, or the next morning: what people put things off to. */
function restChoices(now: Date): { value: string; label: string }[] {
  const hours = [1, 4].map((count) => ({
    value: new Date(now.getTime() + count * 3_600_000).toISOString(),
    label: t("conversation.rest_hours", { count }),
  }));
  const morning = (days: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 9).toISOString();
  return [
    ...hours,
    { value: morning(1), label: t("conversation.rest_tomorrow") },
    { value: morning(7), label: t("conversation.rest_week") },
  ];
}

function Actions({ talk }: { talk: ConversationDetail }) {
  if (talk.inbox === null) return <Badge>{t("conversation.imported")}</Badge>;
  const rest = [{ value: "", label: t("conversation.rest") }, ...restChoices(new Date())];
  if (talk.state === "open")
    return (
      <span class="row">
        <Select
          label={t("conversation.rest")}
          options={rest}
          value=""
          onChoose={(until) => until && void change(() => api.changeConversation(talk.id, "snoozed", until))}
        />
        <Button icon="check" onClick={() => void change(() => api.changeConversation(talk.id, "resolved"))}>
          {t("conversation.resolve")}
        </Button>
      </span>
    );
  return (
    <Button icon="undo" onClick={() => void change(() => api.changeConversation(talk.id, "open"))}>
      {t("conversation.reopen")}
    </Button>
  );
}

function Assignee({ talk }: { talk: ConversationDetail }) {
  const { data } = useFetched(api.listColleagues, []);
  const who = me.value?.agent.id;
  const nobody = { value: "", label: t("conversation.nobodys") };
  const named = ({ id, name }: Agent) => ({
    value: id,
    label: id === who ? t("conversation.me", { name }) : name,
  });
  if (!data) return <Skeleton lines={1} />;
  return (
    <Select
      label={t("conversation.assignee")}
      options={[nobody, ...data.items.map(named)]}
      value={talk.assignee_id ?? ""}
      onChoose={(id) => void change(() => api.assignConversation(talk.id, id || null))}
    />
  );
}

function Tags({ talk }: { talk: ConversationDetail }) {
  const [tag, setTag] = useState("");
  const set = (tags: readonly string[]) => change(() => api.setTags(talk.id, tags));
  const add = (event: Event) => {
    event.preventDefault();
    const added = tag.trim().replaceAll(",", " ");
    if (added) void set([...talk.tags, added]).then(() => setTag(""));
  };
  return (
    <div class="stack">
      <ul class="talk-tags">
        {talk.tags.map((each) => (
          <li key={each}>
            <Badge>{each}</Badge>
            <IconButton
              icon="close"
              label={t("conversation.drop_tag", { tag: each })}
              onClick={() => void set(talk.tags.filter((other) => other !== each))}
            />
          </li>
        ))}
      </ul>
      <form class="talk-tag-add" onSubmit={add}>
        <Field
          label={t("conversation.add_tag")}
          maxLength={40}
          value={tag}
          onInput={(event) => setTag(event.currentTarget.value)}
        />
        <Button type="submit" disabled={!tag.trim()}>
          {t("conversation.add")}
        </Button>
      </form>
    </div>
  );
}

const quoted = (entry: Entry): string =>
  [
    "",
    "",
    `---------- ${t("composer.forwarded_head", { name: entry.author, time: fullDate(entry.at) })}`,
    entry.text,
  ].join("\n");

function Head({ talk }: { talk: ConversationDetail }) {
  return (
    <header class="talk-page-head">
      <span class="talk-icon" data-channel={talk.channel}>
        <Icon name={channelIcon(talk.channel)} />
      </span>
      <div class="talk-page-who">
        <h1 class="talk-page-title">{talk.customer_name || t("conversation.nobody")}</h1>
        <p class="row quiet">
          <span>{[word("channel", talk.channel), talk.inbox, talk.subject].filter(Boolean).join(" · ")}</span>
          <Badge tone={talk.state === "open" ? "good" : "neutral"}>
            {word("conversation_state", talk.state)}
          </Badge>
          {talk.snoozed_until && (
            <Badge tone="info">
              {t("conversation.rests_until", { time: shortDate(talk.snoozed_until) })}
            </Badge>
          )}
          <DueBadge conversation={talk} />
        </p>
      </div>
      <Actions talk={talk} />
    </header>
  );
}

/** A talk in writing: what was said, the answer, whose it is. */
export function ConversationPage({ id }: { id: string }) {
  const { data, problem } = useFetched(() => api.getConversation(id), [id, generation.value]);
  const { entries, hasEarlier, loadEarlier } = useEntries(id);
  const [forwarded, setForwarded] = useState<string | null>(null);
  usePresence(id);
  const fresh = freshConversations.value[id];
  const talk = useMemo(() => data && { ...data, ...fresh }, [data, fresh]);
  const isCalled = talk?.mentions.includes(me.value?.agent.id ?? "");
  useEffect(() => {
    if (isCalled) void api.seeConversation(id).catch(notifyFailure);
  }, [id, isCalled]);
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!talk || !entries) return <Skeleton lines={8} />;
  const forward = talk.channel === "email" ? (entry: Entry) => setForwarded(quoted(entry)) : undefined;
  return (
    <div class="stack">
      <Head talk={talk} />
      <div class="talk-columns">
        <div class="talk-said">
          <Suspicious talk={talk} />
          <Thread entries={entries} hasEarlier={hasEarlier} onEarlier={loadEarlier} onForward={forward} />
          <div class="talk-write">
            {talk.inbox !== null && (
              <>
                <ReplyWindow talk={talk} />
                <Composer talk={talk} forwarded={forwarded} onForwardEnd={() => setForwarded(null)} />
              </>
            )}
          </div>
        </div>
        <aside class="stack" aria-label={t("conversation.about")}>
          <Panel title={t("conversation.assignee")}>
            <Assignee talk={talk} />
          </Panel>
          <Panel title={t("conversation.tags")}>
            <Tags talk={talk} />
          </Panel>
          {talk.customer && (
            <>
              <a class="talk-customer" href={`/customers/${talk.customer.id}`}>
                <PersonBadge
                  name={talk.customer.name}
                  kind={talk.customer.kind}
                  detail={t("conversation.to_customer")}
                />
              </a>
              {talk.inbox !== null && <ContinueButton begun={{ things: "conversations", id }} />}
              <CustomerFacts customer={talk.customer} />
            </>
          )}
        </aside>
      </div>
    </div>
  );
}
