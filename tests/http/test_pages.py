"""What the page of an address without a card suggests, and what it takes to find that."""

import difflib
import re
import threading
from collections.abc import Iterable

import pytest
from tests.support.server import Server

from realmkit.http.negotiation import HTML
from realmkit.index import Batch, NewEntry

pytestmark = pytest.mark.anyio


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many names each comparison compares. The event loop's thread compares none."""
    counts: list[int] = []
    compare = difflib.get_close_matches

    def counting(word: str, names: Iterable[str], **how: int) -> list[str]:
        assert threading.current_thread() is not threading.main_thread()
        found = list(names)
        counts.append(len(found))
        return compare(word, found, **how)

    monkeypatch.setattr(difflib, "get_close_matches", counting)
    return counts


async def suggested(server: Server, path: str) -> list[str]:
    """The paths of the cards that the page of `path` suggests."""
    answer = await server.client.get(f"/people/{path}", headers={"Accept": HTML})
    assert answer.status_code == 404
    return re.findall(rf'href="{re.escape(server.realm_url)}([^"]+)"', answer.text)


@pytest.mark.parametrize("typo", ["an", "annn", "anb", "nan", "ANN"])
async def test_a_card_that_is_named_much_like_it_is_suggested(server: Server, typo: str):
    await server.indexed()
    assert (await suggested(server, f"Person/{typo}"))[0] == "Person/ann"


async def test_only_a_card_of_the_same_folder_is_suggested(server: Server):
    await server.indexed()
    assert await suggested(server, "Persom/ann") == []
    assert await suggested(server, "an") == []
    assert await suggested(server, "Person/notes") == []


async def test_of_many_cards_only_the_names_next_to_it_are_compared(
    server: Server, compared: list[int]
):
    cards = [f"{server.realm_url}Crowd/card-{number:05}.json" for number in range(5_000)]
    entries = [NewEntry(url, "instance") for url in cards]
    await server.app.stations.index.commit(Batch(server.realm_url, entries))

    assert (await suggested(server, "Crowd/card-02500x"))[0] == "Crowd/card-02500"
    assert (await suggested(server, "Crowd/card-04999x"))[0] == "Crowd/card-04999"
    assert compared == [2_000, 2_000]


async def test_an_address_that_nobody_typed_is_compared_with_nothing(
    server: Server, compared: list[int]
):
    await server.indexed()
    assert await suggested(server, "Person/" + "ann/" * 100 + "ann") == []
    assert compared == []
