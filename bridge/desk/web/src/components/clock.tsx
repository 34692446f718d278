import { useEffect, useState } from "preact/hooks";
import { duration } from "../i18n/format.ts";

/** The time since `since`, counting. Not read out: a voice that counts seconds helps nobody. */
export function Clock({ since }: { since: string }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class="number" aria-hidden="true">
      {duration(now - Date.parse(since))}
    </span>
  );
}
