"""Strategies for cards and queries in the world of `people`.

Stored values are sometimes of the wrong kind, as happens after a definition changed.
Paths, values and words are few, so that queries find something.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st

from .people import CARD_DEF, EMPLOYEE, PERSON, PLANET, type_key

TEXT_PATHS = (
    "name tags address.city visits.place owner.name friends.name friends.tags _title owner.id id"
    " bio kind friends.visits.place _cardType owner.tags"
).split()
# Each path, what search docs have there, and how the same may be asked for.
FORMED: dict[str, tuple[list[str], list[str]]] = {
    "born": (
        ["2024-02-29", "2024-03-01", "1999-12-31", "0001-01-01"],
        ["2024-02-29", "2024-02-29T23:59:59.999Z", "2024", "2024-03", "1999-12-31", "0001-01-01"],
    ),
    "met": (
        ["2024-02-29T09:30", "2024-02-29T09:31", "2024-03-01T00:00", "1999-12-31T23:59"],
        [
            *["2024-02-29T09:30:00.000Z", "2024-02-29T09:30", "2024-02-29T10:31:59+01:00"],
            *["2024-03", "2024-03-01T00:00:00Z", "2000-01-01T01:59+02:00", "2024-02-29"],
        ],
    ),
    "mail": (["ann@x.com", "bob@y.org"], ["Ann@X.com", " bob@y.org", "z@z", ""]),
    "phone": (["+44123", "0301"], ["+44 (123)", "030/1", "1", ""]),
}
FORMED["owner.met"] = FORMED["met"]
FORMED["friends.mail"] = FORMED["mail"]
NUMBER_PATHS = (
    "age scores account visits.cost owner.age owner.scores friends.age friends.scores".split()
)
BOOLEAN_PATHS = ["isGood", "friends.isGood"]
NULLABLE_PATHS = [
    *["address", "owner", "friends", "visits", "visits.clinic", "friends.visits"],
    *["tags", "scores", "friends.tags"],
]
GENERAL_KEYS = ["cardURL", "lastModified", "createdAt"]
_PEOPLE = [[PERSON, CARD_DEF], [EMPLOYEE, PERSON, CARD_DEF], [EMPLOYEE, PERSON, CARD_DEF]]
CHAINS = [*_PEOPLE, *_PEOPLE, [PLANET, CARD_DEF]]
LONG = "The same beginning, again and again: " * 4


Health = Literal["well", "broken", "empty"]
"""How its last visit went: a broken card has its last good document, an empty one has none."""


@dataclass(frozen=True)
class Card:
    """One indexed card: its place in a realm, its search doc, its type keys, own type first."""

    name: str
    doc: dict[str, Any]
    types: list[str]
    last_modified: int | None = None
    created_at: int | None = None
    is_file: bool = False
    health: Health = "well"


# Among others a capital of three folded letters, one that ends words in another way, and code
# points that UTF-16 puts in another order than their numbers.
short_texts = st.text(alphabet='abAB%_é"\\É5 ßΣς𝄞ﬁ', max_size=4)
long_texts = st.builds(lambda end: LONG + end, st.sampled_from(["", "a", "b", "B", "ba"]))
sentences = st.lists(
    st.sampled_from(
        "Roman road roads cafés CAFÉ café-au-lait x runner running ran 100% 北京".split()
    ),
    max_size=5,
).map(" ".join)
# Most values are of few, so that what is asked for is there, in some of the cards.
few_texts = st.sampled_from(["a", "b", "ab", "Ba", "É5", "5%", "aß", "", "5"])
texts = st.one_of(few_texts, few_texts, few_texts, few_texts, short_texts, sentences, long_texts)
small_numbers = st.one_of(
    st.integers(-3, 30), st.sampled_from([0.5, -0.0, 2.5, 1e30, 2**53, 2**63, -(2**63), 1e100])
)
great_numbers = st.sampled_from(
    [2**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1, -(2**53) - 2, 10**30, 10**30 + 1, 10**120]
)
few_numbers = st.sampled_from([0, 1, 2, 3, 5])
numbers = st.one_of(few_numbers, few_numbers, few_numbers, small_numbers, great_numbers.map(str))
formed_paths = st.sampled_from(sorted(FORMED))
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
        **{path: _or_odd(st.sampled_from(FORMED[path][0])) for path in FORMED if "." not in path},
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
    there = {name: fields.pop(name) for name in ("name", "age", "tags", "scores")}
    return st.fixed_dictionaries(there, optional=fields)


def asked_of(path: str) -> st.SearchStrategy[str]:
    """Values that a filter may compare those at a path of a date or an address with."""
    return st.sampled_from(FORMED[path][1])


def _formed(operator: str) -> st.SearchStrategy[dict[str, Any]]:
    """A condition on a date or an address."""

    def condition(path: str) -> st.SearchStrategy[dict[str, Any]]:
        values = asked_of(path)
        operands: dict[str, st.SearchStrategy[Any]] = {
            "eq": values | st.none(),
            "in": st.lists(values | st.none(), max_size=3),
            "range": st.dictionaries(_bounds, values.filter(bool), min_size=1, max_size=2),
            "contains": st.sampled_from(["2024-02", "T09", "ANN@", "(12", "x"]),
        }
        return operands[operator].map(lambda operand: {operator: {path: operand}})

    return formed_paths.flatmap(condition)


_times = st.sampled_from([None, 1, 2, 3])
_WELL: list[Health] = ["well"] * 10
_health = st.sampled_from([*_WELL, "broken", "empty"])
_names = st.text(alphabet="ab-.Z", min_size=1, max_size=3)


def realms(most: int = 8, least: int = 0) -> st.SearchStrategy[list[Card]]:
    """A realm's cards, with different names."""
    card = st.builds(
        lambda doc, title, kind, chain, *rest: (
            doc | {"_title": title, "_cardType": kind},
            [type_key(one) for one in chain],
            *rest,
        ),
        _people(1),
        _or_odd(texts),
        st.sampled_from(["Person", "Planet", None]),
        st.sampled_from(CHAINS),
        _times,
        _times,
        st.sampled_from([False, False, False, False, False, True]),
        _health,
    )
    return st.dictionaries(_names, card, min_size=least, max_size=most).map(
        lambda cards: [Card(name, *rest) for name, rest in cards.items()]
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
        st.builds(_leaf("eq"), text_path, few_numbers),
        st.builds(_leaf("in"), text_path, _some_of(text_values | few_numbers)),
        st.builds(_leaf("in"), number_path, _some_of(number_values)),
        st.builds(
            _leaf("contains"),
            text_path,
            st.one_of(text_values, st.sampled_from(["a", "B", "é", "%", "oma", "CAFÉ", "ing: "])),
        ),
        st.builds(
            _leaf("range"), number_path, st.dictionaries(_bounds, numbers, min_size=1, max_size=2)
        ),
        st.builds(
            _leaf("range"),
            text_path,
            st.dictionaries(_bounds, texts, min_size=1, max_size=2),
        ),
    ]
    if boolean_paths:
        path, values = st.sampled_from(boolean_paths), st.sampled_from([True, False, None])
        leaves.append(st.builds(_leaf("eq"), path, values))
    return leaves


def _some_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """A few of them, and now and then none."""
    some = st.lists(values, min_size=2, max_size=4)
    return st.one_of(some, some, some, st.lists(values, max_size=1))


def _branches(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = _some_of(children)
    return st.one_of(
        st.builds(lambda filters: {"every": filters}, several),
        st.builds(lambda filters: {"any": filters}, several),
        st.builds(lambda filter: {"not": filter}, children),
    )


def _anchored(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    person = st.sampled_from([PERSON, EMPLOYEE])
    several = _some_of(children)
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
    st.builds(_leaf("eq"), st.just("_cardType"), st.sampled_from(["Person", "Planet", None])),
    *map(_formed, ["eq", "in", "range", "contains"]),
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
    by = [*TEXT_PATHS, *FORMED, *NUMBER_PATHS, *BOOLEAN_PATHS, *GENERAL_KEYS]
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
        {"filter": filters()},
        optional={
            "sort": st.lists(key, max_size=2),
            "page": page,
            "scope": st.sampled_from(["cards", "files", "all", "all"]),
            # Who asks for tiles finds broken cards too.
            "html": st.just({}),
        },
    )
