"""SQLite's SQL: FTS5 for words and trigrams, JSON functions for lists of values."""

from collections.abc import Sequence

from realmkit.query.matching import Alternative, Phrase, Term, Words
from realmkit.query.search_rows import TRIGRAM, trigram_tokens

MOST_LOOKED_AT = 40
"""Characters of a text that are looked for by trigrams; the rest adds nothing."""


class SqliteDialect:
    """Compares columns as they are: SQLite orders text by its bytes."""

    # What SQLite materialises, it makes completely first.
    lazily = "NOT MATERIALIZED"
    # Nothing travels here, and two small statements take less time.
    pages_at_once = False
    counts_unread = False

    def text(self, value: str) -> str:
        return value

    def number(self, value: str) -> str:
        return value

    def one_of_texts(self, column: str, values: str) -> str:
        return f"{column} IN {self.texts(values)}"

    def one_of_numbers(self, column: str, values: str) -> str:
        return f"{column} IN {self.texts(values)}"

    def id_array(self, column: str) -> str:
        return f"json_group_array({column})"

    def one_of_ids(self, column: str, ids: str) -> str:
        return f"{column} IN {self.texts(ids)}"

    def needle(self, folded: str) -> str:
        return folded

    def containing(self, alias: str, needle: str) -> str:
        return f"instr(coalesce({alias}.folded, lower({alias}.text)), {needle}) > 0"

    def trigrams(self, path_id: int, folded: str) -> str | None:
        if len(folded) < TRIGRAM:
            return None
        tokens = sorted(trigram_tokens(path_id, folded[:MOST_LOOKED_AT]))
        return " AND ".join(map(_quoted, tokens))

    def with_trigrams(self, alias: str, trigrams: str) -> str:
        return (
            f"search_trigrams t CROSS JOIN search_values {alias}"
            f" WHERE t.search_trigrams MATCH {trigrams} AND {alias}.entry_id = t.rowid AND "
        )

    def words(self, words: Words) -> str:
        return " OR ".join(f"({_alternative(each)})" for each in words.alternatives)

    def entries_with_words(self, words: str, shelves: str) -> str:
        return (
            "SELECT s.entry_id FROM search_words w CROSS JOIN search_entries s"
            f" WHERE w.search_words MATCH {words} AND s.entry_id = w.rowid"
            f" AND s.shelf_id IN ({shelves})"
        )

    def has_words(self, entry: str, words: str) -> str:
        return (
            f"EXISTS (SELECT 1 FROM search_words w WHERE w.rowid = {entry}"
            f" AND w.search_words MATCH {words})"
        )

    def exists(self, select: str, *, is_probe: bool) -> str:
        return f"EXISTS ({select})"

    def looked_up(self, alias: str, columns: Sequence[str], row: str) -> tuple[str, Sequence[str]]:
        return "", [f"(SELECT {column} {row})" for column in columns]

    def read_through(self, index: str) -> str:
        # Without statistics one index looks as good as another to SQLite.
        return f" INDEXED BY {index}"

    def joined_in_order(self, first: str, second: str, on: str) -> str:
        return f"{first} CROSS JOIN {second} ON {on}"

    def contains_word(self, column: str, word: str) -> str:
        return f"(instr({column}, {word}) > 0)"

    def asked(self, values: str, examples: Sequence[str | int | float]) -> str:
        count = len(examples)
        names = "".join(f", v{number}" for number in range(1, count + 1))
        columns = "".join(f", json_extract(value, '$[{number}]')" for number in range(count))
        return (
            f"asked (number{names}) AS MATERIALIZED (SELECT key{columns} FROM json_each({values}))"
        )

    def for_each_asked(self, ids: str, *, is_distinct: bool) -> str:
        return f"asked CROSS JOIN search_entries e ON e.entry_id IN ({ids})"

    def texts(self, values: str) -> str:
        return f"(SELECT value FROM json_each({values}))"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _alternative(each: Alternative) -> str:
    wanted = " AND ".join(map(_term, each.wanted))
    if not each.unwanted:
        return wanted
    return f"({wanted}) NOT ({' OR '.join(map(_term, each.unwanted))})"


def _term(term: Term) -> str:
    if isinstance(term, Phrase):
        return f"stems : {_quoted(' '.join(term.stems))}"
    return f"{_quoted(term.start)} *"
