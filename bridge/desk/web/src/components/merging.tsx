import "./merging.css";
import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Customer } from "../api/customer.ts";
import type { FieldConflict, Merge, MergePreview } from "../api/merge.ts";
import { ago, languageName, phone } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { generation } from "../state/desk.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Choice, Field } from "./field.tsx";
import { Notice } from "./notice.tsx";
import { KeyValue, Panel } from "./panel.tsx";
import { PersonBadge } from "./person.tsx";
import { SearchBox } from "./search.tsx";
import { Skeleton } from "./skeleton.tsx";

/** Takes a merge back, and says so; every page that shows one of the two fetches it anew. */
export async function undoMerge(mergeId: string): Promise<void> {
  try {
    const { still_joined_by } = await api.undoMerge(mergeId);
    if (still_joined_by.length > 0) notify({ tone: "info", text: t("merge.still_joined") });
    else notify({ tone: "good", text: t("merge.undone") });
    generation.value++;
  } catch (error) {
    notifyFailure(error);
  }
}

/** Says that two are one now, with the way back. */
export function tellMerged(mergeId: string, one: string, other: string): void {
  generation.value++;
  notify({
    tone: "good",
    text: t("merge.done", { one, other }),
    action: { label: t("undo"), run: () => void undoMerge(mergeId) },
  });
}

function shownValue(field: string, value: string | boolean | null): string {
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (!value) return "–";
  return field === "language" ? languageName(value) : value;
}

const Conflict = ({ field, values }: FieldConflict) => (
  <li>
    {word("merge_field", field)}: {values.map((value) => shownValue(field, value)).join(" ↔ ")}
  </li>
);

function WhatComesTogether({ preview }: { preview: MergePreview }) {
  const counts = Object.entries(preview.entries).map(
    ([channel, count]) => `${channel === "none" ? t("merge.notes") : word("channel", channel)} ${count}`,
  );
  const addresses = preview.identities.map(({ kind, address }) =>
    kind === "phone" ? phone(address) : address,
  );
  return (
    <KeyValue
      facts={[
        [t("merge.addresses"), addresses.join(", ")],
        [t("merge.entries"), counts.join(", ")],
        [t("merge.orders"), preview.orders || null],
        [t("merge.conversations"), preview.open_conversations || null],
        [
          t("merge.conflicts"),
          preview.conflicts.length > 0 && (
            <ul class="merge-conflicts">
              {preview.conflicts.map((each) => (
                <Conflict key={each.field} {...each} />
              ))}
            </ul>
          ),
        ],
      ]}
    />
  );
}

function MergeForm(props: { customer: Customer; other: Customer; onClose: () => void }) {
  const { customer, other, onClose } = props;
  const { data: preview, problem } = useFetched(
    () => api.previewMerge(customer.id, other.id),
    [customer.id, other.id],
  );
  const [survivor, setSurvivor] = useState(customer.id);
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const merge = async (event: Event) => {
    event.preventDefault();
    if (!reason.trim()) return;
    setBusy(true);
    try {
      const how = { into: other.id, survivor, reason: reason.trim() };
      const { merge_id } = await api.mergeCustomers(customer.id, how);
      onClose();
      tellMerged(merge_id, customer.name, other.name);
    } catch (error) {
      setBusy(false);
      notifyFailure(error);
    }
  };
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!preview) return <Skeleton lines={5} />;
  return (
    <form class="stack" onSubmit={(event) => void merge(event)}>
      <Choice
        label={t("merge.survivor")}
        options={[customer, other].map(({ id, name }) => ({ value: id, label: name || "–" }))}
        value={survivor}
        onChoose={setSurvivor}
      />
      <WhatComesTogether preview={preview} />
      <Field
        label={t("reason")}
        hint={t("reason.hint")}
        value={reason}
        maxLength={1000}
        onInput={(event) => setReason(event.currentTarget.value)}
      />
      <div class="row">
        <Button type="submit" kind="primary" isBusy={isBusy} disabled={!reason.trim()}>
          {t("merge.do")}
        </Button>
      </div>
    </form>
  );
}

/** Finds the other one, shows what comes together, and joins the two. */
export function MergeDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const [other, setOther] = useState<Customer | null>(null);
  return (
    <Dialog title={t("merge.title")} onClose={onClose}>
      <div class="stack">
        <PersonBadge name={customer.name} kind={customer.kind} isVip={customer.vip} />
        {other ? (
          <>
            <div class="row between">
              <PersonBadge name={other.name} kind={other.kind} isVip={other.vip} />
              <Button kind="quiet" onClick={() => setOther(null)}>
                {t("merge.another")}
              </Button>
            </div>
            <MergeForm key={other.id} customer={customer} other={other} onClose={onClose} />
          </>
        ) : (
          <SearchBox label={t("merge.whom")} onChoose={setOther} />
        )}
      </div>
    </Dialog>
  );
}

function MergeLine({ merge }: { merge: Merge }) {
  const { leaf_a, leaf_b, by, at, reason, undone_by, undone_at } = merge;
  return (
    <li class="merge">
      <div class="merge-who">
        <span>
          {leaf_a.name} + {leaf_b.name}
        </span>
        <span class="quiet">{t("merge.by", { by, ago: ago(at), reason })}</span>
        {undone_at && (
          <span class="quiet">{t("merge.undone_by", { by: undone_by ?? "", ago: ago(undone_at) })}</span>
        )}
      </div>
      {!undone_at && (
        <Button kind="quiet" icon="undo" onClick={() => void undoMerge(merge.id)}>
          {t("undo")}
        </Button>
      )}
    </li>
  );
}

/** What a customer was joined of, with the way back; nothing where nothing was. */
export function MergeHistory({ customerId }: { customerId: string }) {
  const { data } = useFetched(() => api.listMerges(customerId), [customerId, generation.value]);
  if (!data || data.items.length === 0) return null;
  return (
    <Panel title={t("merge.history")}>
      <ul class="plain-list">
        {data.items.map((merge) => (
          <MergeLine key={merge.id} merge={merge} />
        ))}
      </ul>
    </Panel>
  );
}
