import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Identity } from "../api/customer.ts";
import { phone } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { generation } from "../state/desk.ts";
import { notify, notifyFailure } from "../state/notices.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";

/** The number changed hands: says what that means, asks why, and retires it. */
export function RetireDialog(props: { customerId: string; identity: Identity; onClose: () => void }) {
  const { customerId, identity, onClose } = props;
  const [reason, setReason] = useState("");
  const number = phone(identity.address);
  const retire = async (event: Event) => {
    event.preventDefault();
    if (!reason.trim()) return;
    try {
      await api.retireAddress(customerId, identity, reason.trim());
      notify({ tone: "good", text: t("address.retired", { number }) });
      generation.value++;
      onClose();
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <Dialog title={t("address.retire_title")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void retire(event)}>
        <p>{t("address.retire_text", { number })}</p>
        <Field
          label={t("reason")}
          hint={t("reason.hint")}
          value={reason}
          maxLength={1000}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        <div class="row">
          <Button type="submit" kind="danger" disabled={!reason.trim()}>
            {t("address.retire")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
