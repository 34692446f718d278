import "./note_editor.css";
import { useEffect } from "preact/hooks";
import { t } from "../i18n/index.ts";
import type { DraftSaver, DraftStatus } from "../state/draft.ts";
import { Button } from "./button.tsx";
import { LONGEST_NOTE, TextArea } from "./field.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { Notice } from "./notice.tsx";

const STATUS_ICONS: Partial<Record<DraftStatus, IconName>> = {
  saved: "check",
  failed: "warning",
  conflict: "warning",
};

function Status({ status }: { status: DraftStatus }) {
  const icon = STATUS_ICONS[status];
  return (
    <p class="note-status" data-status={status} role="status">
      {icon && <Icon name={icon} size={14} />}
      {t(`note.${status}`)}
    </p>
  );
}

function Conflict({ saver }: { saver: DraftSaver }) {
  const stored = saver.stored.value;
  if (!stored) return null;
  return (
    <Notice tone="warn">
      <p>{t("note.conflict_explained")}</p>
      <blockquote class="note-stored">{stored.text || t("note.stored_empty")}</blockquote>
      <div class="row">
        <Button onClick={() => void saver.settle("mine")}>{t("note.keep_mine")}</Button>
        <Button onClick={() => void saver.settle("theirs")}>{t("note.take_theirs")}</Button>
      </div>
    </Notice>
  );
}

/** The note of a call while it is a draft. What is typed is safe on the server as soon as the line below says so. */
export function NoteEditor({ saver }: { saver: DraftSaver }) {
  useEffect(() => () => void saver.flush(), [saver]);
  return (
    <div class="note-editor">
      <TextArea
        label={t("note.label")}
        placeholder={t("note.placeholder")}
        rows={6}
        maxLength={LONGEST_NOTE}
        value={saver.text.value}
        onInput={(event) => saver.type(event.currentTarget.value)}
        onBlur={() => void saver.flush()}
      />
      <Status status={saver.status.value} />
      <Conflict saver={saver} />
    </div>
  );
}
