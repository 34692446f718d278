import "./customer.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import { t } from "../i18n/index.ts";
import type { Identity } from "../api/customer.ts";
import { RetireDialog } from "../components/addresses.tsx";
import { Button } from "../components/button.tsx";
import { Candidates, CustomerFacts, Conversations, LastWords } from "../components/context.tsx";
import { Consents } from "../components/consents.tsx";
import { LONGEST_NOTE, TextArea } from "../components/field.tsx";
import { MergeDialog, MergeHistory } from "../components/merging.tsx";
import { Matters, Promises } from "../components/matters.tsx";
import { Notice } from "../components/notice.tsx";
import { CustomerOrders } from "../components/orders.tsx";
import { Panel } from "../components/panel.tsx";
import { WriteDialog } from "../components/write.tsx";
import { Avatar, CustomerBadges } from "../components/person.tsx";
import { Skeleton } from "../components/skeleton.tsx";
import { Timeline } from "../components/timeline.tsx";
import { generation } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";

// What is typed about a customer outlives a pop that takes the page; it is gone when it is stored or the tab closes.
const unsent = new Map<string, { text: string; key: string }>();

const newNote = () => ({ text: "", key: crypto.randomUUID() });

function AddNote({ customerId, onAdded }: { customerId: string; onAdded: () => void }) {
  const [note, setNote] = useState(unsent.get(customerId) ?? newNote());
  const [isBusy, setBusy] = useState(false);
  const change = (changed: { text: string; key: string }) => {
    if (changed.text) unsent.set(customerId, changed);
    else unsent.delete(customerId);
    setNote(changed);
  };
  const add = async (event: Event) => {
    event.preventDefault();
    if (!note.text.trim()) return;
    setBusy(true);
    try {
      // The key makes a second try of the same note the same entry.
      await api.addNote(customerId, note.text.trim(), note.key);
      change(newNote());
      notify({ tone: "good", text: t("note.added") });
      onAdded();
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title={t("note.add_title")}>
      <form class="stack" onSubmit={(event) => void add(event)}>
        <TextArea
          label={t("note.label")}
          placeholder={t("note.placeholder_customer")}
          rows={3}
          maxLength={LONGEST_NOTE}
          value={note.text}
          onInput={(event) => change({ ...note, text: event.currentTarget.value })}
        />
        <div class="row">
          <Button type="submit" kind="primary" icon="note" isBusy={isBusy} disabled={!note.text.trim()}>
            {t("note.add")}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

/** Everything about one customer. */
export function CustomerPage({ id, to }: { id: string; to: string | null }) {
  const { data: customer, problem, refresh } = useFetched(() => api.getCustomer(id), [id, generation.value]);
  const [isMerging, setMerging] = useState(false);
  const [isWriting, setWriting] = useState(false);
  const [retired, setRetired] = useState<Identity | null>(null);
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!customer) return <Skeleton lines={8} />;
  return (
    <div class="stack">
      <header class="customer-head">
        <Avatar name={customer.name} kind={customer.kind} size="l" />
        <div class="stack customer-who">
          <h1 class="customer-name">{customer.name}</h1>
          <CustomerBadges customer={customer} />
        </div>
        <Button icon="outbound" onClick={() => setWriting(true)}>
          {t("write.begin")}
        </Button>
        <Button kind="quiet" icon="person" onClick={() => setMerging(true)}>
          {t("merge.open")}
        </Button>
      </header>
      <div class="customer-columns">
        <div class="stack">
          <Matters customerId={customer.id} matters={customer.matters} onChanged={refresh} />
          <LastWords context={customer} />
          <AddNote key={customer.id} customerId={customer.id} onAdded={refresh} />
          <Promises customerId={customer.id} promises={customer.promises} onChanged={refresh} />
          <CustomerOrders customerId={customer.id} orders={customer.orders} />
          <Conversations conversations={customer.conversations} />
          <CustomerFacts customer={customer} onRetire={setRetired} />
          <Consents customer={customer} />
          <MergeHistory customerId={customer.id} />
          {customer.candidates.length > 0 && <Candidates candidates={customer.candidates} />}
        </div>
        <Timeline
          key={`${customer.id} ${to}`}
          customerId={customer.id}
          leaves={customer.leaves}
          matters={customer.matters}
          to={to}
        />
      </div>
      {isWriting && <WriteDialog customerId={customer.id} onClose={() => setWriting(false)} />}
      {isMerging && <MergeDialog customer={customer} onClose={() => setMerging(false)} />}
      {retired && (
        <RetireDialog customerId={customer.id} identity={retired} onClose={() => setRetired(null)} />
      )}
    </div>
  );
}
