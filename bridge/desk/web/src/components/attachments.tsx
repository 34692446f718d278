import "./attachments.css";
import { useState } from "preact/hooks";
import type { Attachment } from "../api/entry.ts";
import { fileSize } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { freshFiles } from "../state/desk.ts";
import { Icon } from "./icon.tsx";

/** Pictures that can hold no script; the server shows no others. */
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

const addressOf = (file: Attachment) => `/api/v1/attachments/${file.id}`;

function File({ file }: { file: Attachment }) {
  if (file.state === "refused")
    return (
      <span class="attachment quiet">
        <Icon name="attachment" size={14} /> {file.name} · {word("file_reason", file.reason ?? "refused")}
      </span>
    );
  if (file.state === "waiting")
    return (
      <span class="attachment quiet">
        <Icon name="attachment" size={14} /> {file.name} · {t("file.waiting")}
      </span>
    );
  return (
    <a class="attachment" href={addressOf(file)} target="_blank" rel="noopener" download={file.name}>
      {PICTURES.includes(file.media_type) ? (
        <img src={addressOf(file)} alt={file.name} loading="lazy" />
      ) : (
        <Icon name="attachment" size={14} />
      )}
      <bdi>{file.name}</bdi> · {fileSize(file.size)}
    </a>
  );
}

/** Files that came with a message, or went with one. */
export function Attachments({ files }: { files: readonly Attachment[] }) {
  if (files.length === 0) return null;
  return (
    <p class="attachments">
      {files.map((each) => (
        <File key={each.id} file={freshFiles.value[each.id] ?? each} />
      ))}
    </p>
  );
}

/** A mail as it was laid out: cleaned by the server, in a frame that runs nothing and loads nothing. */
export function HtmlBody({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="html-body" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("entry.laid_out")}</summary>
      {isOpen && (
        <iframe
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          referrerpolicy="no-referrer"
          title={t("entry.laid_out")}
          src={`/api/v1/attachments/${id}/html`}
        />
      )}
    </details>
  );
}
