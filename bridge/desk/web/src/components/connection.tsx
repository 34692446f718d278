import "./connection.css";
import { t } from "../i18n/index.ts";
import { notifyFailure } from "../state/notices.ts";
import { Badge } from "./badge.tsx";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { KeyValue } from "./panel.tsx";

export const attempt = (work: Promise<unknown>, onDone: () => void) => void work.then(onDone, notifyFailure);

/** How an inbox or a webhook is: it works, rests, or had an error, which is the server's or the provider's own words. */
export function Health({ state, error }: { state: string; error: string | null }) {
  const isPaused = state === "paused";
  return (
    <>
      <Badge tone={isPaused ? "warn" : error ? "bad" : "good"}>
        {isPaused ? t("connections.paused") : error ? t("connections.failing") : t("connections.works")}
      </Badge>
      {error && (
        <span class="quiet connection-error" lang="en">
          {error}
        </span>
      )}
    </>
  );
}

export function PauseButton({
  state,
  onSet,
}: {
  state: string;
  onSet: (state: "active" | "paused") => void;
}) {
  return state === "paused" ? (
    <Button icon="play" onClick={() => onSet("active")}>
      {t("connections.resume")}
    </Button>
  ) : (
    <Button icon="pause" onClick={() => onSet("paused")}>
      {t("connections.pause")}
    </Button>
  );
}

/** What is shown once: a secret, and where it belongs. */
export function Shown({ facts, onClose }: { facts: [string, string][]; onClose: () => void }) {
  return (
    <Dialog title={t("connections.once_title")} onClose={onClose}>
      <div class="stack">
        <p>{t("connections.once")}</p>
        <KeyValue
          facts={facts.map(([name, value]) => [name, <code class="connection-secret">{value}</code>])}
        />
      </div>
    </Dialog>
  );
}
