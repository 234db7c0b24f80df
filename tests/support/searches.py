"""Strategies for cards and queries in the world of `people`.

Stored values are sometimes of the wrong kind, as happens after a definition changed.
Paths, values and words are few, so that queries find something.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from .people import CARD_DEF, EMPLOYEE, PERSON, PLANET, type_key

TEXT_PATHS = (
    "name tags address.city visits.place owner.name friends.name friends.tags _title owner.id id"
    " bio born kind friends.visits.place"
).split()
NUMBER_PATHS = "age scores account visits.cost owner.age friends.age friends.scores".split()
BOOLEAN_PATHS = ["isGood", "friends.isGood"]
NULLABLE_PATHS = [
    *["address", "owner", "friends", "visits", "visits.clinic", "friends.visits"],
    *["tags", "scores", "friends.tags"],
]
GENERAL_KEYS = ["cardURL", "lastModified", "createdAt"]
CHAINS = [
    [PERSON, CARD_DEF],
    [EMPLOYEE, PERSON, CARD_DEF],
    [PLANET, CARD_DEF],
]
LONG = "The same beginning, again and again: " * 4


@dataclass(frozen=True)
class Card:
    """One indexed card: its place in a realm, its search doc, its type keys, own type first."""

    name: str
    doc: dict[str, Any]
    types: list[str]
    last_modified: int | None = None
    created_at: int | None = None


short_texts = st.text(alphabet='abAB%_é"\\É5 ß', max_size=4)
long_texts = st.builds(lambda end: LONG + end, st.sampled_from(["", "a", "b", "B", "ba"]))
sentences = st.lists(
    st.sampled_from(
        "Roman road roads cafés CAFÉ café-au-lait x runner running ran 100% 北京".split()
    ),
    max_size=5,
).map(" ".join)
texts = st.one_of(short_texts, short_texts, short_texts, sentences, long_texts)
small_numbers = st.one_of(
    st.integers(-3, 30), st.sampled_from([0.5, -0.0, 2.5, 1e30, 2**53, 2**63, -(2**63), 1e100])
)
great_numbers = st.sampled_from(
    [2**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1, -(2**53) - 2, 10**30, 10**30 + 1, 10**120]
)
numbers = st.one_of(small_numbers, small_numbers, great_numbers.map(str))
dates = st.sampled_from(["2024-02-29", "2024-03-01", "1999-12-31", "0001-01-01"])
refs = st.sampled_from([PERSON, PLANET])


def _or_odd(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what belongs there; sometimes null, or a value of another kind."""
    odd = st.sampled_from([None, None, "5", 5, True, False, {}, [], ["ab"], {"name": "ab"}])
    return st.one_of(values, values, values, odd)


def _people(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    visit = st.fixed_dictionaries(
        {},
        optional={
            "place": _or_odd(texts),
            "cost": _or_odd(numbers),
            "clinic": st.sampled_from([None, {"id": "http://h/people/clinic"}]),
        },
    )
    fields: dict[str, st.SearchStrategy[Any]] = {
        "name": _or_odd(texts),
        "bio": _or_odd(sentences),
        "age": _or_odd(numbers),
        "account": _or_odd(numbers),
        "isGood": _or_odd(st.booleans()),
        "born": _or_odd(dates),
        "kind": refs.map(type_key),
        "tags": _or_odd(st.lists(_or_odd(texts), max_size=3)),
        "scores": _or_odd(st.lists(_or_odd(numbers), max_size=3)),
        "visits": _or_odd(st.lists(_or_odd(visit), max_size=3)),
    }
    if depth:
        person = _people(depth - 1)
        fields |= {
            "address": _or_odd(st.fixed_dictionaries({}, optional={"city": _or_odd(texts)})),
            "owner": _or_odd(person),
            "friends": _or_odd(st.lists(_or_odd(person), max_size=3)),
        }
    return st.fixed_dictionaries({}, optional=fields)


_times = st.sampled_from([None, 1, 2, 3])
_names = st.text(alphabet="ab-.Z", min_size=1, max_size=3)


def realms(most: int = 8) -> st.SearchStrategy[list[Card]]:
    """A realm's cards, with different names."""
    card = st.builds(
        lambda doc, title, chain, modified, created: (
            doc | {"_title": title},
            chain,
            modified,
            created,
        ),
        _people(1),
        _or_odd(texts),
        st.sampled_from(CHAINS),
        _times,
        _times,
    )
    return st.dictionaries(_names, card, max_size=most).map(
        lambda cards: [
            Card(name, doc, [type_key(one) for one in chain], modified, created)
            for name, (doc, chain, modified, created) in cards.items()
        ]
    )


words_asked = st.lists(
    st.sampled_from(
        [
            *["roman", "road", "cafe", "RUNNING", "ro*", "caf*", "x", "100%", "北京", "ab", "b"],
            *['"roman road"', '"road roman"', '"caf', "café-au-lait", "run*", "OR", "OR", "-x"],
            *["-road", '-"roman road"', "-ru*", "!", "(", "AND", "'", "NEAR(a b)", "stems:x"],
        ]
    ),
    max_size=4,
).map(" ".join)
_bounds = st.sampled_from(["gt", "gte", "lt", "lte"])


def _leaf(operator: str) -> Any:
    return lambda path, operand: {operator: {path: operand}}


def _plain(
    text_paths: Sequence[str],
    number_paths: Sequence[str],
    boolean_paths: Sequence[str],
    nullable: Sequence[str],
) -> list[st.SearchStrategy[dict[str, Any]]]:
    text_values, number_values = st.one_of(texts, st.none()), st.one_of(numbers, st.none())
    text_path, number_path = st.sampled_from(text_paths), st.sampled_from(number_paths)
    leaves = [
        st.builds(_leaf("eq"), text_path, text_values),
        st.builds(_leaf("eq"), number_path, number_values),
        st.builds(_leaf("eq"), st.sampled_from(nullable), st.none()),
        st.builds(_leaf("in"), text_path, st.lists(text_values, max_size=3)),
        st.builds(_leaf("in"), number_path, st.lists(number_values, max_size=3)),
        st.builds(
            _leaf("contains"),
            text_path,
            st.one_of(text_values, st.sampled_from(["oma", "CAFÉ", "ing: "])),
        ),
        st.builds(
            _leaf("range"), number_path, st.dictionaries(_bounds, numbers, min_size=1, max_size=2)
        ),
        st.builds(
            _leaf("range"),
            text_path,
            st.dictionaries(_bounds, st.one_of(texts, dates), min_size=1, max_size=2),
        ),
    ]
    if boolean_paths:
        path, values = st.sampled_from(boolean_paths), st.sampled_from([True, False, None])
        leaves.append(st.builds(_leaf("eq"), path, values))
    return leaves


def _branches(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(children, max_size=3)
    return st.one_of(
        st.builds(lambda filters: {"every": filters}, several),
        st.builds(lambda filters: {"any": filters}, several),
        st.builds(lambda filter: {"not": filter}, children),
    )


def _anchored(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    person = st.sampled_from([PERSON, EMPLOYEE])
    several = st.lists(children, max_size=3)
    return _branches(children) | st.builds(
        lambda ref, filters: {"on": ref, "any": filters}, person, several
    )


_of_visits = st.recursive(
    st.one_of(_plain(["place"], ["cost"], [], ["clinic", "place"])), _branches, max_leaves=3
)
_of_friends = st.recursive(
    st.one_of(
        *_plain(
            ["name", "tags", "visits.place"], ["age", "scores"], ["isGood"], ["visits", "tags"]
        ),
        st.builds(lambda inner: {"item": {"path": "visits", **inner}}, _of_visits),
    ),
    _branches,
    max_leaves=3,
)
_leaves = st.one_of(
    *_plain(TEXT_PATHS, NUMBER_PATHS, BOOLEAN_PATHS, NULLABLE_PATHS),
    st.builds(_leaf("eq"), st.just("kind"), refs),
    st.builds(lambda ref: {"type": ref}, st.sampled_from([PERSON, EMPLOYEE, PLANET, CARD_DEF])),
    st.builds(lambda inner: {"item": {"path": "visits", **inner}}, _of_visits),
    st.builds(lambda inner: {"item": {"path": "friends", **inner}}, _of_friends),
    st.builds(lambda text: {"matches": text}, words_asked),
)


def filters() -> st.SearchStrategy[dict[str, Any]]:
    """Filters over people, anchored at Person or Employee."""
    anchor = st.sampled_from([PERSON, PERSON, EMPLOYEE])
    inner = st.recursive(_leaves, _anchored, max_leaves=6)
    return st.builds(lambda ref, filter: {"on": ref, "every": [filter]}, anchor, inner)


def queries() -> st.SearchStrategy[dict[str, Any]]:
    """Whole query bodies: filter, sort and page."""
    by = [*TEXT_PATHS, *NUMBER_PATHS, *BOOLEAN_PATHS, *GENERAL_KEYS]
    key = st.fixed_dictionaries(
        {
            "by": st.sampled_from(by),
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
