// The card of a ringing leg for who shows its token: what a phone opens by Call-Info. Read only, and without a login.
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Card } from "../api/card.ts";
import { phone } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { Badge } from "../components/badge.tsx";
import { Conversations, LastWords, NotesSoFar, Orders } from "../components/context.tsx";
import { EntryRow } from "../components/entry.tsx";
import { EmptyState, Panel } from "../components/panel.tsx";
import { Avatar, CustomerBadges } from "../components/person.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { callerOfCard } from "../state/caller.ts";
import { notifyFailure } from "../state/notices.ts";
import { Problem } from "../api/problem.ts";

function Head({ card }: { card: Card }) {
  const caller = callerOfCard(card, card.caller);
  return (
    <header class="work-head" data-phase="ringing">
      <Avatar name={caller.name} kind={caller.kind} size="l" />
      <div class="work-who">
        <h1 class="work-name">{caller.name}</h1>
        <p class="work-number number">{caller.number}</p>
        <p class="row">
          {card.customer && <CustomerBadges customer={card.customer} />}
          {caller.isNew && <Badge tone="info">{t("caller.first_contact")}</Badge>}
        </p>
      </div>
      <p class="quiet">
        {t("pop.dialled")} <span class="number">{phone(card.dialled)}</span>
      </p>
    </header>
  );
}

export function PopPage({ token }: { token: string }) {
  const [card, setCard] = useState<Card | null | "over">(null);
  useEffect(() => {
    api.getPop(token).then(setCard, (error: unknown) => {
      if (error instanceof Problem && error.status === 404) setCard("over");
      else notifyFailure(error);
    });
  }, [token]);
  return (
    <main class="page" data-testid="pop">
      {card === null && <Skeleton lines={8} />}
      {card === "over" && <EmptyState title={t("error.not_found")} />}
      {card && card !== "over" && (
        <div class="work">
          <Head card={card} />
          <div class="work-columns">
            <div class="stack work-person">
              <NotesSoFar notes={card.notes} />
              <LastWords context={card} />
              <Conversations conversations={card.conversations} />
            </div>
            <div class="stack work-desk">
              <Orders orders={card.orders} />
            </div>
            <div class="work-history">
              <Panel title={t("timeline.title")}>
                {card.recent.map((entry) => (
                  <EntryRow key={entry.id} entry={entry} when="ago" />
                ))}
              </Panel>
            </div>
          </div>
        </div>
      )}
    </main>
  );
}
