import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { FileTarget } from "../api/client.ts";
import type { ConversationDetail } from "../api/conversation.ts";
import { t } from "../i18n/index.ts";
import { hearConversation } from "../state/conversations.ts";
import { generation } from "../state/desk.ts";
import { notify, notifyFailure } from "../state/notices.ts";
import { navigate } from "../state/router.ts";
import { Button } from "./button.tsx";
import { WhoseDialog } from "./filing.tsx";
import { Notice } from "./notice.tsx";

const SPAM = "spam";

async function file(id: string, target: FileTarget, name: string): Promise<void> {
  try {
    await api.fileConversation(id, target, "looked at: it is theirs");
    notify({ tone: "good", text: t("suspicious.filed", { name }) });
    generation.value++;
  } catch (error) {
    notifyFailure(error);
  }
}

async function endAsSpam({ id, tags }: ConversationDetail): Promise<void> {
  try {
    if (!tags.includes(SPAM)) await api.setTags(id, [...tags, SPAM]);
    hearConversation(await api.changeConversation(id, "resolved"));
    navigate("/worklist");
  } catch (error) {
    notifyFailure(error);
  }
}

/** What is not from the sender that it names is nobody's, until somebody has looked at it. */
export function Suspicious({ talk }: { talk: ConversationDetail }) {
  const [isFiling, setFiling] = useState(false);
  if (!talk.suspicious || talk.state !== "open") return null;
  return (
    <Notice tone="warn">
      <div class="stack">
        <p>{t("suspicious.explained")}</p>
        <div class="row">
          <Button onClick={() => void endAsSpam(talk)}>{t("suspicious.spam")}</Button>
          <Button kind="quiet" icon="person" onClick={() => setFiling(true)}>
            {t("suspicious.theirs")}
          </Button>
        </div>
      </div>
      {isFiling && (
        <WhoseDialog
          title={t("suspicious.whose")}
          onChoose={(target, name) => void file(talk.id, target, name)}
          onClose={() => setFiling(false)}
        />
      )}
    </Notice>
  );
}
