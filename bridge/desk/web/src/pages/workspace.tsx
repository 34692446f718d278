import "./workspace.css";
import { useEffect, useState } from "preact/hooks";
import type { Card } from "../api/card.ts";
import { phone, timeOfDay } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge, StatusPill } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Clock } from "../components/clock.tsx";
import { Candidates, CustomerFacts, Conversations, LastWords, NotesSoFar } from "../components/context.tsx";
import { ContinueButton } from "../components/continuing.tsx";
import { FilingDialog, fileUnder } from "../components/filing.tsx";
import { Icon } from "../components/icon.tsx";
import { Matters, Promises } from "../components/matters.tsx";
import { NoteEditor } from "../components/note_editor.tsx";
import { Notice } from "../components/notice.tsx";
import { CustomerOrders } from "../components/orders.tsx";
import { EmptyState, Panel } from "../components/panel.tsx";
import { Avatar, CustomerBadges } from "../components/person.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { Timeline } from "../components/timeline.tsx";
import { WrapUp } from "../components/wrap_up.tsx";
import { callerOf } from "../state/caller.ts";
import { loadCard } from "../state/desk.ts";
import type { DraftSaver } from "../state/draft.ts";
import { openDraft } from "../state/drafts.ts";
import type { Encounter } from "../state/encounters.ts";
import { notifyFailure } from "../state/notices.ts";

function Head({ encounter, onFile }: { encounter: Encounter; onFile: () => void }) {
  const { card, phase, since } = encounter;
  const caller = callerOf(encounter);
  return (
    <header class="work-head" data-phase={phase}>
      <Avatar name={caller.name} kind={caller.kind} size="l" />
      <div class="work-who">
        <h1 class="work-name">
          {card?.customer ? <a href={`/customers/${card.customer.id}`}>{caller.name}</a> : caller.name}
        </h1>
        <p class="work-number number">{caller.number}</p>
        <p class="row">
          {card?.customer && <CustomerBadges customer={card.customer} />}
          {caller.isColleague && <Badge tone="info">{t("caller.colleague")}</Badge>}
          {caller.isNew && <Badge tone="info">{t("caller.first_contact")}</Badge>}
        </p>
      </div>
      <div class="work-call">
        <StatusPill state={phase}>
          <Clock since={since} />
        </StatusPill>
        {card && (
          <p class="quiet">
            {t("pop.dialled")} <span class="number">{phone(card.dialled)}</span>
            {card.queue && ` · ${card.queue}`}
          </p>
        )}
        {phase !== "withdrawn" && card && !card.colleague && (
          <Button kind="quiet" icon="person" onClick={onFile}>
            {card.customer ? t("filing.someone_else") : t("filing.who")}
          </Button>
        )}
        {phase !== "withdrawn" && card?.customer && (
          <ContinueButton begun={{ things: "calls", id: encounter.callId }} />
        )}
      </div>
    </header>
  );
}

function useDraft(callId: string, isOurs: boolean): DraftSaver | null {
  const [saver, setSaver] = useState<DraftSaver | null>(null);
  useEffect(() => {
    if (isOurs) openDraft(callId).then(setSaver, notifyFailure);
  }, [callId, isOurs]);
  return saver;
}

function NotePanel({ encounter }: { encounter: Encounter }) {
  const { callId, phase } = encounter;
  const isOurs = !encounter.card?.colleague && (phase === "in_call" || phase === "wrap_up");
  const saver = useDraft(callId, isOurs);
  if (!isOurs) return null;
  return (
    <Panel title={phase === "in_call" ? t("note.during") : t("wrap_up.title")}>
      <div class="stack">
        {saver ? <NoteEditor saver={saver} /> : <Skeleton lines={3} />}
        {saver && phase === "wrap_up" && <WrapUp callId={callId} saver={saver} />}
      </div>
    </Panel>
  );
}

function Now({ encounter }: { encounter: Encounter }) {
  const { phase, since } = encounter;
  return (
    <div class="line-now" data-phase={phase}>
      <span class="line-now-node" aria-hidden="true">
        <Icon name="phone" size={15} />
      </span>
      <span>
        {word("now", phase)} <span class="number quiet">{timeOfDay(since)}</span>
      </span>
    </div>
  );
}

function History({ card, encounter }: { card: Card; encounter: Encounter }) {
  const head = encounter.phase === "withdrawn" ? undefined : <Now encounter={encounter} />;
  if (card.customer) {
    const { id, leaves } = card.customer;
    return (
      <Timeline
        key={id}
        customerId={id}
        leaves={leaves}
        matters={card.matters}
        initial={card.recent}
        head={head}
        headCallId={encounter.callId}
      />
    );
  }
  if (card.colleague) {
    return (
      <Panel title={t("timeline.title")}>
        {head}
        <EmptyState title={t("caller.colleague_title")}>{t("caller.colleague_text")}</EmptyState>
      </Panel>
    );
  }
  return (
    <Panel title={t("timeline.title")}>
      {head}
      <EmptyState title={card.caller ? t("caller.new_title") : t("caller.anonymous_title")}>
        {card.caller ? t("caller.new_text") : t("caller.anonymous_text")}
      </EmptyState>
    </Panel>
  );
}

/** One call from the first ring to the end of its wrap-up: the page stays the same, so answering moves nothing. */
export function Workspace({ encounter }: { encounter: Encounter }) {
  const { callId, card, phase } = encounter;
  const [isFiling, setFiling] = useState(false);
  const facts = card?.customer && <CustomerFacts customer={card.customer} />;
  const subject = (customerId: string) => ({ customerId, callId, onChanged: () => void loadCard(callId) });
  // Where no note was left, who it is takes the note's place.
  const isFirstPlain = !card?.last_note;
  return (
    <div class="work" data-testid="workspace" data-phase={phase} data-call={callId}>
      <Head encounter={encounter} onFile={() => setFiling(true)} />
      {phase === "withdrawn" && (
        <Notice tone="info">{word("withdrawn", encounter.reason ?? "unknown")}</Notice>
      )}
      {card ? (
        <div class="work-columns">
          <div class="stack work-person">
            {card.candidates.length > 0 && (
              <Candidates
                candidates={card.candidates}
                question={card.question}
                onChoose={({ id, name }) => void fileUnder(callId, { customer_id: id }, name)}
              />
            )}
            <NotesSoFar notes={card.notes} />
            {card.customer && <Matters {...subject(card.customer.id)} matters={card.matters} />}
            <LastWords context={card} />
            <Conversations conversations={card.conversations} />
            {isFirstPlain && facts}
          </div>
          <div class="stack work-desk">
            <NotePanel encounter={encounter} />
            {card.customer && <Promises {...subject(card.customer.id)} promises={card.promises} />}
            {card.customer && <CustomerOrders customerId={card.customer.id} orders={card.orders} />}
            {!isFirstPlain && facts}
          </div>
          <div class="work-history">
            <History card={card} encounter={encounter} />
          </div>
        </div>
      ) : (
        <Skeleton lines={8} />
      )}
      {isFiling && <FilingDialog callId={callId} onClose={() => setFiling(false)} />}
    </div>
  );
}
