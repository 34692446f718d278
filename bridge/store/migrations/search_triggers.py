"""The index follows its rows by triggers, as of revision 0004: what redacts an entry cannot forget it.

On SQLite the full-text index has no copy of its own of the terms: a row that goes tells it what they were.
"""

from __future__ import annotations

from typing import Final

SQLITE: Final = (
    """CREATE TRIGGER entry_words_added AFTER INSERT ON entry_words
BEGIN INSERT INTO entry_terms (rowid, words) VALUES (NEW.no, NEW.words); END""",
    """CREATE TRIGGER entry_words_gone AFTER DELETE ON entry_words
BEGIN INSERT INTO entry_terms (entry_terms, rowid, words) VALUES ('delete', OLD.no, OLD.words); END""",
    """CREATE TRIGGER timeline_entry_forgotten AFTER UPDATE OF redacted_at ON timeline_entry
WHEN NEW.redacted_at IS NOT NULL
BEGIN DELETE FROM entry_words WHERE entry_id = NEW.id; END""",
)

POSTGRESQL: Final = (
    """CREATE FUNCTION timeline_entry_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
DELETE FROM entry_words WHERE entry_id = NEW.id;
RETURN NULL;
END $$""",
    """CREATE TRIGGER timeline_entry_forgotten AFTER UPDATE OF redacted_at ON timeline_entry
FOR EACH ROW WHEN (NEW.redacted_at IS NOT NULL) EXECUTE FUNCTION timeline_entry_forgotten()""",
)
