"""Query-backed fields of served resources: which there are, and what they ask.

A definition holds a query with tokens; each owner fills in its own values. What a
field asks is a plain `FieldSearch`; running many of them at once, and writing the
answers into the owners, is the business of `FieldSearches`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from realmkit.cards.addresses import card_id, resolve_link
from realmkit.cards.code_refs import FILE_DEF, ModuleNames, is_code_ref
from realmkit.cards.definitions import Definition, FieldDefinition
from realmkit.errors import BadRequest
from realmkit.query.forms import in_form
from realmkit.query.nodes import GENERAL_SORT_KEYS
from realmkit.query.search_rows import great_number
from realmkit.query.tokens import MISSING, REALM, THIS, Missing, is_token, replace_tokens
from realmkit.search.known import KnownDefinitions
from realmkit.search.served import Resource

_WHOLE = re.compile(r"-?[0-9]{1,100}")


@dataclass(frozen=True, slots=True)
class QueryField:
    """A query-backed field of one resource. `prefix` leads to the value that has the field:
    empty for the card itself, `("visits", "0")` for a contained one."""

    owner: Resource
    prefix: tuple[str, ...]
    field: FieldDefinition
    definition: Definition
    """The definition that has the field."""
    known: KnownDefinitions
    """Definitions, those of everything that the resource contains among them."""

    @property
    def module(self) -> str:
        """The module of the definition; the field's code refs are relative to it."""
        return self.definition.code_ref.module

    @property
    def key(self) -> str:
        """The field's name in `relationships`."""
        return ".".join((*self.prefix, self.field.name))


# Not frozen, for the reason that `Found` is not.
@dataclass(slots=True)
class _Holder:
    """A value of a resource at `prefix`. `overrides` are its fields' own types, as `meta.fields`
    has them: a contained value may be of a descendant of what its field declares."""

    owner: Resource
    prefix: tuple[str, ...]
    values: Mapping[str, Any]
    type_key: str
    overrides: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldSearch:
    """What one query field asks: a query without tokens, and realm URLs, at least one."""

    query: Mapping[str, Any]
    realm_urls: tuple[str, ...]


async def query_fields(
    resources: Sequence[tuple[Resource, str | None]],
    known: KnownDefinitions,
    names: ModuleNames,
) -> list[QueryField]:
    """The query-backed fields of (resource, own type key) pairs and of what they contain.

    Definitions are looked up together, once for each level of containment.
    """
    found: list[QueryField] = []
    await known.load(key for _, key in resources if key)
    keys = {key for _, key in resources if key}
    looked_at = {key: _looked_at(known[key]) for key in keys}
    # Hundreds of resources may be of types that have nothing to ask.
    layer = [
        _Holder(resource, (), resource["attributes"], key, _members(resource["meta"].get("fields")))
        for resource, key in resources
        if key and looked_at[key].is_worth_it
    ]
    while layer:
        deeper: list[_Holder] = []
        for holder in layer:
            one = looked_at[holder.type_key]
            if one.definition is not None:
                found += [
                    QueryField(holder.owner, holder.prefix, field, one.definition, known)
                    for field in one.asking
                ]
            deeper += _contained(holder, one.composites, names)
        await known.load(holder.type_key for holder in deeper)
        looked_at = {key: _looked_at(known[key]) for key in {one.type_key for one in deeper}}
        layer = deeper
    return found


@dataclass(frozen=True, slots=True)
class _LookedAt:
    """A definition, its query-backed fields, and those that may contain some."""

    definition: Definition | None
    asking: Sequence[FieldDefinition] = ()
    composites: Sequence[FieldDefinition] = ()

    @property
    def is_worth_it(self) -> bool:
        return bool(self.asking or self.composites)


def _looked_at(definition: Definition | None) -> _LookedAt:
    if definition is None:
        return _LookedAt(None)
    fields = definition.fields.values()
    return _LookedAt(
        definition,
        asking=[field for field in fields if field.is_query_backed],
        composites=[field for field in fields if not field.is_primitive and not field.is_link],
    )


def _contained(
    holder: _Holder, composites: Sequence[FieldDefinition], names: ModuleNames
) -> Iterator[_Holder]:
    """Composite values that are really there, so that recursive definitions end with them."""
    for field in composites:
        value, override = holder.values.get(field.name), holder.overrides.get(field.name)
        here = (*holder.prefix, field.name)
        if isinstance(value, dict):
            yield _held(holder, here, cast("Any", value), field, override, names)
        elif isinstance(value, list):
            overrides = cast("list[object]", override) if isinstance(override, list) else []
            for position, one in enumerate(cast("list[object]", value)):
                if isinstance(one, dict):
                    own = overrides[position] if position < len(overrides) else None
                    there = (*here, str(position))
                    yield _held(holder, there, cast("Any", one), field, own, names)


def _held(
    holder: _Holder,
    prefix: tuple[str, ...],
    values: Mapping[str, Any],
    field: FieldDefinition,
    override: object,
    names: ModuleNames,
) -> _Holder:
    members = _members(override)
    own: Any = members.get("adoptsFrom")
    ref = names.resolve(own, holder.owner["id"]) if is_code_ref(own) else field.card
    inside = _members(members.get("fields"))
    return _Holder(holder.owner, prefix, values, ref.type_key, inside)


def _members(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def field_search(
    field: QueryField,
    target: Definition | None,
    mounted_urls: Sequence[str],
    names: ModuleNames,
) -> FieldSearch | None:
    """Fill in a field's query; None if an undefined token lets nothing match.

    Code refs in it are absolute, so that whoever reads `links.search` can ask it again.
    """
    raw = field.field.query or {}
    query = replace_tokens(raw, lambda token: token_value(token, field, names))
    if isinstance(query, Missing):
        return None
    realm_urls = _realms(raw, field, mounted_urls, names)
    if not realm_urls:
        return None
    absolute = cast("dict[str, Any]", _with_absolute_refs(query, field.module, names))
    return FieldSearch(_normalised(absolute, field.field, target), realm_urls)


def token_value(token: str, field: QueryField, names: ModuleNames) -> object:
    """What a token stands for in its owner: a value, an id of a link, or `MISSING`."""
    if token in REALM:
        return field.owner["meta"]["realmURL"]
    path = [*field.prefix, *token.removeprefix(THIS).split(".")]
    if path == ["id"]:
        return field.owner["id"]
    if path[-1] == "id":
        linked = _linked_id(field.owner, ".".join(path[:-1]), names)
        if linked is not MISSING:
            return linked
    value: object = field.owner["attributes"]
    for name in path:
        if isinstance(value, dict) and name in value:
            value = cast("dict[str, object]", value)[name]
        elif (
            isinstance(value, list)
            and name.isdigit()
            and int(name) < len(cast("list[object]", value))
        ):
            value = cast("list[object]", value)[int(name)]
        else:
            return MISSING
    return _as_queried(value, _named(token, field), field.owner, names)


def _named(token: str, field: QueryField) -> FieldDefinition | None:
    """The field that a token ends at, if it is one of what the owner contains."""
    definition: Definition | None = field.definition
    named: FieldDefinition | None = None
    for name in token.removeprefix(THIS).split("."):
        if named is not None and named.is_plural and name.isdigit():
            continue
        if named is not None:
            definition = None if named.is_primitive else field.known.get(named.card.type_key)
        named = definition.fields.get(name) if definition else None
        if named is None:
            return None
    return named


def _as_queried(
    value: object, named: FieldDefinition | None, owner: Resource, names: ModuleNames
) -> object:
    """A stored value as the search doc has it, and as the page that shows the field asks it."""
    if isinstance(value, list):
        return [_as_queried(one, named, owner, names) for one in cast("list[object]", value)]
    match named.value_type if named else None:
        case "date" | "datetime" | "email" | "phone-number" as form if isinstance(value, str):
            return in_form(value, form)
        case "number" if isinstance(value, str):
            whole = great_number(value)
            return value if whole is not None or not _WHOLE.fullmatch(value) else int(value)
        case "code-ref" if is_code_ref(value):
            return names.resolve(cast("Any", value), owner["id"]).type_key
        case _:
            return value


def _linked_id(owner: Resource, key: str, names: ModuleNames) -> object:
    link = (owner["relationships"].get(key) or {"links": {}})["links"].get("self")
    if link is None:
        return MISSING
    try:
        return card_id(resolve_link(names.to_url(link), owner["id"]))
    except BadRequest:
        # What is no URL is the id of nothing.
        return MISSING


def _with_absolute_refs(node: object, module: str, names: ModuleNames, key: str = "") -> object:
    if isinstance(node, list):
        items = cast("list[object]", node)
        return [_with_absolute_refs(one, module, names, key) for one in items]
    if not isinstance(node, dict):
        return node
    members = cast("dict[str, Any]", node)
    # What `eq` names are fields, whatever they are called.
    if key not in _OPERATORS and is_code_ref(members):
        return names.resolve(members, module).to_json()
    return {
        name: _with_absolute_refs(value, module, names, name) for name, value in members.items()
    }


_OPERATORS = ("eq", "in", "contains", "range")


def _realms(
    raw: Mapping[str, Any], field: QueryField, mounted_urls: Sequence[str], names: ModuleNames
) -> tuple[str, ...]:
    """Realms as written, or those that hold what the tokens name, in that order.

    The owner's realm by default, and where a list is null or empty. None where a token
    is undefined, or names nothing that lies in a realm served here.
    """
    named = raw.get("realms", raw.get("realm"))
    own = str(field.owner["meta"]["realmURL"])
    if named is None or named == []:
        return (own,)
    entries = cast("list[object]", named) if isinstance(named, list) else [named]
    urls: list[str] = []
    for entry in entries:
        if not is_token(entry):
            urls.append(str(entry).rstrip("/") + "/")
            continue
        value = token_value(cast("str", entry), field, names)
        if value is None or value == []:
            urls.append(own)
            continue
        references = cast("list[object]", value) if isinstance(value, list) else [value]
        homes = [_home(reference, mounted_urls) for reference in references]
        urls += [home for home in homes if home]
    return tuple(dict.fromkeys(urls))


def _home(reference: object, mounted_urls: Sequence[str]) -> str | None:
    """The deepest mounted realm that holds what `reference` names."""
    if not isinstance(reference, str):
        return None
    holding = [url for url in mounted_urls if reference.startswith(url) or f"{reference}/" == url]
    return max(holding, key=len, default=None)


def _normalised(
    query: dict[str, Any], field: FieldDefinition, target: Definition | None
) -> dict[str, Any]:
    """Anchor the query at the field's declared type: nothing else may come back."""
    anchor = field.card.to_json()
    normal = {name: value for name, value in query.items() if name not in ("realm", "realms")}
    filter_ = cast("dict[str, Any]", normal.get("filter") or {})
    if not filter_:
        normal["filter"] = {"type": anchor}
    elif "on" not in filter_ and "type" not in filter_:
        normal["filter"] = {"on": anchor, **filter_}
    if isinstance(normal.get("sort"), list):
        normal["sort"] = [
            _anchored_sort(key, anchor) for key in cast("list[object]", normal["sort"])
        ]
    if field.kind == "linksTo":
        normal["page"] = {"number": 0, "size": 1}
    if target is not None and FILE_DEF.type_key in target.types:
        normal["scope"] = "files"
    return normal


def _anchored_sort(key: object, anchor: Mapping[str, str]) -> object:
    if not isinstance(key, dict) or "on" in key:
        return cast("object", key)
    members = cast("dict[str, Any]", key)
    return members if members.get("by") in GENERAL_SORT_KEYS else {**members, "on": anchor}
