"""The SQL of one database, as far as it differs."""

from collections.abc import Sequence
from typing import Protocol

from realmkit.query.matching import Words


class Dialect(Protocol):
    lazily: str
    """What a common table is marked with that is read once, and perhaps not to its end."""
    pages_at_once: bool
    """Whether one statement that counts few matches and reads their page is less work than two."""
    counts_unread: bool
    """Whether counting values leaves the rows alone that listing their entries has to read."""

    def text(self, value: str) -> str:
        """The placeholder `value` as text."""
        ...

    def number(self, value: str) -> str:
        """The placeholder `value` as a double."""
        ...

    def one_of_texts(self, column: str, values: str) -> str:
        """Whether `column` is one of the texts in `values`, a JSON array."""
        ...

    def one_of_numbers(self, column: str, values: str) -> str:
        """Whether `column` is one of the numbers in `values`, a JSON array."""
        ...

    def id_array(self, column: str) -> str:
        """An aggregate: the whole numbers in `column`, for `one_of_ids`."""
        ...

    def one_of_ids(self, column: str, ids: str) -> str:
        """Whether `column` is one of `ids`, an expression for what `id_array` has made or null."""
        ...

    def needle(self, folded: str) -> str:
        """The value to bind for a text that `containing` looks for."""
        ...

    def containing(self, alias: str, needle: str) -> str:
        """Whether the text of the row `alias` has the bound `needle` in it."""
        ...

    def trigrams(self, path_id: int, folded: str) -> str | None:
        """The value to bind for `with_trigrams` of a path; None where that is of no use."""
        ...

    def with_trigrams(self, alias: str, trigrams: str) -> str:
        """A join, ending in `WHERE`, of `search_values` as `alias` with the entries that have
        all `trigrams`."""
        ...

    def words(self, words: Words) -> str:
        """The value to bind for a full text query."""
        ...

    def entries_with_words(self, words: str, shelves: str) -> str:
        """A SELECT of the ids of entries on the listed `shelves` whose words are as asked."""
        ...

    def has_words(self, entry: str, words: str) -> str:
        """Whether the words of `entry` are as asked."""
        ...

    def exists(self, select: str, *, is_probe: bool) -> str:
        """Whether `select` finds a row. A probe is made where it stands, for one row after
        another."""
        ...

    def looked_up(self, alias: str, columns: Sequence[str], row: str) -> tuple[str, Sequence[str]]:
        """A join that looks up a row, or null, for each entry `e`, if that takes one, and what
        `columns` of it are then. `row` is a SELECT from its FROM on."""
        ...

    def read_through(self, index: str) -> str:
        """What stands behind a table to have it read in the order of an index of ours."""
        ...

    def joined_in_order(self, first: str, second: str, on: str) -> str:
        """`first` joined with `second`, read in this order."""
        ...

    def contains_word(self, column: str, word: str) -> str:
        """1 if `word` stands among the words of `column`, which are apart by spaces; else 0."""
        ...

    def asked(self, values: str, examples: Sequence[str | int | float]) -> str:
        """A common table `asked (number, v1, v2, ...)` of the JSON array of arrays `values`,
        each of which holds values of the same kinds as `examples`."""
        ...

    def for_each_asked(self, ids: str, *, is_distinct: bool) -> str:
        """`asked` joined with `search_entries e`, for each of them those whose ids are in `ids`."""
        ...

    def texts(self, values: str) -> str:
        """The members of a JSON array of texts, to stand behind `IN`."""
        ...
