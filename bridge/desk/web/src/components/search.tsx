import "./search.css";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Customer } from "../api/types.ts";
import { phone } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { notifyFailure } from "../state/notices.ts";
import { Icon } from "./icon.tsx";
import { PersonBadge } from "./person.tsx";

const PAUSE = 200;

interface SearchBoxProps {
  label: string;
  onChoose: (customer: Customer) => void;
}

const isAbort = (error: unknown) => error instanceof DOMException && error.name === "AbortError";

function useSearch(query: string): Customer[] | null {
  const [found, setFound] = useState<Customer[] | null>(null);
  useEffect(() => {
    const wanted = query.trim();
    if (wanted.length < 2) return setFound(null);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api.searchCustomers(wanted, abort.signal).then(
        (page) => setFound(page.items),
        (error: unknown) => isAbort(error) || notifyFailure(error),
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [query]);
  return found;
}

const addressOf = (customer: Customer) => {
  const identity = customer.identities[0];
  if (!identity) return "";
  return identity.kind === "phone" ? phone(identity.address) : identity.address;
};

/** Finds customers by name, number or address (WAI-ARIA combobox with a list box: arrows, Enter, Escape). */
export function SearchBox({ label, onChoose }: SearchBoxProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const found = useSearch(query);
  const isOpen = found !== null && query.trim().length >= 2;
  const choose = (customer: Customer | undefined) => {
    if (!customer) return;
    setQuery("");
    onChoose(customer);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) return;
    if (event.key === "ArrowDown") setActive(Math.min(active + 1, found.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(active - 1, 0));
    else if (event.key === "Enter") choose(found[active]);
    else if (event.key === "Escape") setQuery("");
    else return;
    event.preventDefault();
  };
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={input}
        class="search-input"
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        aria-label={label}
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-activedescendant={isOpen && found[active] ? `${id}-${active}` : undefined}
        placeholder={label}
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      {isOpen && (
        <div class="search-found" id={`${id}-list`} role="listbox" aria-label={label}>
          {found.map((customer, index) => (
            <div
              key={customer.id}
              id={`${id}-${index}`}
              class="search-option"
              role="option"
              aria-selected={index === active}
              onPointerMove={() => setActive(index)}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => choose(customer)}
            >
              <PersonBadge
                name={customer.name}
                kind={customer.kind}
                detail={addressOf(customer)}
                isVip={customer.vip}
              />
            </div>
          ))}
          {found.length === 0 && <p class="search-none">{t("search.none")}</p>}
        </div>
      )}
      <span class="only-heard" role="status">
        {isOpen && t("search.found", { count: found.length })}
      </span>
    </div>
  );
}
