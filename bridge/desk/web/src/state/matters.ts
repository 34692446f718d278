// What a matter is called: its title, or the day that it was opened on while nobody has named it.
import type { Matter } from "../api/matter.ts";
import { shortDate } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";

export const titleOf = ({ title, opened_at }: Matter): string =>
  title || t("matter.untitled", { date: shortDate(opened_at) });
