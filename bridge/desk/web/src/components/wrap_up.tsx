import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import { DISPOSITIONS, type Disposition } from "../api/agent.ts";
import { t, word } from "../i18n/index.ts";
import { finish } from "../state/desk.ts";
import type { DraftSaver } from "../state/draft.ts";
import { closeDraft } from "../state/drafts.ts";
import { notify, notifyFailure } from "../state/notices.ts";
import { Button } from "./button.tsx";
import { Choice } from "./field.tsx";

/** Ends a call's wrap-up: the draft is stored first, then becomes one entry with the disposition. */
export function WrapUp({ callId, saver }: { callId: string; saver: DraftSaver }) {
  const [disposition, setDisposition] = useState<Disposition | null>(null);
  const [isBusy, setBusy] = useState(false);
  const done = async () => {
    if (!disposition) return;
    setBusy(true);
    try {
      await saver.flush();
      if (saver.status.value === "failed" || saver.status.value === "conflict") return;
      await api.wrapUp(callId, disposition);
      closeDraft(callId);
      finish(callId);
      notify({ tone: "good", text: t("wrap_up.done") });
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="stack">
      <Choice<Disposition>
        label={t("wrap_up.disposition")}
        value={disposition}
        onChoose={setDisposition}
        options={DISPOSITIONS.map((value) => ({ value, label: word("disposition", value) }))}
      />
      <Button kind="primary" icon="check" isBusy={isBusy} disabled={!disposition} onClick={() => void done()}>
        {t("wrap_up.finish")}
      </Button>
    </div>
  );
}
