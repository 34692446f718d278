"""customers.csv: who the customers are. Makes customers and their identities, no entries.

Columns by name, in any order: external_id, name, kind, language, phones, emails, telegram, organisation, vip, comment;
lists are separated by ";". A row is known again by its external_id, else by its first address.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from bridge.domain.address import canonical, canonical_phone
from bridge.domain.customer import Candidate, Customer, CustomerKind, Identity
from bridge.domain.texts import storable
from bridge.domain.times import utc_now
from bridge.errors import InvalidInput
from bridge.flows.import_rows import CHUNK_ROWS, Chunk, ImportResult, Progress, RawRow, Saved, run_import
from bridge.flows.suggest_merges import suggest_colleagues
from bridge.store import groups, people
from bridge.store.engine import BatchWriter
from bridge.store.people import NewCustomer
from bridge.store.profiles import find_profile, get_customer

COLUMNS = (
    "external_id", "name", "kind", "language", "phones", "emails", "telegram", "organisation", "vip", "comment",
)  # fmt: skip
_NEEDED = ("external_id", "name")
_FLAGS = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,4})?")
_LONGEST_NAME = 200
_EVIDENCE = {"source": "import", "reason": "customers.csv"}


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row with its addresses in canonical form. `extensions` are sub-numbers by E.164 number."""

    external_id: str
    name: str
    kind: CustomerKind
    language: str | None
    identities: tuple[Identity, ...]
    extensions: dict[str, str]
    organisation: str
    vip: bool
    comment: str


def import_customers(
    path: Path,
    *,
    url: str,
    region: str,
    sample: bool = False,
    report: Path | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """`region` is where numbers without a country code are at home. Raises InvalidInput for a file that is no such table."""
    header = _read_header(path)
    at = utc_now()

    def save(writer: BatchWriter, row: CustomerRow) -> Saved:
        return writer.run(save_customer, row, at=at, sample=sample)

    parse = partial(parse_customer, header=header, region=region)
    return run_import(path, _rows(path), parse, save, url=url, report=report, progress=progress)


def parse_customer(row: RawRow, *, header: tuple[str, ...], region: str) -> CustomerRow:
    """Raises InvalidInput naming the column."""
    if isinstance(row.data, str):
        raise InvalidInput(row.data)
    fields = [_text(field) for field in row.data]
    if len(fields) != len(header):
        raise InvalidInput(f"{len(fields)} fields, the header has {len(header)}")
    given = {**dict.fromkeys(COLUMNS, ""), **dict(zip(header, fields, strict=True))}
    identities, extensions = _addresses(given, region)
    if not given["external_id"] and not identities:
        raise InvalidInput("neither an external_id nor an address", where="external_id")
    if len(given["name"]) > _LONGEST_NAME:
        raise InvalidInput(f"longer than {_LONGEST_NAME} characters", where="name")
    return CustomerRow(
        external_id=given["external_id"],
        name=given["name"],
        kind=_kind(given["kind"]),
        language=_language(given["language"]),
        identities=identities,
        extensions=extensions,
        organisation=given["organisation"],
        vip=_flag(given["vip"]),
        comment=given["comment"],
    )


def save_customer(conn: Connection, row: CustomerRow, *, at: datetime, sample: bool = False) -> Saved:
    """Make or update the customer of a row and give it its addresses (invariant 5 for shared ones)."""
    new = NewCustomer(
        name=row.name,
        kind=row.kind,
        language=row.language,
        vip=row.vip,
        comment=row.comment,
        external_id=row.external_id or None,
        sample=sample,
    )
    leaf_id = _find_leaf(conn, row)
    saved = Saved.UNCHANGED
    if leaf_id is None:
        leaf_id, saved = people.make_customer(conn, new, at), Saved.CREATED
    elif not people.says_all_of(conn, leaf_id, new):
        people.change_customer(conn, leaf_id, new, at)
        saved = Saved.CHANGED
    organisation_id = _resolve_organisation(conn, row, at=at, sample=sample)
    if organisation_id is not None:
        groups.belong(conn, organisation_id, leaf_id, evidence=_EVIDENCE, at=at)
    for identity in row.identities:
        extension = row.extensions.get(identity.address)
        if extension is not None and organisation_id is not None:
            # A number with a sub-number is the organisation's switchboard.
            groups.give_address(conn, organisation_id, identity, evidence=_EVIDENCE, at=at)
        groups.give_address(conn, leaf_id, identity, evidence=_EVIDENCE, at=at, extension=extension)
    if organisation_id is not None and saved is not Saved.UNCHANGED:
        suggest_colleagues(conn, leaf_id, at)
    return saved


def _find_leaf(conn: Connection, row: CustomerRow) -> str | None:
    if not row.external_id:
        return _find_by_address(conn, row)
    found = people.find_by_external_id(conn, row.external_id)
    if found is None and row.kind is CustomerKind.ORGANISATION:
        # A person's row may have named the organisation before its own row came.
        found = groups.find_organisation(conn, row.external_id) or groups.find_organisation(conn, row.name)
        if found is None or get_customer(conn, found).external_id is not None:
            return None
        people.set_external_id(conn, found, row.external_id)
    return found


def _find_by_address(conn: Connection, row: CustomerRow) -> str | None:
    """Whoever has this name and the first address, alone or shared: another name there is another person."""
    owner = people.find_owner(conn, row.identities[0].kind, row.identities[0].address)
    profile = None if owner is None else find_profile(conn, owner.leaf_id)
    if profile is None:
        return None
    sharing: list[Customer | Candidate] = [profile.customer, *profile.candidates]
    return next((one.id for one in sharing if one.name == row.name and one.kind is row.kind), None)


def _resolve_organisation(conn: Connection, row: CustomerRow, *, at: datetime, sample: bool) -> str | None:
    """By external id, else by exact name, else a new one."""
    if not row.organisation:
        return None
    if row.kind is not CustomerKind.PERSON:
        raise InvalidInput("only a person belongs to an organisation", where="organisation")
    found = people.find_by_external_id(conn, row.organisation)
    if found is not None:
        if get_customer(conn, found).kind is CustomerKind.PERSON:
            raise InvalidInput("this external_id is a person's", where="organisation")
        return found
    new = NewCustomer(name=row.organisation, kind=CustomerKind.ORGANISATION, sample=sample)
    return groups.find_organisation(conn, row.organisation) or people.make_customer(conn, new, at)


def _read_header(path: Path) -> tuple[str, ...]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            header = tuple(name.strip().lower() for name in next(csv.reader(file), []))
    except (OSError, csv.Error) as error:
        raise InvalidInput(str(error), where=str(path)) from error
    missing = [name for name in _NEEDED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown or len(set(header)) != len(header):
        raise InvalidInput(
            f"the first line must name the columns, in UTF-8 with commas between them; missing: {missing},"
            f" unknown: {[name[:40] for name in unknown]}; known are {', '.join(COLUMNS)}",
            where=str(path),
        )
    return header


def _rows(path: Path) -> Iterator[Chunk]:
    """Records with the line they begin in; one that the CSV reader refuses comes as its reason."""
    with path.open("rb") as file:
        reader = csv.reader(TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline=""))
        next(reader)
        rows: list[RawRow] = []
        while True:
            line = reader.line_num + 1
            try:
                data: Any = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                data = f"not CSV: {error}"
            if data:
                rows.append(RawRow(line, data))
            if len(rows) >= CHUNK_ROWS:
                yield Chunk(rows, file.tell())
                rows = []
        yield Chunk(rows, file.tell())


def _text(field: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in field):
        raise InvalidInput("not UTF-8")
    if "\0" in field:
        raise InvalidInput("a NUL character")
    return storable(field).strip()


def _addresses(given: dict[str, str], region: str) -> tuple[tuple[Identity, ...], dict[str, str]]:
    found: dict[Identity, None] = {}
    extensions: dict[str, str] = {}
    for column, kind in (("phones", "phone"), ("emails", "email"), ("telegram", "telegram")):
        for part in filter(None, (part.strip() for part in given[column].split(";"))):
            try:
                found[canonical(kind, part, region)] = None
                if kind == "phone":
                    number, extension = canonical_phone(part, region)
                    extensions.update({number: extension} if extension else {})
            except InvalidInput as error:
                raise InvalidInput(str(error), where=column) from error
    return tuple(found), extensions


def _kind(text: str) -> CustomerKind:
    try:
        return CustomerKind(text.lower() or "person")
    except ValueError:
        raise InvalidInput(f"{text[:40]!r} is not person, organisation or household", where="kind") from None


def _language(text: str) -> str | None:
    if text and not _LANGUAGE.fullmatch(text.lower()):
        raise InvalidInput(f"{text[:40]!r} is not a language code such as uk", where="language")
    return text.lower() or None


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise InvalidInput(f"{text[:40]!r} is not yes or no", where="vip")
    return _FLAGS[text.lower()]
