import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { FileTarget } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { loadCard } from "../state/desk.ts";
import { notify, notifyFailure } from "../state/notices.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { SearchBox } from "./search.tsx";

/** Files a call under a customer, tells so with a way back, and fetches the card anew. */
export async function fileUnder(callId: string, target: FileTarget, name: string): Promise<void> {
  const undo = async (filingId: string) => {
    try {
      await api.undoFiling(filingId);
      await loadCard(callId);
    } catch (error) {
      notifyFailure(error);
    }
  };
  try {
    const filed = await api.fileCall(callId, target, "agent's choice at the desk");
    notify({
      tone: "good",
      text: t("filing.done", { name }),
      action: { label: t("undo"), run: () => void undo(filed.filing_id) },
    });
    await loadCard(callId);
  } catch (error) {
    notifyFailure(error);
  }
}

interface WhoseProps {
  title: string;
  onChoose: (target: FileTarget, name: string) => void;
  onClose: () => void;
}

/** Whose is it? Somebody we know, or a new customer. */
export function WhoseDialog({ title, onChoose, onClose }: WhoseProps) {
  const [name, setName] = useState("");
  const choose = (target: FileTarget, chosen: string) => {
    onClose();
    onChoose(target, chosen);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="stack">
        <SearchBox
          label={t("search.people")}
          onChoose={(customer) => choose({ customer_id: customer.id }, customer.name)}
        />
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) choose({ new: { name: name.trim() } }, name.trim());
          }}
        >
          <Field
            label={t("filing.new_name")}
            value={name}
            maxLength={200}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <div class="row">
            <Button type="submit" disabled={!name.trim()}>
              {t("filing.create")}
            </Button>
          </div>
        </form>
      </div>
    </Dialog>
  );
}

export const FilingDialog = ({ callId, onClose }: { callId: string; onClose: () => void }) => (
  <WhoseDialog
    title={t("filing.title")}
    onChoose={(target, name) => void fileUnder(callId, target, name)}
    onClose={onClose}
  />
);
