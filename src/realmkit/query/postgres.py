"""PostgreSQL's SQL: tsvector for words, pg_trgm for trigrams where it is installed.

Every bound value is cast, for a parameter has no type of its own. Columns have the
collation "C", so text is ordered by its bytes, as it is in SQLite.
"""

from collections.abc import Sequence

from realmkit.query.matching import Alternative, Phrase, Term, Words


class PostgresDialect:
    """Casts what is bound."""

    # Rows are made as they are read, and the planner does not count on reading few of them:
    # it would rather look through a whole table than list what it takes for many.
    lazily = "MATERIALIZED"
    pages_at_once = True
    counts_unread = True

    def text(self, value: str) -> str:
        return f"{value}::text"

    def number(self, value: str) -> str:
        return f"realmkit_number({value}::float8)"

    def one_of_texts(self, column: str, values: str) -> str:
        # A join with the members makes the planner read the whole table.
        return f"{column} = ANY (ARRAY{self.texts(values)})"

    def one_of_numbers(self, column: str, values: str) -> str:
        members = (
            "SELECT realmkit_number(member::float8)"
            f" FROM jsonb_array_elements_text({values}::text::jsonb) member"
        )
        return f"{column} = ANY (ARRAY({members}))"

    def id_array(self, column: str) -> str:
        return f"array_agg({column})"

    def one_of_ids(self, column: str, ids: str) -> str:
        return f"{column} = ANY ({ids}::integer[])"

    def needle(self, folded: str) -> str:
        escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%"

    def containing(self, alias: str, needle: str) -> str:
        return f"coalesce({alias}.folded, lower({alias}.text)) LIKE {needle}::text"

    def trigrams(self, path_id: int, folded: str) -> str | None:
        # The index of trigrams serves `containing` itself.
        return None

    def with_trigrams(self, alias: str, trigrams: str) -> str:
        raise NotImplementedError

    def words(self, words: Words) -> str:
        return " | ".join(f"({_alternative(each)})" for each in words.alternatives)

    def entries_with_words(self, words: str, shelves: str) -> str:
        return (
            f"SELECT w.entry_id FROM search_words w WHERE w.words @@ {words}::text::tsquery"
            f" AND w.shelf_id IN ({shelves})"
        )

    def has_words(self, entry: str, words: str) -> str:
        return (
            f"EXISTS (SELECT 1 FROM search_words w WHERE w.entry_id = {entry}"
            f" AND w.words @@ {words}::text::tsquery)"
        )

    def exists(self, select: str, *, is_probe: bool) -> str:
        # An offset keeps the planner from making a join of it.
        return f"EXISTS ({select} OFFSET 0)" if is_probe else f"EXISTS ({select})"

    def looked_up(self, alias: str, columns: Sequence[str], row: str) -> tuple[str, Sequence[str]]:
        # A subquery would be run for each column, and to its end, lest there be a second row.
        named = ", ".join(f"{column} AS c{place}" for place, column in enumerate(columns, 1))
        values = [f"{alias}.c{place}" for place in range(1, len(columns) + 1)]
        return f" LEFT JOIN LATERAL (SELECT {named} {row}) AS {alias} ON TRUE", values

    def read_through(self, index: str) -> str:
        return ""

    def joined_in_order(self, first: str, second: str, on: str) -> str:
        return f"{first} JOIN {second} ON {on}"

    def contains_word(self, column: str, word: str) -> str:
        return f"(strpos({column}, {word}::text) > 0)::integer"

    def asked(self, values: str, examples: Sequence[str | int | float]) -> str:
        names = "".join(f", v{number}" for number in range(1, len(examples) + 1))
        columns = "".join(
            f", (value ->> {number})::{'text' if isinstance(example, str) else 'float8'}"
            for number, example in enumerate(examples)
        )
        return (
            f"asked (number{names}) AS MATERIALIZED (SELECT number - 1{columns}"
            f" FROM jsonb_array_elements({values}::text::jsonb)"
            " WITH ORDINALITY AS each (value, number))"
        )

    def for_each_asked(self, ids: str, *, is_distinct: bool) -> str:
        found = ids if is_distinct else f"SELECT DISTINCT entry_id FROM ({ids}) AS found"
        # An offset keeps the planner from reading the whole path once and joining that.
        return (
            f"asked CROSS JOIN LATERAL ({found} OFFSET 0) AS m"
            " JOIN search_entries e ON e.entry_id = m.entry_id"
        )

    def texts(self, values: str) -> str:
        return f"(SELECT jsonb_array_elements_text({values}::text::jsonb))"


def _alternative(each: Alternative) -> str:
    wanted = " & ".join(map(_term, each.wanted))
    if not each.unwanted:
        return wanted
    return f"({wanted}) & !({' | '.join(map(_term, each.unwanted))})"


def _term(term: Term) -> str:
    if isinstance(term, Phrase):
        # Stems are letters and digits; nothing in them needs to be escaped.
        return "(" + " <-> ".join(f"'{stem}'" for stem in term.stems) + ")"
    return f"('{term.start}':* | '={term.start}':*)"
