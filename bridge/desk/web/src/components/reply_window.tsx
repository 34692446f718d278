// Until when a conversation may be answered freely, and what may still be sent afterwards: an approved template.
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { ConversationDetail } from "../api/conversation.ts";
import { duration } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { useFetched } from "../state/fetched.ts";
import { Notice } from "./notice.tsx";
import { TemplateButton } from "./templates.tsx";

const SOON = 3 * 3600_000;

export function ReplyWindow({ talk }: { talk: ConversationDetail }) {
  const { data, refresh } = useFetched(() => api.getWindow(talk.id), [talk.id, talk.last_at]);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!data?.limited || data.inbox_id === null) return null;
  const left = data.window_ends_at === null ? 0 : Date.parse(data.window_ends_at) - now;
  return (
    <Notice tone={left > SOON ? "info" : "warn"}>
      <span>{left > 0 ? t("window.open", { left: duration(left) }) : t("window.closed")}</span>{" "}
      {left <= SOON && (
        <TemplateButton
          inboxId={data.inbox_id}
          onSend={(template, key) => api.sendTemplate(talk.id, template, key).then(refresh)}
        />
      )}
    </Notice>
  );
}
