"""Following a dotted field path through card definitions.

A path names fields from a definition on, through contained values and links. A
filter may cross a link only on a route that the searched card's own definition marks
`searchable`, because nothing else of the linked card is in the search doc; `.id` is
always there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import orjson

from realmkit.cards.code_refs import CodeRef
from realmkit.cards.definitions import Definition, FieldDefinition, ValueType
from realmkit.cards.near_miss import did_you_mean
from realmkit.errors import BadRequest
from realmkit.query.nodes import GENERAL_SORT_KEYS
from realmkit.query.search_rows import MAX_SEGMENTS

Leaf = ValueType | Literal["composite", "unknown"]
"""What a path ends at: a primitive's value type, a composite or link, or no telling."""

Purpose = Literal["filter", "sort", "list of fields"]
"""What a path is followed for. Only a filter needs its links to be searchable."""

IS_CARD_INSTANCE_FILE = "_isCardInstanceFile"

SYNTHETIC: Mapping[str, Leaf] = {
    "_cardType": "string",
    "_title": "string",
    IS_CARD_INSTANCE_FILE: "boolean",
}
"""Keys that the indexer stamps on search docs, and that no definition has as fields."""


class DefinitionsNeeded(Exception):
    """Definitions that the query speaks of and `known` does not hold yet, by type key."""

    def __init__(self, type_keys: Iterable[str]) -> None:
        super().__init__(*type_keys)
        self.type_keys = frozenset(type_keys)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    is_plural: bool


@dataclass(frozen=True, slots=True)
class FieldPath:
    """Where a value lies in a search doc, and what kind of value it is."""

    steps: tuple[Step, ...]
    leaf: Leaf
    element: CodeRef | None = None
    """The definition at the end of a path to composites or links."""


class PathResolver:
    """Resolves paths with the definitions in `known`; None there means "does not exist"."""

    def __init__(self, known: Mapping[str, Definition | None]) -> None:
        self._known = known

    def definition(self, ref: CodeRef) -> Definition | None:
        """Raises `DefinitionsNeeded` when nobody has looked yet."""
        if ref.type_key not in self._known:
            raise DefinitionsNeeded([ref.type_key])
        return self._known[ref.type_key]

    def type_key(self, ref: CodeRef) -> str:
        """The type key of what `ref` names, which its module may only pass on."""
        definition = self.definition(ref)
        return ref.type_key if definition is None else definition.type_key

    def resolve(
        self, path: str, on: CodeRef, pointer: str, *, purpose: Purpose
    ) -> FieldPath | None:
        """Return where `path` of `on` lies, or None if a definition on the way is unknown.

        Raises `BadRequest` when a known definition has no such field, or, in a filter,
        when a link on the way is not searchable.
        """
        return _Walk(self, path, on, pointer, purpose).run()


class _Walk:
    """One path's way through the definitions."""

    def __init__(
        self, resolver: PathResolver, path: str, on: CodeRef, pointer: str, purpose: Purpose
    ) -> None:
        self._resolver = resolver
        self._path = path
        self._names = path.split(".")
        self._on = on
        self._pointer = pointer
        self._purpose: Purpose = purpose
        self._steps: list[Step] = []
        # The routes that the first marked field opens, and the way gone since. From there
        # on only they decide: marks of cards further in are another card's business.
        self._routes: tuple[str, ...] = ()
        self._marked: FieldDefinition | None = None
        self._way: list[str] = []

    def run(self) -> FieldPath | None:
        if len(self._names) > MAX_SEGMENTS:
            raise BadRequest(
                f"A field path has at most {MAX_SEGMENTS} segments.", pointer=self._pointer
            )
        ref = self._on
        for position, name in enumerate(self._names):
            is_last = position == len(self._names) - 1
            if is_last and name in SYNTHETIC:
                return self._end(name, SYNTHETIC[name])
            definition = self._resolver.definition(ref)
            # A card has its id whether or not anything else is known of it.
            if is_last and name == "id" and (definition is None or _has_id(definition)):
                return self._end(name, "string")
            if definition is None:
                return None
            field = definition.fields.get(name)
            if field is None:
                raise self._no_such_field(definition, position)
            if field.is_query_backed and self._purpose == "filter":
                raise BadRequest(
                    f'Your filter goes through "{field.name}" of {definition.display_name} in'
                    f' "{self._path}", which is a query-backed field: its value is itself a search'
                    " and is in no search doc.",
                    pointer=self._pointer,
                    meta={"reason": "query-backed"},
                )
            self._steps.append(Step(name, field.is_plural))
            if is_last:
                return self._at_field(field)
            if field.is_primitive:
                raise self._no_such_field(definition, position + 1, inside=field)
            self._pass(field, definition, is_bare_id=self._names[position + 1 :] == ["id"])
            ref = field.card
        raise AssertionError("a path has at least one name")

    def _end(self, name: str, leaf: Leaf) -> FieldPath:
        self._steps.append(Step(name, is_plural=False))
        return FieldPath(tuple(self._steps), leaf)

    def _at_field(self, field: FieldDefinition) -> FieldPath:
        if not field.is_primitive:
            return FieldPath(tuple(self._steps), "composite", field.card)
        return FieldPath(tuple(self._steps), field.value_type or "unknown")

    def _pass(self, field: FieldDefinition, owner: Definition, *, is_bare_id: bool) -> None:
        """Go on through a link or a composite; a link has to be on an open route."""
        if self._marked is None:
            is_open = field.searchable is not None
            if is_open or field.is_link:
                self._marked, self._routes = field, field.searchable or ()
        else:
            self._way.append(field.name)
            route = ".".join(self._way)
            is_open = any(mark == route or mark.startswith(f"{route}.") for mark in self._routes)
        if is_open or is_bare_id or not field.is_link or self._purpose != "filter":
            return
        assert self._marked is not None
        route = ".".join(self._way)
        mark = f"searchable: '{route}'" if route else "searchable: true"
        raise BadRequest(
            f'Your filter refers to "{self._path}", which crosses the link "{field.name}" of'
            f" {owner.display_name}, and that route is not searchable. Add `{mark}` to the field"
            f' "{self._marked.name}".',
            pointer=self._pointer,
            meta={"reason": "not-searchable", "field": self._marked.name, "route": route or True},
        )

    def _no_such_field(
        self, definition: Definition, position: int, inside: FieldDefinition | None = None
    ) -> BadRequest:
        path, kind = self._path, orjson.dumps(self._on.to_json()).decode()
        message = f'Your {self._purpose} refers to a nonexistent field "{path}" on type {kind}.'
        if inside is not None:
            message += f' "{inside.name}" of {definition.display_name} holds plain values.'
        else:
            names = [*definition.fields, *SYNTHETIC, *(["id"] if _has_id(definition) else [])]
            if self._purpose == "sort" and position == 0:
                names += GENERAL_SORT_KEYS
            message += did_you_mean(self._names[position], names)
        return BadRequest(message, pointer=self._pointer)


def _has_id(definition: Definition) -> bool:
    return definition.kind == "card-def" or "id" in definition.fields
