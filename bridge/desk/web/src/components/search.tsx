import "./search.css";
import { useEffect, useId, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import type { Customer } from "../api/customer.ts";
import type { Entry } from "../api/entry.ts";
import type { Piece, SearchHit } from "../api/search.ts";
import { ago, phone } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { notifyFailure } from "../state/notices.ts";
import { titleOf } from "./entry.tsx";
import { Badge } from "./badge.tsx";
import { Icon } from "./icon.tsx";
import { Avatar, PersonBadge } from "./person.tsx";

const PAUSE = 200;

interface SearchBoxProps {
  label: string;
  onChoose: (customer: Customer) => void;
  /** With it, what was written and said is found as well. */
  onChooseEntry?: (entry: Entry) => void;
}

const isAbort = (error: unknown) => error instanceof DOMException && error.name === "AbortError";

function useSearch(query: string): SearchHit[] | null {
  const [found, setFound] = useState<SearchHit[] | null>(null);
  useEffect(() => {
    const wanted = query.trim();
    if (wanted.length < 2) return setFound(null);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api.search(wanted, abort.signal).then(
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

const Pieces = ({ pieces }: { pieces: readonly Piece[] }) => (
  <>{pieces.map((piece, index) => (piece.hit ? <mark key={index}>{piece.text}</mark> : piece.text))}</>
);

function CustomerOption({ customer, pieces }: { customer: Customer; pieces: readonly Piece[] }) {
  const found = <Pieces pieces={pieces} />;
  const isName = pieces.map((piece) => piece.text).join("") === customer.name;
  const shown = isName ? { marked: found, detail: addressOf(customer) } : { detail: found };
  return <PersonBadge name={customer.name} kind={customer.kind} isVip={customer.vip} {...shown} />;
}

function EntryOption({ entry, hit }: { entry: Entry; hit: SearchHit }) {
  const whose = hit.customer?.name ?? entry.author;
  return (
    <span class="person">
      <Avatar name={whose} kind={hit.customer?.kind ?? "unknown"} size="s" />
      <span class="person-text">
        <span class="search-whose">
          {whose && <strong class="search-name">{whose}</strong>}
          <span>{titleOf(entry)}</span>
          {entry.replaced_by && <Badge>{t("entry.corrected")}</Badge>}
          <time dateTime={entry.at}>{ago(entry.at)}</time>
        </span>
        <span class="search-words">
          <Pieces pieces={hit.pieces} />
        </span>
      </span>
    </span>
  );
}

/** Finds customers by name, number or address, and entries by their words (WAI-ARIA combobox with a list box: arrows,
 * Enter, Escape). */
export function SearchBox({ label, onChoose, onChooseEntry }: SearchBoxProps) {
  const id = useId();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const all = useSearch(query);
  const found = all?.filter((hit) => hit.type === "customer" || onChooseEntry) ?? [];
  const isOpen = all !== null && query.trim().length >= 2;
  const choose = (hit: SearchHit | undefined) => {
    if (!hit) return;
    setQuery("");
    if (hit.entry) onChooseEntry?.(hit.entry);
    else if (hit.customer) onChoose(hit.customer);
  };
  const move = (to: number) => {
    setActive(to);
    document.getElementById(`${id}-${to}`)?.scrollIntoView({ block: "nearest" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) return;
    if (event.key === "ArrowDown") move(Math.min(active + 1, found.length - 1));
    else if (event.key === "ArrowUp") move(Math.max(active - 1, 0));
    else if (event.key === "Enter") choose(found[active]);
    else if (event.key === "Escape") setQuery("");
    else return;
    event.preventDefault();
  };
  const firstEntry = found.findIndex((hit) => hit.entry);
  return (
    <div class="search">
      <Icon name="search" />
      <input
        class="search-input"
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
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
          {found.map((hit, index) => (
            <div
              key={hit.entry?.id ?? hit.customer?.id}
              id={`${id}-${index}`}
              class="search-option"
              data-first={index === firstEntry && index > 0}
              role="option"
              aria-selected={index === active}
              onPointerMove={() => setActive(index)}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => choose(hit)}
            >
              {hit.entry && <EntryOption entry={hit.entry} hit={hit} />}
              {!hit.entry && hit.customer && <CustomerOption customer={hit.customer} pieces={hit.pieces} />}
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
