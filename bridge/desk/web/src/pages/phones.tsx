import "./phones.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { PhoneLine, RungLine } from "../api/admin.ts";
import { ago } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Notice } from "../components/notice.tsx";
import { EmptyState } from "../components/panel.tsx";
import { PersonBadge } from "../components/person.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { Problem } from "../api/problem.ts";
import { generation } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";

function Seen({ rung }: { rung: RungLine }) {
  if (!rung.on) return <Badge>{t("phones.off")}</Badge>;
  if (rung.shown === null) return <Badge tone="warn">{t("phones.not_proved")}</Badge>;
  const told = { time: ago(rung.at!), name: rung.by! };
  return (
    <span class="rung-seen">
      <Badge tone={rung.shown ? "good" : "bad"} icon={rung.shown ? "check" : "warning"}>
        {rung.shown ? t("phones.shown") : t("phones.not_shown")}
      </Badge>
      <span class="quiet">{t("phones.told", told)}</span>
    </span>
  );
}

/** One rung; after a test call it asks whether the phone showed it. */
function Rung(props: { rung: RungLine; isAsking: boolean; onAnswer: (shown: boolean) => void }) {
  const { rung, isAsking, onAnswer } = props;
  return (
    <li class="rung" data-rung={rung.rung}>
      <span class="rung-name">{word("rung", rung.rung)}</span>
      <Seen rung={rung} />
      {isAsking && rung.on && (
        <span
          class="row rung-ask"
          role="group"
          aria-label={t("phones.ask", { what: word("rung", rung.rung) })}
        >
          <Button icon="check" onClick={() => onAnswer(true)}>
            {t("phones.yes")}
          </Button>
          <Button icon="close" onClick={() => onAnswer(false)}>
            {t("phones.no")}
          </Button>
        </span>
      )}
    </li>
  );
}

function Phone({ fetched }: { fetched: PhoneLine }) {
  const [answered, setAnswered] = useState<PhoneLine | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const line = answered ?? fetched;
  const ring = async () => {
    setBusy(true);
    try {
      await api.ringForTest(line.agent_id);
      setAsking(true);
    } catch (error) {
      if (error instanceof Problem && error.status === 409)
        notify({ tone: "bad", text: t("phones.cannot_ring", { name: line.name }) });
      else notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const answer = (rung: string, shown: boolean) =>
    api.saveProof(line.agent_id, rung, shown).then(setAnswered, notifyFailure);
  return (
    <li class="phone">
      <div class="row between">
        <PersonBadge
          name={line.name}
          kind="person"
          detail={`${line.extension} · ${word("phone_profile", line.profile)}`}
        />
        <span class="row">
          <Badge tone={line.registered ? "good" : "neutral"}>
            {line.registered ? t("phones.registered") : t("phones.not_registered")}
          </Badge>
          <Button icon="phone" isBusy={isBusy} onClick={() => void ring()}>
            {t("phones.test_call")}
          </Button>
        </span>
      </div>
      {isAsking && <Notice tone="info">{t("phones.ringing", { name: line.name })}</Notice>}
      <ul>
        {line.rungs.map((rung) => (
          <Rung
            key={rung.rung}
            rung={rung}
            isAsking={isAsking}
            onAnswer={(shown) => void answer(rung.rung, shown)}
          />
        ))}
      </ul>
    </li>
  );
}

/** For admins: what each agent's phone shows of a caller, and whether anybody has seen it. */
export function PhonesPage() {
  const { data, problem, refresh } = useFetched(api.listPhones, [generation.value]);
  return (
    <div class="phones stack">
      <header>
        <h1 class="phones-title">{t("phones.title")}</h1>
        <p class="quiet">{t("phones.explained")}</p>
      </header>
      {!data && !problem && <Skeleton lines={6} />}
      {problem && (
        <EmptyState title={explain(problem)}>
          <Button icon="undo" onClick={refresh}>
            {t("try_again")}
          </Button>
        </EmptyState>
      )}
      {data && (
        <ul class="phones-list">
          {data.items.map((line) => (
            <Phone key={line.extension} fetched={line} />
          ))}
        </ul>
      )}
    </div>
  );
}
