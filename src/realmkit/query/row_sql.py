"""Conditions as SQL over the index's rows, in the two ways a database can go about them.

`test` asks a condition of one entry at a time. `ids` lists the entries that satisfy it,
beginning at an index; not every condition has one. Numbers of paths and shelves are
ours and are written out; everything a person wrote goes through `Params`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from realmkit.query.conditions import (
    All,
    AnyElement,
    AnyOne,
    Condition,
    Constant,
    Containing,
    Each,
    Has,
    IsType,
    Key,
    Matches,
    Negation,
    NullElement,
    OneOf,
    Present,
    Test,
    Within,
    negation,
)
from realmkit.query.dialect import Dialect
from realmkit.query.params import Params
from realmkit.query.search_rows import Kind

# Which condition of several to begin at: what usually leaves the fewest entries.
_FEWEST_FIRST = (OneOf, Matches, Containing, Within, NullElement, AnyElement, Present)


@dataclass(frozen=True, slots=True)
class Ids:
    """A SELECT of `entry_id`; `is_distinct` when it lists no entry twice."""

    sql: str
    is_distinct: bool


@dataclass(frozen=True, slots=True)
class Element:
    """The element that the row `alias` at `path` stands for."""

    alias: str
    path: str


class RowSql:
    """Writes the conditions of one statement."""

    def __init__(self, path_ids: Mapping[str, int], dialect: Dialect, params: Params) -> None:
        self._path_ids = path_ids
        self._dialect = dialect
        self._params = params
        self._aliases = 0

    def path_id(self, path: str) -> int:
        return self._path_ids[path]

    def ids(self, condition: Condition, shelf_ids: Sequence[int]) -> Ids | None:
        """The entries on these shelves that satisfy `condition`; None if no index knows."""
        if not self.is_listed(condition):
            return None
        return self._ids(condition, ", ".join(map(str, shelf_ids)))

    def is_listed(self, condition: Condition) -> bool:
        """Whether `ids` has an answer."""
        match condition:
            case Has() | Matches():
                return True
            case Each(_, inner):
                return self.is_listed(inner)
            case All(conditions):
                return any(map(self.is_listed, conditions))
            case AnyOne(conditions):
                return all(map(self.is_listed, conditions))
            case _:
                return False

    def test(
        self,
        condition: Condition,
        entry: str,
        element: Element | None = None,
        *,
        is_probe: bool = False,
    ) -> str:
        """Whether the entry with the id `entry` satisfies `condition`; in `Each`, its element."""
        match condition:
            case Constant(is_true):
                return "TRUE" if is_true else "FALSE"
            case All(conditions):
                each = (self.test(one, entry, element, is_probe=is_probe) for one in conditions)
                return f"({' AND '.join(each)})"
            case AnyOne(conditions):
                each = (self.test(one, entry, element, is_probe=is_probe) for one in conditions)
                return f"({' OR '.join(each)})"
            case Negation(inner):
                return f"NOT {self.test(inner, entry, element, is_probe=is_probe)}"
            case Has(path, test):
                alias = self._alias()
                row = self._row(alias, path, entry, element)
                select = f"SELECT 1 FROM {row} AND {self.value_test(alias, test)}"
                return self._dialect.exists(select, is_probe=is_probe)
            case Each(path, inner, includes_null):
                alias = self._alias()
                row = self._row(alias, path, entry, element)
                kind = "" if includes_null else f" AND {alias}.kind <> {Kind.NULL:d}"
                satisfied = self.test(inner, entry, Element(alias, path), is_probe=is_probe)
                select = f"SELECT 1 FROM {row}{kind} AND {satisfied}"
                return self._dialect.exists(select, is_probe=is_probe)
            case Matches(words):
                return self._dialect.has_words(
                    entry, self._params.compared(self._dialect.words(words))
                )
            case IsType():
                raise AssertionError("types are settled shelf by shelf")

    def value_test(self, alias: str, test: Test) -> str:
        """Whether the row `alias` passes `test`."""
        match test:
            case Within(bounds):
                kind = bounds[0][1].kind
                each = (self._compare(alias, comparison, key) for comparison, key in bounds)
                return f"{_of_kind(alias, kind)} AND {' AND '.join(each)}"
            case OneOf(keys):
                return f"{_of_kind(alias, keys[0].kind)} AND {self._one_of(alias, keys)}"
            case Containing(folded):
                needle = self._params.compared(self._dialect.needle(folded))
                found = self._dialect.containing(alias, needle)
                return f"{alias}.kind = {Kind.TEXT:d} AND {found}"
            case Present():
                return f"{alias}.kind <> {Kind.NULL:d}"
            case AnyElement():
                return f"{alias}.kind >= {Kind.NULL:d}"
            case NullElement():
                return f"{alias}.kind = {Kind.NULL:d}"

    # Listing.

    def _ids(self, condition: Condition, shelves: str) -> Ids:
        match condition:
            case Has(path, test):
                return self._ids_with(path, test, shelves)
            case Matches(words):
                bound = self._params.compared(self._dialect.words(words))
                return Ids(self._dialect.entries_with_words(bound, shelves), is_distinct=True)
            case Each(_, inner):
                return self._narrowed(self._with_candidates(inner, shelves), [condition])
            case All(conditions):
                first, *rest = sorted(conditions, key=self._rank)
                return self._narrowed(self._ids(first, shelves), rest)
            case AnyOne(conditions):
                each = [self._ids(one, shelves).sql for one in conditions]
                return Ids(" UNION ".join(each), is_distinct=True)
            case _:
                raise AssertionError(f"no index lists {condition}")

    def _with_candidates(self, condition: Condition, shelves: str) -> Ids:
        """Entries that may have an element that satisfies `condition`.

        An element need not have what others of its entry have, so nothing that is not there
        narrows these down.
        """
        match condition:
            case All(conditions):
                best = min(filter(self.is_listed, conditions), key=self._rank)
                return self._with_candidates(best, shelves)
            case AnyOne(conditions):
                each = [self._with_candidates(one, shelves).sql for one in conditions]
                return Ids(" UNION ".join(each), is_distinct=True)
            case Each(_, inner):
                return self._with_candidates(inner, shelves)
            case _:
                return self._ids(condition, shelves)

    def _narrowed(self, ids: Ids, conditions: Sequence[Condition]) -> Ids:
        alias = self._alias()
        each = [self.test(one, f"{alias}.entry_id") for one in conditions]
        sql = f"SELECT {alias}.entry_id FROM ({ids.sql}) {alias} WHERE {' AND '.join(each)}"
        return Ids(sql, ids.is_distinct)

    def _ids_with(self, path: str, test: Test, shelves: str) -> Ids:
        alias = self._alias()
        source = f"search_values {alias} WHERE "
        if isinstance(test, Containing):
            trigrams = self._dialect.trigrams(self._path_ids[path], test.folded)
            if trigrams is not None:
                source = self._dialect.with_trigrams(alias, self._params.compared(trigrams))
        place = f"{alias}.path_id = {self._path_ids[path]} AND {alias}.shelf_id IN ({shelves})"
        passed = self.value_test(alias, test)
        is_distinct = "[]" not in path and isinstance(test, OneOf | Within | Containing)
        return Ids(f"SELECT {alias}.entry_id FROM {source}{place} AND {passed}", is_distinct)

    def _rank(self, condition: Condition) -> tuple[bool, int]:
        if not self.is_listed(condition):
            return True, 0
        match condition:
            case Has(_, test):
                return False, _FEWEST_FIRST.index(type(test))
            case Matches():
                return False, _FEWEST_FIRST.index(Matches)
            case _:
                return False, len(_FEWEST_FIRST)

    # Rows and their values.

    def _row(self, alias: str, path: str, entry: str, element: Element | None) -> str:
        row = (
            f"search_values {alias} WHERE {alias}.entry_id = {entry}"
            f" AND {alias}.path_id = {self._path_ids[path]}"
        )
        if element is None:
            return row
        of = f"{element.alias}.element"
        if "[]" not in path[len(element.path) :]:
            return f"{row} AND {alias}.element = {of}"
        # Elements of an element are numbered below it: `2.0` to `2.9…`, and `/` follows `.`.
        return f"{row} AND {alias}.element > {of} || '.' AND {alias}.element < {of} || '/'"

    def _compare(self, alias: str, comparison: str, key: Key) -> str:
        if key.kind is Kind.TEXT:
            assert key.text is not None
            value = self._dialect.text(self._params.compared(key.text))
            return f"{alias}.text {comparison} {value}"
        assert key.number is not None
        number = self._dialect.number(self._params.compared(key.number))
        if key.text is None:
            return f"{alias}.number {comparison} {number}"
        digits = self._dialect.text(self._params.compared(key.text))
        if comparison == "=":
            return f"{alias}.number = {number} AND {alias}.text = {digits}"
        return f"({alias}.number, {alias}.text) {comparison} ({number}, {digits})"

    def _one_of(self, alias: str, keys: Sequence[Key]) -> str:
        if len(keys) == 1:
            return self._compare(alias, "=", keys[0])
        if keys[0].kind is Kind.TEXT:
            values = self._params.compared(_array([key.text for key in keys]))
            return self._dialect.one_of_texts(f"{alias}.text", values)
        plain = [key.number for key in keys if key.text is None]
        great = [key for key in keys if key.text is not None]
        each: list[str] = []
        if plain:
            values = self._params.compared(_array(plain))
            each.append(self._dialect.one_of_numbers(f"{alias}.number", values))
        if great:
            numbers = self._params.compared(_array([key.number for key in great]))
            digits = self._params.compared(_array([key.text for key in great]))
            each.append(
                f"({self._dialect.one_of_numbers(f'{alias}.number', numbers)}"
                f" AND {self._dialect.one_of_texts(f'{alias}.text', digits)})"
            )
        return each[0] if len(each) == 1 else f"({' OR '.join(each)})"

    def _alias(self) -> str:
        self._aliases += 1
        return f"v{self._aliases}"


def opposite(condition: Condition) -> Condition:
    """What is true exactly where `condition` is not, with negations as far in as they go."""
    match condition:
        case All(conditions):
            return AnyOne(tuple(map(opposite, conditions)))
        case AnyOne(conditions):
            return All(tuple(map(opposite, conditions)))
        case _:
            return negation(condition)


def _of_kind(alias: str, kind: Kind) -> str:
    """The columns of the index before the value's own: a text's row has no number."""
    of_kind = f"{alias}.kind = {kind:d}"
    return f"{of_kind} AND {alias}.number IS NULL" if kind is Kind.TEXT else of_kind


def _array(values: Sequence[object]) -> str:
    return orjson.dumps(values).decode()
