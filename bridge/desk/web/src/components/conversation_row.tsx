import "./conversation_row.css";
import type { ConversationSummary } from "../api/conversation.ts";
import { ago, fullDate, shortDate } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { me } from "../state/session.ts";
import { Badge } from "./badge.tsx";
import { channelIcon, Icon } from "./icon.tsx";

/** By when we should answer: near, missed or far, in words. */
export function DueBadge({ conversation }: { conversation: ConversationSummary }) {
  const { due_at, overdue, waiting_since } = conversation;
  if (!due_at || !waiting_since) return null;
  const left = Date.parse(due_at) - Date.now();
  if (overdue || left <= 0)
    return (
      <Badge tone="bad" icon="warning">
        {t("conversation.overdue", { time: shortDate(due_at) })}
      </Badge>
    );
  return (
    <Badge tone={left < 15 * 60_000 ? "warn" : "neutral"} icon="promise">
      {t("conversation.due", { time: shortDate(due_at) })}
    </Badge>
  );
}

const nameOf = ({ customer_name }: ConversationSummary) => customer_name || t("conversation.nobody");

function Marks({ conversation }: { conversation: ConversationSummary }) {
  const { tags, mentions, state, snoozed_until } = conversation;
  return (
    <>
      {mentions.includes(me.value?.agent.id ?? "") && (
        <Badge tone="ring">{t("conversation.calls_you")}</Badge>
      )}
      {state === "snoozed" && snoozed_until && (
        <Badge tone="info">{t("conversation.rests_until", { time: shortDate(snoozed_until) })}</Badge>
      )}
      {conversation.suspicious && (
        <Badge tone="bad" icon="warning">
          {t("conversation.suspicious")}
        </Badge>
      )}
      <DueBadge conversation={conversation} />
      {tags.map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
    </>
  );
}

/** A conversation as a piece of work: who, what was said last, how long they wait, whose it is. */
export function ConversationRow({ conversation }: { conversation: ConversationSummary }) {
  const { id, channel, subject, last_text, last_direction, waiting_since, last_at, assignee } = conversation;
  const since = waiting_since ?? last_at;
  const isMine = conversation.assignee_id === me.value?.agent.id;
  return (
    <a class="talk" href={`/conversations/${id}`} data-overdue={conversation.overdue}>
      <span class="talk-icon" data-channel={channel}>
        <Icon name={channelIcon(channel)} />
        <span class="only-heard">{word("channel", channel)}</span>
      </span>
      <span class="talk-main">
        <span class="talk-head">
          <strong class="talk-name">{nameOf(conversation)}</strong>
          <time class="quiet number" dateTime={since} title={fullDate(since)}>
            {waiting_since ? t("conversation.waits", { time: ago(since) }) : ago(since)}
          </time>
        </span>
        {subject && <span class="talk-subject">{subject}</span>}
        <span class="talk-text">
          {last_direction === "outbound" && <span class="quiet">{t("conversation.we_wrote")} </span>}
          {last_text}
        </span>
        <span class="talk-marks">
          <Marks conversation={conversation} />
          <span class={isMine ? "talk-mine" : "quiet"}>
            {isMine ? t("conversation.mine") : assignee || t("conversation.nobodys")}
          </span>
        </span>
      </span>
    </a>
  );
}
