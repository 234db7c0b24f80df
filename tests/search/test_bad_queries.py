"""Whatever is asked, the answer is an answer or a refusal that says why; never our bug."""

import orjson
import pytest

from realmkit.cards.json_text import read_json
from realmkit.errors import BadRequest, RealmkitError, TooSlow

from ..support.bad_queries import body, numbers_of
from ..support.people import PERSON
from .conftest import PEOPLE, World, person

pytestmark = pytest.mark.anyio


@pytest.mark.timeout(300)
async def test_no_body_is_our_bug(world: World) -> None:
    await world.put(
        person("ann", {"name": "Ann", "age": 5, "tags": ["a"], "visits": [{"cost": 1}]})
    )
    answered = 0
    numbers = numbers_of(world.db.dialect, over_http=False)
    for number in numbers:
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
    assert answered > len(numbers) / 10


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
