"""A small world of definitions, and strategies for cards and queries in it.

People have every kind of field a path can pass: plain values, plurals, composites,
links, plurals of composites and of links. Employees are people too; planets are not.
Stored values are sometimes of the wrong kind, as happens after a definition changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from realmkit.cards.definitions import Definition

REALM = "http://h/people/"
BASE = "@cardstack/base/card-api"
PERSON = {"module": "http://h/people/person", "name": "Person"}
EMPLOYEE = {"module": "http://h/people/person", "name": "Employee"}
PLANET = {"module": "http://h/people/planet", "name": "Planet"}
CARD_DEF = {"module": BASE, "name": "CardDef"}

PLURALS = {"tags", "scores", "visits", "friends"}
TEXT_PATHS = [
    "name",
    "tags",
    "address.city",
    "visits.place",
    "owner.name",
    "friends.name",
    "friends.tags",
    "_title",
    "owner.id",
    "id",
]
NUMBER_PATHS = ["age", "scores", "visits.cost", "owner.age", "friends.age"]
BOOLEAN_PATHS = ["isGood", "friends.isGood"]
NULLABLE_PATHS = ["address", "owner", "friends", "visits", "visits.clinic"]


@dataclass(frozen=True)
class Card:
    """One indexed card: its id, its search doc and its type keys, own type first."""

    id: str
    doc: dict[str, Any]
    types: list[str]


def type_key(ref: Mapping[str, str]) -> str:
    return f"{ref['module']}/{ref['name']}"


def _plain(value_type: str, kind: str = "contains") -> dict[str, Any]:
    card = {"module": f"@cardstack/base/{value_type}", "name": "default"}
    return {"type": kind, "card": card, "isPrimitive": True, "valueType": value_type}


def _field(kind: str, ref: Mapping[str, str], **more: Any) -> dict[str, Any]:
    return {"type": kind, "card": ref, "isPrimitive": False, **more}


def _module(name: str) -> dict[str, str]:
    return {"module": "http://h/people/person", "name": name}


_CARD_FIELDS = {"cardTitle": _plain("string")}
_PERSON_FIELDS = {
    **_CARD_FIELDS,
    "name": _plain("string"),
    "age": _plain("number"),
    "isGood": _plain("boolean"),
    "born": _plain("date"),
    "kind": _plain("code-ref"),
    "tags": _plain("string", "containsMany"),
    "scores": _plain("number", "containsMany"),
    "address": _field("contains", _module("Address")),
    "visits": _field("containsMany", _module("Visit")),
    "owner": _field("linksTo", PERSON, searchable=["boss", True]),
    "friends": _field("linksToMany", PERSON, searchable=True),
    "boss": _field("linksTo", PERSON),
    "cousins": _field("linksToMany", PERSON, query={"filter": {"eq": {"name": "$this.name"}}}),
}


def _definition(
    kind: str, ref: Mapping[str, str], ancestors: list[Mapping[str, str]], fields: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": kind,
        "codeRef": ref,
        "displayName": ref["name"],
        "types": [type_key(one) for one in [ref, *ancestors]],
        "fields": fields,
    }


DESCRIBED = [
    _definition("card-def", CARD_DEF, [], _CARD_FIELDS),
    _definition("card-def", PERSON, [CARD_DEF], _PERSON_FIELDS),
    _definition(
        "card-def", EMPLOYEE, [PERSON, CARD_DEF], {**_PERSON_FIELDS, "salary": _plain("number")}
    ),
    _definition("card-def", PLANET, [CARD_DEF], {**_CARD_FIELDS, "name": _plain("string")}),
    _definition("field-def", _module("Address"), [], {"city": _plain("string")}),
    _definition(
        "field-def",
        _module("Visit"),
        [],
        {
            "place": _plain("string"),
            "cost": _plain("number"),
            "clinic": _field("linksTo", PLANET),
        },
    ),
]
"""Every definition as the browser describes it."""

DEFINITIONS: dict[str, Definition | None] = {
    definition.type_key: definition for definition in map(Definition.from_json, DESCRIBED)
}

words = st.text(alphabet='abAB%_é"\\É5 ', max_size=4)
numbers = st.one_of(
    st.integers(-3, 30), st.sampled_from([0.5, -0.0, 2.5, 1e30, 2**53, 2**63, -(2**63)])
)


def _or_odd(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what belongs there; sometimes null, or a value of another kind."""
    odd = st.sampled_from([None, None, "5", 5, True, False, {}, [], ["ab"], {"name": "ab"}])
    return st.one_of(values, values, values, odd)


def _people(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    fields: dict[str, st.SearchStrategy[Any]] = {
        "name": _or_odd(words),
        "age": _or_odd(numbers),
        "isGood": _or_odd(st.booleans()),
        "tags": _or_odd(st.lists(_or_odd(words), max_size=3)),
        "scores": _or_odd(st.lists(_or_odd(numbers), max_size=3)),
    }
    if depth:
        person = _people(depth - 1)
        visit = st.fixed_dictionaries(
            {},
            optional={
                "place": _or_odd(words),
                "cost": _or_odd(numbers),
                "clinic": st.sampled_from([None, {"id": "http://h/people/clinic"}]),
            },
        )
        fields |= {
            "address": _or_odd(st.fixed_dictionaries({}, optional={"city": _or_odd(words)})),
            "owner": _or_odd(person),
            "friends": _or_odd(st.lists(_or_odd(person), max_size=3)),
            "visits": _or_odd(st.lists(_or_odd(visit), max_size=3)),
        }
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def card_lists(draw: st.DrawFn) -> list[Card]:
    """Up to eight cards with different ids."""
    names = draw(
        st.lists(st.text(alphabet="ab-.Z", min_size=1, max_size=3), unique=True, max_size=8)
    )
    cards: list[Card] = []
    for name in names:
        id = f"{REALM}{name}"
        own, ancestors = draw(
            st.sampled_from(
                [(PERSON, [CARD_DEF]), (EMPLOYEE, [PERSON, CARD_DEF]), (PLANET, [CARD_DEF])]
            )
        )
        doc = draw(_people(1)) | {"id": id, "_title": draw(words)}
        cards.append(Card(id, doc, [type_key(one) for one in [own, *ancestors]]))
    return cards


def _leaves() -> st.SearchStrategy[dict[str, Any]]:
    text_values = st.one_of(words, st.none())
    number_values = st.one_of(numbers, st.none())
    bound = st.sampled_from(["gt", "gte", "lt", "lte"])
    return st.one_of(
        st.builds(_leaf("eq"), st.sampled_from(TEXT_PATHS), text_values),
        st.builds(_leaf("eq"), st.sampled_from(NUMBER_PATHS), number_values),
        st.builds(
            _leaf("eq"), st.sampled_from(BOOLEAN_PATHS), st.sampled_from([True, False, None])
        ),
        st.builds(_leaf("eq"), st.sampled_from(NULLABLE_PATHS), st.none()),
        st.builds(_leaf("in"), st.sampled_from(TEXT_PATHS), st.lists(text_values, max_size=3)),
        st.builds(_leaf("in"), st.sampled_from(NUMBER_PATHS), st.lists(number_values, max_size=3)),
        st.builds(_leaf("contains"), st.sampled_from(TEXT_PATHS), text_values),
        st.builds(
            _leaf("range"),
            st.sampled_from(NUMBER_PATHS),
            st.dictionaries(bound, numbers, min_size=1, max_size=2),
        ),
        st.builds(
            _leaf("range"),
            st.sampled_from(TEXT_PATHS),
            st.dictionaries(bound, words, min_size=1, max_size=2),
        ),
        st.builds(lambda ref: {"type": ref}, st.sampled_from([PERSON, EMPLOYEE, PLANET, CARD_DEF])),
        st.builds(_item, words, numbers),
    )


def _leaf(operator: str) -> Any:
    return lambda path, operand: {operator: {path: operand}}


def _item(place: str, cost: float) -> dict[str, Any]:
    inside = [{"contains": {"place": place}}, {"range": {"cost": {"lte": cost}}}]
    return {"item": {"path": "visits", "every": inside}}


def _branches(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(children, max_size=3)
    return st.one_of(
        st.builds(lambda filters: {"every": filters}, several),
        st.builds(lambda filters: {"any": filters}, several),
        st.builds(lambda filter: {"not": filter}, children),
        st.builds(
            lambda ref, filters: {"on": ref, "any": filters},
            st.sampled_from([PERSON, EMPLOYEE]),
            several,
        ),
    )


def filters() -> st.SearchStrategy[dict[str, Any]]:
    """Filters over people, anchored at Person or Employee."""
    return st.builds(
        lambda ref, filter: {"on": ref, "every": [filter]},
        st.sampled_from([PERSON, EMPLOYEE]),
        st.recursive(_leaves(), _branches, max_leaves=6),
    ) | st.builds(lambda ref, inner: {"not": {"on": ref, **inner}}, st.just(PERSON), _anchorable())


def _anchorable() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(_leaf("eq"), st.sampled_from(TEXT_PATHS), words)


def queries() -> st.SearchStrategy[dict[str, Any]]:
    """Whole query bodies: filter, sort and page."""
    key = st.fixed_dictionaries(
        {
            "by": st.sampled_from([*TEXT_PATHS, *NUMBER_PATHS, *BOOLEAN_PATHS, "cardURL"]),
            "direction": st.sampled_from(["asc", "desc"]),
            "on": st.just(PERSON),
        }
    )
    page = st.fixed_dictionaries(
        {"size": st.integers(1, 4)}, optional={"number": st.integers(0, 2)}
    )
    return st.fixed_dictionaries(
        {"filter": filters()}, optional={"sort": st.lists(key, max_size=2), "page": page}
    )
