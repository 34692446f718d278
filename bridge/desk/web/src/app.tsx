import "./app.css";
import { useEffect, useRef } from "preact/hooks";
import { Badge } from "./components/badge.tsx";
import { Button } from "./components/button.tsx";
import { Icon } from "./components/icon.tsx";
import { LineBar, OwnState, PopAnnouncer } from "./components/line_bar.tsx";
import { Mark } from "./components/mark.tsx";
import { Notice, Toasts } from "./components/notice.tsx";
import { EmptyState } from "./components/panel.tsx";
import { SearchBox } from "./components/search.tsx";
import { Skeleton } from "./components/skeleton.tsx";
import { LanguageSwitch, ThemeSwitch } from "./components/switches.tsx";
import { t } from "./i18n/index.ts";
import { CallPage } from "./pages/call.tsx";
import { CannedAnswersPage } from "./pages/canned_answers.tsx";
import { ComponentsPage } from "./pages/components.tsx";
import { ConnectionsPage } from "./pages/connections.tsx";
import { ConversationPage } from "./pages/conversation.tsx";
import { CustomerPage } from "./pages/customer.tsx";
import { DeadLettersPage } from "./pages/dead_letters.tsx";
import { HealthPage } from "./pages/health.tsx";
import { HoursPage } from "./pages/hours.tsx";
import { LoginPage } from "./pages/login.tsx";
import { PhonesPage } from "./pages/phones.tsx";
import { PopPage } from "./pages/pop.tsx";
import { SuggestionsPage } from "./pages/suggestions.tsx";
import { Waiting } from "./pages/waiting.tsx";
import { WorklistPage } from "./pages/worklist.tsx";
import { Workspace } from "./pages/workspace.tsx";
import { counts } from "./state/conversations.ts";
import { callerOf } from "./state/caller.ts";
import { encounters, front, startDesk, stopDesk } from "./state/desk.ts";
import { keepDraftsOf, saveDrafts } from "./state/drafts.ts";
import { link } from "./state/live.ts";
import { notifyFailure } from "./state/notices.ts";
import { navigate, openEntry, route } from "./state/router.ts";
import { isUnreachable, logOut, me } from "./state/session.ts";
import { olderThan, worklist } from "./state/worklist.ts";

/** The way to the worklist, and how much is on it. */
function WorklistLink() {
  const waiting = counts.value;
  const count = (worklist.value?.length ?? 0) + (waiting ? waiting.mine + waiting.unassigned : 0);
  return (
    <a
      class="bar-link"
      href="/worklist"
      aria-current={route.value.page === "worklist" ? "page" : undefined}
      aria-label={t("worklist.link", { count })}
      title={t("worklist.link", { count })}
    >
      <Icon name="missed" />
      {count > 0 && (
        <Badge tone="ring">
          {count}
          {olderThan.value && "+"}
        </Badge>
      )}
    </a>
  );
}

const closeMenu = () => document.getElementById("menu")?.hidePopover();

function TopBar() {
  const who = me.value;
  if (!who) return null;
  return (
    <header class="bar">
      <a class="bar-brand" href="/">
        <Mark size={26} />
        <span class="on-wide">{who.company.name}</span>
      </a>
      <div class="bar-search">
        {route.value.page !== "desk" || front.value ? (
          <SearchBox
            label={t("search.label")}
            onChoose={({ id }) => navigate(`/customers/${id}`)}
            onChooseEntry={openEntry}
          />
        ) : null}
      </div>
      <WorklistLink />
      <OwnState />
      <span class="bar-who">
        {who.agent.name}
        {who.agent.extension && <span class="number"> · {who.agent.extension}</span>}
      </span>
      <button type="button" class="bar-menu" popoverTarget="menu" aria-label={t("menu")}>
        ⋯
      </button>
      <div id="menu" popover="auto" class="bar-menu-body">
        <div class="stack">
          <nav class="stack" onClick={closeMenu}>
            <a href="/suggestions">{t("suggestions.title")}</a>
            {who.agent.role === "admin" && (
              <>
                <a href="/canned_answers">{t("canned.title")}</a>
                <a href="/hours">{t("hours.title")}</a>
                <a href="/phones">{t("phones.title")}</a>
                <a href="/connections">{t("connections.title")}</a>
                <a href="/dead_letters">{t("dead_letters.title")}</a>
                <a href="/health">{t("health.title")}</a>
              </>
            )}
          </nav>
          <LanguageSwitch />
          <ThemeSwitch />
          <Button
            kind="plain"
            icon="leave"
            onClick={() => void saveDrafts().then(logOut).catch(notifyFailure)}
          >
            {t("log_out")}
          </Button>
        </div>
      </div>
    </header>
  );
}

function Desk() {
  const encounter = front.value;
  return encounter ? <Workspace key={encounter.callId} encounter={encounter} /> : <Waiting />;
}

function CurrentPage() {
  const at = route.value;
  if (at.page === "customer") return <CustomerPage id={at.id} to={at.to} />;
  if (at.page === "call") return <CallPage id={at.id} />;
  if (at.page === "conversation") return <ConversationPage key={at.id} id={at.id} />;
  if (at.page === "canned_answers") return <CannedAnswersPage />;
  if (at.page === "hours") return <HoursPage />;
  if (at.page === "worklist") return <WorklistPage />;
  if (at.page === "phones") return <PhonesPage />;
  if (at.page === "suggestions") return <SuggestionsPage />;
  if (at.page === "connections") return <ConnectionsPage />;
  if (at.page === "dead_letters") return <DeadLettersPage />;
  if (at.page === "health") return <HealthPage />;
  if (at.page === "missing") return <EmptyState title={t("error.not_found")} />;
  return <Desk />;
}

function Shell() {
  const agentId = me.value?.agent.id;
  useEffect(() => {
    if (agentId === undefined) return undefined;
    keepDraftsOf(agentId);
    startDesk();
    return stopDesk;
  }, [agentId]);
  const main = useRef<HTMLElement>(null);
  const first = useRef(route.value);
  useEffect(() => {
    // A new page is read from its beginning; the first one keeps the focus where the browser put it.
    if (route.value !== first.current) main.current?.focus({ preventScroll: true });
  }, [route.value]);
  const ringing = encounters.value.find(({ phase }) => phase === "ringing");
  useEffect(() => {
    document.title = ringing ? `☎ ${callerOf(ringing).name}` : t("brand");
  });
  return (
    <div class="shell">
      <TopBar />
      <LineBar />
      {link.value === "lost" && (
        <div class="shell-link">
          <Notice tone="warn">{t("link.lost")}</Notice>
        </div>
      )}
      <main class="page" ref={main} tabIndex={-1}>
        <CurrentPage />
      </main>
      <PopAnnouncer />
    </div>
  );
}

function Root() {
  if (route.value.page === "components") return <ComponentsPage />;
  if (route.value.page === "pop") return <PopPage token={route.value.token} />;
  if (me.value === undefined)
    return (
      <main class="page">
        {isUnreachable.value ? <Notice tone="warn">{t("error.starting")}</Notice> : <Skeleton />}
      </main>
    );
  return me.value === null ? <LoginPage /> : <Shell />;
}

export function App() {
  return (
    <>
      <Root />
      <Toasts />
    </>
  );
}
