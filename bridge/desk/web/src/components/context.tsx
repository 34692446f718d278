import "./context.css";
import type { ComponentChildren } from "preact";
import type { CallNote } from "../api/card.ts";
import type { OpenConversation } from "../api/conversation.ts";
import type { Candidate, Customer, CustomerContext, Identity, LastSpoke } from "../api/customer.ts";
import type { Entry } from "../api/entry.ts";
import type { Order } from "../api/order.ts";
import { ago, fullDate, money, phone } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { OrderBadge } from "./badge.tsx";
import { Button } from "./button.tsx";
import { ContinueButton } from "./continuing.tsx";
import { channelIcon, Icon } from "./icon.tsx";
import { KeyValue, Panel } from "./panel.tsx";
import { PersonBadge } from "./person.tsx";
import { Typing } from "./typing.tsx";

const Ago = ({ at }: { at: string }) => (
  <time class="number quiet" dateTime={at} title={fullDate(at)}>
    {ago(at)}
  </time>
);

function LastNote({ note }: { note: Entry }) {
  return (
    <Panel title={t("card.last_note")} tone="note" aside={<Ago at={note.at} />}>
      <p class="last-note">{note.text}</p>
      <p class="quiet">{note.author}</p>
    </Panel>
  );
}

/** What the others have written on this very call: whoever gets it by a transfer goes on from there. */
export function NotesSoFar({ notes }: { notes: readonly CallNote[] }) {
  return notes.map((note) => (
    <Panel key={note.author + note.at} title={t("card.note_so_far")} tone="note" aside={<Ago at={note.at} />}>
      <p class="last-note">{note.text}</p>
      <p class="quiet">{note.author}</p>
    </Panel>
  ));
}

function LastSpokeLine({ last }: { last: LastSpoke }) {
  return (
    <p class="last-spoke">
      <Icon name={channelIcon(last.channel)} size={15} />
      <span>
        {t("card.last_spoke")} <strong>{last.author}</strong>
        {last.channel && ` · ${word("channel", last.channel)}`} · <Ago at={last.at} />
      </span>
    </p>
  );
}

/** Paid, unpaid and abandoned apart: each order says its status in words and in colour, the sum beside it. */
export function OrderList(props: {
  orders: readonly Order[];
  /** What can be done with an order, beside its items. */
  action?: (order: Order) => ComponentChildren;
}) {
  const { orders, action } = props;
  return (
    <ul class="plain-list">
      {orders.map((order) => (
        <li key={order.id} class="order">
          <div class="row between">
            <span class="row">
              <OrderBadge status={order.status} />
              <span class="number quiet">{order.order}</span>
            </span>
            <strong class="number">{money(order.total, order.currency)}</strong>
          </div>
          <div class="row between order-items">
            <span>{order.items.map((item) => `${item.name} × ${item.quantity}`).join(", ")}</span>
            <Ago at={order.at} />
          </div>
          {order.delivery && (
            <p class="order-place">
              {[order.delivery.city, order.delivery.address].filter(Boolean).join(", ")}
            </p>
          )}
          {action?.(order)}
        </li>
      ))}
    </ul>
  );
}

export function Orders({ orders }: { orders: readonly Order[] }) {
  if (orders.length === 0) return null;
  return (
    <Panel title={t("card.orders")}>
      <OrderList orders={orders} />
    </Panel>
  );
}

export function Conversations({ conversations }: { conversations: readonly OpenConversation[] }) {
  if (conversations.length === 0) return null;
  return (
    <Panel title={t("card.conversations")}>
      <ul class="plain-list">
        {conversations.map((each) => (
          <li key={each.id} class="conversation">
            <Icon name={channelIcon(each.channel)} />
            <span>
              <a href={`/conversations/${each.id}`}>{each.subject || word("channel", each.channel)}</a>
              <span class="conversation-detail">
                {word("channel", each.channel)} · {word("conversation_state", each.state)} ·{" "}
                <Ago at={each.last_at} />
              </span>
            </span>
            <ContinueButton begun={{ things: "conversations", id: each.id }} />
            <Typing conversationId={each.id} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const detailOf = ({ role, extension, last_at, last_channel, clue }: Candidate) =>
  [
    role && word("role_in_group", role),
    extension && t("candidate.extension", { extension }),
    clue && (clue.kind === "call" ? word("disposition", clue.value) : clue.value),
    last_at && `${last_channel ? `${word("channel", last_channel)}, ` : ""}${ago(last_at)}`,
  ]
    .filter(Boolean)
    .join(" · ");

/** Several people behind one number: who is it? Without `onChoose` they are links. */
export function Candidates(props: {
  candidates: readonly Candidate[];
  /** What to ask the caller: it tells them apart. */
  question?: string | null;
  onChoose?: (candidate: Candidate) => void;
}) {
  const { candidates, question, onChoose } = props;
  return (
    <Panel title={onChoose ? t("candidate.who") : t("candidate.members")}>
      {question && <p class="candidate-question">{question}</p>}
      <ul class="plain-list">
        {candidates.map((each) => {
          const person = <PersonBadge name={each.name} kind={each.kind} detail={detailOf(each)} />;
          return (
            <li key={each.id}>
              {onChoose ? (
                <button type="button" class="candidate" onClick={() => onChoose(each)}>
                  {person}
                  <span class="candidate-choose">{t("candidate.choose")}</span>
                </button>
              ) : (
                <a class="candidate" href={`/customers/${each.id}`}>
                  {person}
                </a>
              )}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

export function CustomerFacts(props: { customer: Customer; onRetire?: (identity: Identity) => void }) {
  const { customer, onRetire } = props;
  const addresses = customer.identities.map((each) => (
    <span key={each.kind + each.address} class="identity number">
      {each.kind === "phone" ? phone(each.address) : each.address}
      {each.strength === "proven" && (
        <span title={t("identity.proven")}>
          <Icon name="check" size={13} />
          <span class="only-heard">{t("identity.proven")}</span>
        </span>
      )}
      {onRetire && each.kind === "phone" && (
        <Button kind="quiet" onClick={() => onRetire(each)}>
          {t("address.retire")}
        </Button>
      )}
    </span>
  ));
  const groups = customer.belongs_to.map((group) => (
    <span key={group.id} class="identity">
      <a href={`/customers/${group.id}`}>{group.name}</a>
      {group.role && word("role_in_group", group.role)}
    </span>
  ));
  return (
    <Panel title={t("customer.about")}>
      <KeyValue
        facts={[
          [t("customer.addresses"), addresses.length > 0 ? addresses : null],
          [t("customer.belongs_to"), groups.length > 0 ? groups : null],
          [t("customer.comment"), customer.comment],
          [t("customer.external_id"), customer.external_id],
        ]}
      />
    </Panel>
  );
}

/** The newest note and who spoke last: what an agent reads first. */
export function LastWords({ context }: { context: CustomerContext }): ComponentChildren {
  return (
    <>
      {context.last_note && <LastNote note={context.last_note} />}
      {context.last_spoke && <LastSpokeLine last={context.last_spoke} />}
    </>
  );
}
