import "./suggestions.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Customer } from "../api/customer.ts";
import type { Evidence, Suggestion } from "../api/merge.ts";
import { ago, phone } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { Button } from "../components/button.tsx";
import { tellMerged } from "../components/merging.tsx";
import { Notice } from "../components/notice.tsx";
import { EmptyState } from "../components/panel.tsx";
import { PersonBadge } from "../components/person.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { generation } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";

const addressesOf = ({ identities, belongs_to }: Customer) =>
  [
    ...identities.map(({ kind, address }) => (kind === "phone" ? phone(address) : address)),
    ...belongs_to.map(({ name }) => name),
  ].join(" · ");

const sentence = (said: Evidence) =>
  t(`evidence.${said.reason}`, said.phone ? { ...said, phone: phone(said.phone) } : said);

function SuggestionLine({ suggestion }: { suggestion: Suggestion }) {
  const { id, customers, evidence, at } = suggestion;
  const [isBusy, setBusy] = useState(false);
  const decide = async (decision: () => Promise<void>) => {
    setBusy(true);
    try {
      await decision();
    } catch (error) {
      notifyFailure(error);
      setBusy(false);
    }
  };
  const accept = async () => {
    const { merge_id } = await api.acceptSuggestion(id);
    tellMerged(merge_id, customers[0]?.name ?? "", customers[1]?.name ?? "");
  };
  const decline = async () => {
    await api.declineSuggestion(id);
    notify({ tone: "info", text: t("suggestions.declined") });
    generation.value++;
  };
  return (
    <li class="panel suggestion">
      <div class="suggestion-pair">
        {customers.map((each) => (
          <a key={each.id} class="candidate" href={`/customers/${each.id}`}>
            <PersonBadge name={each.name} kind={each.kind} isVip={each.vip} detail={addressesOf(each)} />
          </a>
        ))}
      </div>
      <ul class="suggestion-evidence">
        {evidence.map((said) => (
          <li key={JSON.stringify(said)}>{sentence(said)}</li>
        ))}
        <li class="quiet">{ago(at)}</li>
      </ul>
      <div class="row">
        <Button kind="plain" icon="check" isBusy={isBusy} onClick={() => void decide(accept)}>
          {t("suggestions.accept")}
        </Button>
        <Button kind="quiet" icon="close" isBusy={isBusy} onClick={() => void decide(decline)}>
          {t("suggestions.decline")}
        </Button>
      </div>
    </li>
  );
}

/** Customers who may be one: a person looks at the evidence and decides. */
export function SuggestionsPage() {
  const { data, problem } = useFetched(() => api.listSuggestions(null), [generation.value]);
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  return (
    <div class="stack suggestions">
      <header>
        <h1>{t("suggestions.title")}</h1>
        <p class="quiet">{t("suggestions.explained")}</p>
      </header>
      {!data && <Skeleton lines={6} />}
      {data?.items.length === 0 && (
        <EmptyState title={t("suggestions.none")}>{t("suggestions.none_text")}</EmptyState>
      )}
      <ul class="stack suggestion-list">
        {data?.items.map((each) => (
          <SuggestionLine key={each.id} suggestion={each} />
        ))}
      </ul>
    </div>
  );
}
