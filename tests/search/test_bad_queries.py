"""Whatever is asked, the answer is an answer or a refusal that says why; never our bug.

More than CI asks: `REALMKIT_FUZZED_BODIES=200000 pytest tests/search/test_bad_queries.py`.
"""

import os
import random
from typing import Any

import orjson
import pytest

from realmkit.cards.json_text import read_json
from realmkit.errors import BadRequest, RealmkitError, TooSlow

from ..support.people import EMPLOYEE, PERSON
from .conftest import PEOPLE, World, person

pytestmark = pytest.mark.anyio
BODIES = int(os.environ.get("REALMKIT_FUZZED_BODIES", "5000"))
"""On each database."""

TEXTS = [
    *["", "'", '"', "\\", "%", "_", "*", "a*", '"a', "NEAR(", "OR", "-", "-a", "((", "a:b", ":*"],
    *[
        "'; drop table entries; --",
        "$1",
        "$",
        "{",
        "[]",
        "visits[]",
        "a.b",
        ".",
        "é",
        "\u2028",
        "𝄞",
    ],
    *["Ann", "name", "http://h/people/ann", "1e999", "NaN", "9" * 400, "x" * 3_000, "�", "\x01"],
]
NUMBERS = [0, -1, 1.5, 2**53, 2**63, -(2**64), 1e300, 1e308, True, False, None]
MEMBERS = (
    "filter sort page realms realm fields scope html type on eq in contains range matches every any"
    " not item path by direction size number card format renderType module name gt gte lt lte"
).split()
PATHS = (
    "name age tags visits visits.cost owner.name friends.tags id _title boss.name isGood".split()
)


def anything(pick: random.Random, depth: int) -> Any:
    kind = pick.random()
    if depth == 0 or kind < 0.3:
        return pick.choice([*TEXTS, *NUMBERS])
    if kind < 0.5:
        return [anything(pick, depth - 1) for _ in range(pick.randrange(4))]
    if kind < 0.6:
        return pick.choice([PERSON, EMPLOYEE])
    names = [*MEMBERS, *PATHS, *TEXTS]
    return {pick.choice(names): anything(pick, depth - 1) for _ in range(pick.randrange(4))}


def almost_a_filter(pick: random.Random, depth: int) -> Any:
    if pick.random() < 0.05:
        return anything(pick, 2)
    operators = ["eq", "in", "contains", "range", "matches"]
    if depth:
        operators += ["every", "any", "not", "item"] * 2
    operator = pick.choice(operators)
    path, text = pick.choice(PATHS), pick.choice(TEXTS)
    value = pick.choice([*TEXTS, *NUMBERS, PERSON])
    operand: Any = {
        "eq": lambda: {path: value},
        "in": lambda: {path: [value, text, None]},
        "contains": lambda: {path: text},
        "range": lambda: {path: {pick.choice(["gt", "lte", "x"]): value}},
        "matches": lambda: f"{text} {pick.choice(TEXTS)}",
        "every": lambda: [almost_a_filter(pick, depth - 1) for _ in range(pick.randrange(3))],
        "any": lambda: [almost_a_filter(pick, depth - 1) for _ in range(pick.randrange(3))],
        "not": lambda: almost_a_filter(pick, depth - 1),
        "item": lambda: {"path": path, "eq": {pick.choice(["place", "cost"]): value}},
    }[operator]()
    return {**({"on": PERSON} if pick.random() < 0.7 else {}), operator: operand}


def body(number: int) -> Any:
    pick = random.Random(number)
    if pick.random() < 0.3:
        return anything(pick, 4)
    asked: dict[str, Any] = {"filter": almost_a_filter(pick, 3)}
    if pick.random() < 0.3:
        asked["sort"] = [{"by": pick.choice([*PATHS, "lastModified", "cardURL"]), "on": PERSON}]
    if pick.random() < 0.3:
        asked["page"] = {"size": pick.choice([1, 500, *NUMBERS]), "number": pick.choice([0, 1, 7])}
    if pick.random() < 0.05:
        asked[pick.choice(MEMBERS)] = anything(pick, 2)
    return asked


@pytest.mark.timeout(300)
async def test_no_body_is_our_bug(world: World) -> None:
    await world.put(
        person("ann", {"name": "Ann", "age": 5, "tags": ["a"], "visits": [{"cost": 1}]})
    )
    answered = 0
    for number in range(BODIES):
        asked = body(number)
        try:
            query = world.engine.parse(read_json(orjson.dumps(asked)))
            await world.engine.search([PEOPLE], query, with_included=False)
            answered += 1
        except RealmkitError as refusal:
            assert refusal.status == 400, (refusal, asked)
            assert refusal.detail
        except orjson.JSONEncodeError:
            # A number beyond 64 bits cannot even be sent by this encoder.
            continue
    assert answered > BODIES / 10


@pytest.mark.parametrize("depth", [33, 1_000])
async def test_a_filter_that_nests_too_deep_is_refused(world: World, depth: int) -> None:
    text = '{"not":' * depth + '{"eq":{"_title":"x"}}' + "}" * depth
    with pytest.raises(BadRequest, match=r"nests deeper|not valid JSON"):
        world.engine.parse(read_json(f'{{"filter":{text}}}'.encode()))


async def test_ten_thousand_values_are_looked_for_and_more_are_refused(world: World) -> None:
    await world.put(person("ann", {"name": "n7", "age": 7}))
    names, ages = [f"n{number}" for number in range(10_000)], list(range(10_000))
    filter = {"on": PERSON, "every": [{"in": {"name": names}}, {"in": {"age": ages}}]}

    assert await world.ids(filter=filter) == ["people/ann"]
    with pytest.raises(BadRequest, match="at most 10000 values"):
        await world.ids(filter={"on": PERSON, "in": {"name": [*names, "x"]}})


async def test_as_many_conditions_as_are_allowed_are_answered(world: World) -> None:
    await world.put(person("ann", {"name": "n90", "age": 7}))
    each = [{"eq": {"name": f"n{number}"}} for number in range(90)]

    assert await world.ids(filter={"on": PERSON, "any": each}) == []
    assert await world.ids(filter={"on": PERSON, "any": [{"not": one} for one in each]}) == [
        "people/ann"
    ]


async def test_a_search_is_given_up_when_its_time_is_spent(world: World) -> None:
    await world.put(*(person(f"p{number}", {"name": str(number)}) for number in range(1_500)))
    # No index lists these: each is a look at each card.
    each = [{"not": {"contains": {"name": str(number)}}} for number in range(45)]
    query = world.engine.parse({"filter": {"on": PERSON, "every": [{"any": each}, *each]}})
    world.engine._budget_s = 0.01
    with pytest.raises(TooSlow):
        await world.engine.search([PEOPLE], query, with_included=False)

    # Nobody goes on with it.
    world.engine._budget_s = 30
    assert await world.ids(filter={"on": PERSON, "eq": {"name": "7"}}) == ["people/p7"]
