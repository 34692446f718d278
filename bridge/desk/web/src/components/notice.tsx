import "./notice.css";
import type { ComponentChildren } from "preact";
import { t } from "../i18n/index.ts";
import { dismiss, notices } from "../state/notices.ts";
import { Button, IconButton } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

type Tone = "good" | "bad" | "info" | "warn";

const ICONS: Record<Tone, IconName> = { good: "check", bad: "warning", warn: "warning", info: "info" };

/** A message in the flow of a page. What went wrong is an alert, the rest a status. */
export function Notice({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <div class={`notice notice-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={ICONS[tone]} />
      <div class="notice-body">{children}</div>
    </div>
  );
}

/** The corner where short messages come and go by themselves. */
export function Toasts() {
  return (
    <div class="toasts" aria-live="polite">
      {notices.value.map(({ id, tone, text, action }) => (
        <div key={id} class={`notice notice-${tone} toast`}>
          <Icon name={ICONS[tone]} />
          <span class="notice-body">{text}</span>
          {action && (
            <Button
              kind="quiet"
              icon={action.icon ?? "undo"}
              onClick={() => {
                action.run();
                dismiss(id);
              }}
            >
              {action.label}
            </Button>
          )}
          <IconButton icon="close" label={t("close")} onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
