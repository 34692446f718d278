import { Inboxes } from "../components/inboxes.tsx";
import { Webhooks } from "../components/webhooks.tsx";

/** For admins: where customers write to the company, and which systems of the company are told of it. */
export function ConnectionsPage() {
  return (
    <div class="stack">
      <Inboxes />
      <Webhooks />
    </div>
  );
}
