import "./line_bar.css";
import { useEffect } from "preact/hooks";
import { t, word } from "../i18n/index.ts";
import { callerOf } from "../state/caller.ts";
import { acknowledge, bringToFront, encounters, front, ownState, showWaiting } from "../state/desk.ts";
import type { Encounter } from "../state/encounters.ts";
import { route } from "../state/router.ts";
import { StatusPill } from "./badge.tsx";
import { Clock } from "./clock.tsx";
import { Icon } from "./icon.tsx";

/** One call. The pop counts as shown when this is painted: it is on every page, in the same frame as the card. */
function LineKey({ encounter }: { encounter: Encounter }) {
  const caller = callerOf(encounter);
  const ringing = encounter.phase === "ringing" ? encounter.popId : null;
  useEffect(() => {
    if (ringing) acknowledge(ringing);
  }, [ringing]);
  const isFront = front.value?.callId === encounter.callId && route.value.page === "desk";
  return (
    <button
      type="button"
      class="line-key"
      data-phase={encounter.phase}
      aria-current={isFront ? "true" : undefined}
      onClick={() => bringToFront(encounter.callId)}
    >
      <span class="line-key-name">
        {caller.isVip && <Icon name="star" size={13} />}
        {caller.name}
      </span>
      <span class="line-key-detail number">{caller.number}</span>
      <StatusPill state={encounter.phase}>
        <Clock since={encounter.since} />
      </StatusPill>
    </button>
  );
}

/** What is on the phone, on every page: like the line keys of a desk phone, one per call. */
export function LineBar() {
  if (encounters.value.length === 0) return null;
  const isWaiting = front.value === null && route.value.page === "desk";
  return (
    <nav class="line-bar" aria-label={t("line_bar.label")}>
      <button
        type="button"
        class="line-key line-key-desk"
        aria-current={isWaiting ? "true" : undefined}
        onClick={showWaiting}
      >
        <Icon name="right" size={14} />
        {t("line_bar.desk")}
      </button>
      {encounters.value.map((each) => (
        <LineKey key={each.callId} encounter={each} />
      ))}
    </nav>
  );
}

function announcement(encounter: Encounter): string {
  const { name, number } = callerOf(encounter);
  if (encounter.phase === "ringing") return t("pop.announced", { name, number });
  if (encounter.phase === "withdrawn")
    return `${t("pop.withdrawn", { name })} ${word("withdrawn", encounter.reason ?? "unknown")}`;
  return "";
}

/** Reads an arriving pop out at once, and that it went. Always in the page: a live region must be there before its text. */
export function PopAnnouncer() {
  return (
    <div class="only-heard" role="alert">
      {encounters.value
        .map(announcement)
        .filter(Boolean)
        .map((text) => (
          <p key={text}>{text}</p>
        ))}
    </div>
  );
}

/** The agent's state as the server sees it. */
export const OwnState = () => <StatusPill state={ownState.value} />;
