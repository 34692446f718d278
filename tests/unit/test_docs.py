"""The pages say what is there: generated ones are current, links lead somewhere, what is named exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bridge.cli.main import omniline
from bridge.domain.agent import Role
from bridge.domain.customer import Strength
from bridge.domain.entry import EntryKind
from bridge.flows.import_customers import COLUMNS
from bridge.flows.import_history import parse_message
from bridge.flows.import_orders import parse_order
from bridge.flows.import_rows import RawRow
from bridge.settings import NOT_SETTINGS, load
from bridge.store.schema import metadata
from docs import generate
from pbx.interface import Outcome

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("asterisk-config", "benchmarks", "bridge", "docker", "docs", "pbx", "transcripts")
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md")))
    if "node_modules" not in path.parts
)
WRITTEN = [page for page in PAGES if generate.REFERENCE not in page.parents]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code_of(page: Path) -> str:
    """Everything in back-quotes or in a fenced block, one piece a line; continued lines are joined."""
    text = page.read_text("utf-8")
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`]+)`", rest)]).replace("\\\n", " ")


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    page = generate.REFERENCE / name
    assert page.read_text("utf-8") == generate.render(name), "run: python docs/generate.py"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_file_named_is_there(page: Path) -> None:
    for path in re.findall(
        r"`((?:asterisk-config|benchmarks|bridge|docker|docs|pbx|setup|tests|transcripts)/[\w./-]*)`",
        page.read_text("utf-8"),
    ):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_test_named_is_there(page: Path) -> None:
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text("utf-8")):
        assert f"def {name}(" in (ROOT / path).read_text("utf-8"), name


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_make_target_named_is_there(page: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for target in re.findall(r"^(?:\w+=\S+ +)*make ([a-z-]+)", code_of(page), re.MULTILINE):
        assert target in targets, target


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_command_and_option_named_is_there(page: Path) -> None:
    for line in re.findall(r"(?:^|[ /])omniline ((?:[a-z-]).*)$", code_of(page), re.MULTILINE):
        check_command(line.split("#")[0].split())


def check_command(words: list[str]) -> None:
    command: click.Command = omniline
    while isinstance(command, click.Group) and words and words[0].isalpha():
        name = words.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"omniline … {name}"
        command = found
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    for word in words:
        if word.startswith("--"):
            assert word in known, f"{command.name} {word}"


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_variable_named_is_a_setting(page: Path, tmp_path: Path) -> None:
    for name, value in re.findall(r"\b(OMNILINE_[A-Z_]+)(?:=(\S+))?", code_of(page)):
        if name.removeprefix("OMNILINE_") not in NOT_SETTINGS:
            load(tmp_path, {name: value.rstrip("`") or "1"})


def test_every_setting_has_words() -> None:
    rows = [line for line in generate.settings_page() if line.startswith("| `")]
    assert len(rows) > 20
    assert [row for row in rows if row.endswith("|  |")] == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_route_named_is_served(page: Path) -> None:
    served = {
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}"
        for path, methods in generate.openapi()["paths"].items()
        for method in methods
    }
    for method, path in re.findall(r"\b(GET|POST|PUT|DELETE) (/[\w/{}.]+)", code_of(page)):
        assert f"{method} {re.sub(r'{[^}]*}', '{}', path)}" in served, path


def test_the_examples_of_imports_can_be_imported() -> None:
    text = (ROOT / "docs/howto/import-data.md").read_text("utf-8")
    message, order = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    row = parse_message(RawRow(1, message.replace("\n", " ").encode()), region="UA")
    assert row.identity.address == "olha@example.org"
    assert parse_order(RawRow(1, order.replace("\n", " ").encode()), region="UA").status.total == 129900
    (columns,) = re.findall(r"^`(external_id,.*)`$", text, re.MULTILINE)
    assert tuple(columns.split(",")) == COLUMNS


def test_the_architecture_names_every_table() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert [table for table in metadata.tables if f"`{table}`" not in text] == []


def test_decisions_are_numbered_in_a_row() -> None:
    pages = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        assert page.read_text("utf-8").startswith(f"# {int(page.name[:4])}. "), page.name


def glossary_words() -> Iterator[str]:
    text = (ROOT / "docs/glossary.md").read_text("utf-8")
    for row in re.findall(r"^\| (\*\*.*?) \|", text, re.MULTILINE):
        yield from (
            word.lower().replace("-", "_").replace(" ", "_") for word in re.findall(r"\*\*(.*?)\*\*", row)
        )


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_every_table_is_named_by_a_word_of_the_glossary(table: str) -> None:
    """`call_leg` is a Leg, `note_draft` a Note: one of the table's words, or all of them together."""
    assert {table, *table.split("_")} & set(glossary_words()), table


@pytest.mark.parametrize("values", [EntryKind, Outcome, Strength, Role], ids=lambda values: values.__name__)
def test_the_glossary_lists_every_value(values: type[EntryKind | Outcome | Strength | Role]) -> None:
    text = (ROOT / "docs/glossary.md").read_text("utf-8")
    assert [value for value in values if not re.search(rf"\b{value}\b", text)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_knows_a_machine(page: Path) -> None:
    assert re.findall(r"(?<![\w~.])/(?:work|tmp|home|root)/\S*", page.read_text("utf-8")) == []
