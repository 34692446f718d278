import { t } from "../i18n/index.ts";
import { typing } from "../state/typing.ts";
import { Badge } from "./badge.tsx";

/** That the customer is writing in this conversation at this moment. */
export function Typing({ conversationId }: { conversationId: string }) {
  return typing.value.has(conversationId) ? (
    <Badge tone="info">{t("conversation.customer_types")}</Badge>
  ) : null;
}
