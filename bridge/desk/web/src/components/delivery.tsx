import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Delivery, DeliveryState, Entry } from "../api/entry.ts";
import { t, word } from "../i18n/index.ts";
import { freshDeliveries } from "../state/desk.ts";
import { notifyFailure } from "../state/notices.ts";
import { Badge, type Tone } from "./badge.tsx";
import { Button } from "./button.tsx";

const TONES: Record<DeliveryState, Tone> = {
  accepted: "info",
  sending: "info",
  sent: "good",
  delivered: "good",
  read: "good",
  failed: "bad",
  unknown: "warn",
};

/** The delivery of an entry as it is now. */
const deliveryOf = (entry: Entry): Delivery | null => freshDeliveries.value[entry.id] ?? entry.delivery;

/** What became of a message of ours. Only a person sends one again that failed, or whose fate nobody knows. */
export function DeliveryFacts({ entry }: { entry: Entry }) {
  const [isBusy, setBusy] = useState(false);
  const delivery = deliveryOf(entry);
  if (!delivery) return null;
  const { id, state, reason, parts, parts_sent } = delivery;
  const isStuck = state === "failed" || state === "unknown";
  const sendAgain = async () => {
    setBusy(true);
    try {
      await api.sendAgain(id);
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <p class="entry-facts" data-delivery={state}>
      <Badge tone={TONES[state]}>{word("delivery_state", state)}</Badge>
      {parts > 1 && parts_sent < parts && <span>{t("delivery.parts", { sent: parts_sent, parts })}</span>}
      {reason && <span>{reason}</span>}
      {isStuck && (
        <Button kind="quiet" icon="undo" isBusy={isBusy} onClick={() => void sendAgain()}>
          {state === "unknown" ? t("delivery.send_anyway") : t("delivery.send_again")}
        </Button>
      )}
    </p>
  );
}
