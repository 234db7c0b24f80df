"""What the server knows of a card definition: its fields, its ancestry, its name.

Definitions are described by the browser, stored by the index and read here. A
field of a field is found through the definition of the field's own type, so
nothing is flattened and recursive types need no care.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast

from realmkit.cards.code_refs import CodeRef

FieldKind = Literal["contains", "containsMany", "linksTo", "linksToMany"]
ValueType = Literal[
    "string", "number", "boolean", "date", "datetime", "email", "phone-number", "code-ref", "json"
]


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """One field. `card` is the declared type of its values; `query` marks it query-backed."""

    name: str
    kind: FieldKind
    card: CodeRef
    is_primitive: bool = False
    is_computed: bool = False
    value_type: ValueType | None = None
    """What a primitive holds in the search doc; None for composites and links."""
    query: Mapping[str, Any] | None = None
    searchable: tuple[str, ...] | None = None
    """Routes pulled into the search doc: `""` is the linked card itself; None is no mark."""
    description: str | None = None

    @property
    def is_link(self) -> bool:
        return self.kind in ("linksTo", "linksToMany")

    @property
    def is_plural(self) -> bool:
        return self.kind in ("containsMany", "linksToMany")

    @property
    def is_query_backed(self) -> bool:
        return self.query is not None


@dataclass(frozen=True, slots=True)
class Definition:
    """A card or field definition. `types` are type keys from itself to its oldest ancestor."""

    kind: Literal["card-def", "field-def"]
    code_ref: CodeRef
    display_name: str
    types: tuple[str, ...]
    fields: Mapping[str, FieldDefinition] = field(default_factory=dict[str, FieldDefinition])
    inner: "tuple[Definition, ...]" = ()
    """Classes that no module exports and that its fields lead to: they travel with it."""

    @property
    def type_key(self) -> str:
        return self.code_ref.type_key

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Definition":
        """Read the form in which the browser describes a definition and the index keeps it."""
        code_ref = _declared_type(value["codeRef"])
        return Definition(
            kind=value["type"],
            code_ref=code_ref,
            display_name=value.get("displayName") or code_ref.name,
            types=tuple(value.get("types") or ()),
            fields={
                name: _field_from_json(name, member)
                for name, member in (value.get("fields") or {}).items()
            },
            inner=tuple(Definition.from_json(one) for one in value.get("inner") or ()),
        )


class DefinitionSource(Protocol):
    """Where definitions are looked up; the index's store is one."""

    async def definitions(self, type_keys: Iterable[str]) -> Mapping[str, Definition]:
        """Return those of `type_keys` that are known, by type key."""
        ...


def _field_from_json(name: str, value: Mapping[str, Any]) -> FieldDefinition:
    return FieldDefinition(
        name=name,
        kind=value["type"],
        card=_declared_type(value["card"]),
        is_primitive=bool(value.get("isPrimitive")),
        is_computed=bool(value.get("isComputed")),
        value_type=value.get("valueType"),
        query=value.get("query"),
        searchable=_routes(value.get("searchable")),
        description=value.get("description"),
    )


def _declared_type(ref: Mapping[str, Any]) -> CodeRef:
    """Read a code ref. A class that no module exports is named after the field that has it."""
    if ref.get("type") == "fieldOf":
        owner = _declared_type(ref["card"])
        return CodeRef(owner.module, f"{owner.name}.{ref['field']}")
    return CodeRef(ref["module"], ref["name"])


def _routes(searchable: object) -> tuple[str, ...] | None:
    """Read a `searchable` mark: true, a dotted route, or a list of either."""
    if searchable is None or searchable is False:
        return None
    marks = cast("list[object]", searchable) if isinstance(searchable, list) else [searchable]
    return tuple("" if mark is True else str(mark) for mark in marks if mark)
