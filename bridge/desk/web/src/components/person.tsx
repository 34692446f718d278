import "./person.css";
import type { ComponentChildren } from "preact";
import type { Customer } from "../api/customer.ts";
import { languageName } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { Badge } from "./badge.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { initials } from "./initials.ts";

type Kind = Customer["kind"] | "unknown";

const KIND_ICONS: Record<Kind, IconName> = {
  person: "person",
  household: "household",
  organisation: "organisation",
  unknown: "unknown",
};

/** A person is a circle with initials, a group a square with its sign, so the two are told apart without colour. */
export function Avatar({ name, kind, size = "m" }: { name: string; kind: Kind; size?: "s" | "m" | "l" }) {
  const letters = kind === "person" ? initials(name) : "";
  return (
    <span class={`avatar avatar-${size}`} data-kind={kind} aria-hidden="true">
      {letters || <Icon name={KIND_ICONS[kind]} size={size === "l" ? 28 : 18} />}
    </span>
  );
}

/** What is known of a customer at a glance: kind, language, VIP, and that it is a sample. */
export function CustomerBadges({ customer }: { customer: Customer }) {
  return (
    <span class="row">
      {customer.vip && (
        <Badge tone="special" icon="star">
          {t("customer.vip")}
        </Badge>
      )}
      {customer.kind !== "person" && <Badge>{word("kind", customer.kind)}</Badge>}
      {customer.language && <Badge tone="info">{languageName(customer.language)}</Badge>}
      {customer.sample && <Badge>{t("customer.sample")}</Badge>}
    </span>
  );
}

interface PersonBadgeProps {
  name: string;
  kind: Kind;
  /** The name as it is shown, where parts of it are marked. */
  marked?: ComponentChildren;
  detail?: ComponentChildren;
  isVip?: boolean;
}

/** One line with avatar, name and a quiet second line; the second is never the only place of the name. */
export function PersonBadge(props: PersonBadgeProps) {
  return (
    <span class="person">
      <Avatar name={props.name} kind={props.kind} size="s" />
      <span class="person-text">
        <span class="person-name">
          <span>{props.marked ?? props.name}</span>
          {props.isVip && <Icon name="star" size={14} />}
          {props.isVip && <span class="only-heard">{t("customer.vip")}</span>}
        </span>
        {props.detail && <span class="person-detail">{props.detail}</span>}
      </span>
    </span>
  );
}
