import type { WrittenContext } from "../api/entry.ts";
import { t } from "../i18n/index.ts";
import { Badge } from "./badge.tsx";

/** Where on the company's site a message was written, and what the visitor had before them. The address is no link: it is
    a stranger's word. */
export function WrittenAt({ context }: { context: WrittenContext }) {
  const { page_url: address, page_title: title, cart, order } = context;
  const page = title || address;
  if (!page && !cart && !order) return null;
  return (
    <p class="entry-facts" data-testid="written-at">
      {page && <span title={address}>{t("written_at.page", { page })}</span>}
      {cart && <Badge>{t("written_at.cart", { cart })}</Badge>}
      {order && <Badge>{t("written_at.order", { order })}</Badge>}
    </p>
  );
}
