import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Begun, ContinueLink } from "../api/writing.ts";
import { fullDate } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { useFetched } from "../state/fetched.ts";
import { explain, notify, notifyFailure } from "../state/notices.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { TextArea } from "./field.tsx";
import { channelIcon } from "./icon.tsx";
import { Notice } from "./notice.tsx";
import { Skeleton } from "./skeleton.tsx";

/** What to send or to say to the customer: in their language, and good for one use. */
export function Offered({ link }: { link: ContinueLink }) {
  const copy = () =>
    navigator.clipboard
      .writeText(link.text)
      .then(() => notify({ tone: "good", text: t("continue.copied") }), notifyFailure);
  return (
    <div class="stack">
      {link.code && (
        <p>
          {t("continue.say")} <strong class="number">{link.code} #</strong>
        </p>
      )}
      <TextArea label={t("continue.text")} rows={5} readOnly value={link.text} />
      <p class="quiet">{t("continue.until", { time: fullDate(link.expires_at) })}</p>
      <div class="row">
        <Button kind="primary" icon="check" onClick={() => void copy()}>
          {t("continue.copy")}
        </Button>
      </div>
    </div>
  );
}

function Ways({ begun }: { begun: Begun }) {
  const { data, problem } = useFetched(api.listContinueWays, []);
  const [link, setLink] = useState<ContinueLink | null>(null);
  if (problem) return <Notice tone="bad">{explain(problem)}</Notice>;
  if (!data) return <Skeleton lines={3} />;
  if (link) return <Offered link={link} />;
  if (data.items.length === 0) return <p>{t("continue.none")}</p>;
  const offer = (channel: string) => api.continueIn(begun, channel).then(setLink, notifyFailure);
  return (
    <div class="stack">
      <p class="quiet">{t("continue.explained")}</p>
      <div class="row">
        {data.items.map((channel) => (
          <Button key={channel} icon={channelIcon(channel)} onClick={() => void offer(channel)}>
            {word("channel", channel)}
          </Button>
        ))}
      </div>
    </div>
  );
}

/** Offers the customer to go on in another channel, from a call, a conversation or a matter. */
export function ContinueButton({ begun }: { begun: Begun }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind="quiet" icon="right" onClick={() => setOpen(true)}>
        {t("continue.open")}
      </Button>
      {isOpen && (
        <Dialog title={t("continue.title")} onClose={() => setOpen(false)}>
          <Ways begun={begun} />
        </Dialog>
      )}
    </>
  );
}
