import "./skeleton.css";
import { t } from "../i18n/index.ts";

export const Spinner = () => <span class="spinner" aria-hidden="true" />;

/** Holds the place of `lines` lines that are being fetched, and says so once to a screen reader. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="only-heard">{t("loading")}</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class="skeleton-line" aria-hidden="true" />
      ))}
    </div>
  );
}
