"""Served and stored documents over HTTP: what survives a write, and what is refused."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from tests.support.server import Server

from realmkit.http.negotiation import SOURCE
from realmkit.search.other_servers import Replies, Unreachable

from .herd import AS_CARD, Herd

pytestmark = pytest.mark.anyio


@pytest.fixture
async def herd(server: Server) -> Herd:
    return await Herd.of(server)


async def test_null_empty_and_absent_stay_apart_on_disk_and_when_served(herd: Herd):
    nothing = {"links": {"self": None}}
    await herd.add("void", attributes={"name": None, "tags": []}, relationships={"mother": nothing})

    stored = herd.stored("void")
    assert stored["attributes"] == {"name": None, "tags": []}
    assert stored["relationships"] == {"mother": nothing}

    await herd.patch("void", {"attributes": {"colour": ""}, "relationships": {"friends": nothing}})

    stored = herd.stored("void")
    assert stored["attributes"] == {"name": None, "tags": [], "colour": ""}
    assert stored["relationships"] == {"mother": nothing, "friends": nothing}
    served = (await herd.get("void")).json()["data"]
    assert served["attributes"]["name"] is None
    assert served["attributes"]["colour"] == ""


async def test_links_inside_a_plural_of_contained_values_are_keyed_by_position(herd: Herd):
    await herd.add("host")
    await herd.add(
        "guest",
        attributes={"stays": [{"place": "hill"}, {"place": "barn"}]},
        relationships={"stays.1.host": {"links": {"self": herd.id("host")}}},
    )

    document = (await herd.get("guest")).json()
    link = document["data"]["relationships"]["stays.1.host"]
    assert link == {
        "links": {"self": "./host"},
        "data": {"type": "card", "id": herd.id("host")},
    }
    assert herd.id("host") in [one["id"] for one in document["included"]]
    assert herd.stored("guest")["relationships"]["stays.1.host"]["links"]["self"] == "./host"


async def test_unknown_attributes_of_a_broken_definition_survive_a_patch(herd: Herd):
    await herd.write("fox.gts", "import { gone } from './nowhere';\nexport class Fox {}\n")
    fox = {
        "data": {
            "type": "card",
            "attributes": {"den": {"depth": 3}, "name": "Rey"},
            "meta": {"adoptsFrom": {"module": "../fox", "name": "Fox"}},
        }
    }
    await herd.write("Sheep/fox.json", orjson.dumps(fox).decode())

    answer = await herd.patch("fox", {"attributes": {"name": "Roy"}})

    assert answer.status_code == 200
    assert herd.stored("fox")["attributes"] == {"den": {"depth": 3}, "name": "Roy"}
    assert "error" in answer.json()["data"]["meta"]


async def test_a_patch_brings_siblings_along_and_links_to_them(herd: Herd):
    await herd.add("ewe")
    lamb = herd.document("lamb-of-ewe")["data"]
    body = {
        "data": {
            "type": "card",
            "relationships": {"friends": {"data": [{"type": "card", "lid": "lamb-of-ewe"}]}},
        },
        "included": [lamb],
    }
    answer = await herd.client.patch(herd.id("ewe"), content=orjson.dumps(body), headers=AS_CARD)

    assert answer.status_code == 200, answer.text
    assert herd.stored("ewe")["relationships"]["friends.0"]["links"]["self"] == "./lamb-of-ewe"
    assert [one["id"] for one in answer.json()["included"]] == [herd.id("lamb-of-ewe")]


async def test_answers_of_searches_are_never_stored(herd: Herd):
    await herd.add("kept", attributes={"colour": "kept"})
    served = (await herd.get("kept")).json()["data"]

    await herd.patch("kept", {**served, "attributes": {**served["attributes"], "name": "K"}})

    assert set(herd.stored("kept").get("relationships") or {}) <= {"mother", "friends"}


async def test_many_patches_at_once_all_survive(herd: Herd):
    await herd.add("busy")
    fields = [{"name": "N"}, {"colour": "C"}, {"tags": ["t"]}, {"stays": [{"place": "p"}]}]

    answers = await asyncio.gather(*(herd.patch("busy", {"attributes": one}) for one in fields))

    assert [answer.status_code for answer in answers] == [200] * 4
    assert herd.stored("busy")["attributes"] == {
        name: value for one in fields for name, value in one.items()
    }


async def test_a_document_that_claims_anothers_id_is_409(herd: Herd):
    await herd.add("self")
    await herd.add("another")

    refused = await herd.patch("self", {"id": herd.id("another"), "attributes": {"name": "x"}})
    allowed = await herd.patch("self", {"id": herd.id("self"), "attributes": {"name": "x"}})

    assert refused.status_code == 409
    assert refused.json()["errors"][0]["source"]["pointer"] == "/data/id"
    assert allowed.status_code == 200
    assert "attributes" not in herd.stored("another")


async def test_a_new_card_may_not_choose_its_id(herd: Herd):
    body = herd.document("chosen", id=herd.id("another"))
    answer = await herd.client.post("/people/", content=orjson.dumps(body), headers=AS_CARD)

    assert answer.status_code == 403
    assert not (herd.server.root / "Sheep" / "chosen.json").exists()


async def test_a_file_that_claims_anothers_id_is_served_under_its_own(herd: Herd):
    await herd.add("honest", attributes={"name": "Honest"})
    liar = herd.document("liar", id=herd.id("honest"), attributes={"name": "Liar"})
    liar["data"]["meta"]["adoptsFrom"]["module"] = "../sheep"
    await herd.write("Sheep/liar.json", orjson.dumps(liar).decode())

    assert (await herd.get("liar")).json()["data"]["id"] == herd.id("liar")
    assert (await herd.get("honest")).json()["data"]["attributes"]["name"] == "Honest"


async def test_a_patch_of_a_card_that_was_moved_is_404_and_makes_no_file(herd: Herd):
    await herd.add("moved")
    folder = herd.server.root / "Sheep"
    (folder / "moved.json").rename(folder / "there.json")

    answer = await herd.patch("moved", {"attributes": {"name": "x"}})

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["detail"] == f"`{herd.id('moved')}` was not found."
    assert not (folder / "moved.json").exists()
    await herd.server.rescanned()
    assert (await herd.patch("there", {"attributes": {"name": "x"}})).status_code == 200


async def test_a_link_to_a_card_that_was_moved_is_kept_and_named(herd: Herd):
    await herd.add("target")
    await herd.add("source", relationships={"mother": {"links": {"self": herd.id("target")}}})
    folder = herd.server.root / "Sheep"
    (folder / "target.json").rename(folder / "target-moved.json")
    await herd.server.rescanned()

    answer = await herd.patch("source", {"attributes": {"name": "still here"}})
    data = answer.json()["data"]

    assert data["relationships"]["mother"]["links"]["self"] == "./target"
    [broken] = data["meta"]["brokenLinks"]
    assert (broken["field"], broken["target"]) == ("mother", herd.id("target"))


LEGAL = "!$&'()*+,-.;=@[]_~ äé漢😀^`{}|\"<>"


async def test_an_id_with_every_legal_character_is_one_address_everywhere(herd: Herd):
    posted = await herd.add(LEGAL, attributes={"name": "odd", "colour": "odd"})
    id = posted.json()["data"]["id"]
    await herd.add("finder", relationships={"mother": {"links": {"self": id}}})

    assert posted.headers["location"] == id
    assert (await herd.client.get(id, headers=AS_CARD)).json()["data"]["id"] == id
    link = (await herd.get("finder")).json()["data"]["relationships"]["mother"]
    assert link["data"]["id"] == id
    assert "brokenLinks" not in (await herd.get("finder")).json()["data"]["meta"]
    many = await herd.client.request("QUERY", "/people/_cards", content=orjson.dumps({"ids": [id]}))
    assert [one["id"] for one in many.json()["data"]] == [id]
    patched = await herd.client.patch(
        id,
        content=orjson.dumps({"data": {"type": "card", "id": id, "attributes": {"name": "o"}}}),
        headers=AS_CARD,
    )
    assert patched.status_code == 200
    assert (await herd.client.delete(id, headers=AS_CARD)).status_code == 204


@pytest.mark.parametrize("link", ["file:///etc/passwd", "http://10.0.0.1/x", "http://[", "a:b"])
async def test_links_to_files_and_private_addresses_are_kept_and_not_asked(herd: Herd, link: str):
    name = f"to-{abs(hash(link))}"
    await herd.add(name, relationships={"mother": {"links": {"self": link}}})

    data = (await herd.get(name)).json()["data"]
    assert data["meta"]["brokenLinks"][0]["field"] == "mother"
    assert herd.stored(name)["relationships"]["mother"]["links"]["self"]


async def test_an_empty_patch_and_a_patch_of_a_broken_file_say_what_they_are(herd: Herd):
    await herd.add("plain")
    assert (await herd.patch("plain", {})).status_code == 200
    await herd.client.post(
        "/people/Sheep/torn.json", content=b'{"data": [', headers={"Accept": SOURCE}
    )
    answer = await herd.patch("torn", {"attributes": {"name": "x"}})

    error: dict[str, Any] = answer.json()["errors"][0]
    assert (answer.status_code, error["title"]) == (422, "Card Cannot Be Read")
    assert (herd.server.root / "Sheep" / "torn.json").read_bytes() == b'{"data": ['


class Hanging:
    """Another server that answers when the gate is opened."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()

    async def ask(self, ids: Sequence[str], searches: Sequence[Any]) -> Replies:
        self.asked.set()
        await self.gate.wait()
        return Replies(dict.fromkeys(ids, Unreachable("network", "It is far away.")))


async def test_nobody_waits_for_another_server_while_holding_the_write_lock(
    herd: Herd, monkeypatch: pytest.MonkeyPatch
):
    await herd.add("near")
    await herd.add("stray", relationships={"mother": {"links": {"self": "http://far/x/ewe"}}})
    walker = herd.server.app.stations.search._links  # pyright: ignore[reportPrivateUsage]
    far = Hanging()
    monkeypatch.setattr(walker, "_others", far)
    far.gate.set()
    etag = (await herd.get("stray")).headers["etag"]
    far.gate.clear()
    far.asked.clear()
    conditional = {**AS_CARD, "If-Match": etag}

    first = asyncio.create_task(herd.patch("stray", {"attributes": {"name": "S"}}, conditional))
    await far.asked.wait()
    async with asyncio.timeout(30):
        second = await herd.patch("near", {"attributes": {"name": "N"}})
    far.gate.set()

    assert (await first).status_code == 200
    assert second.status_code == 200
    assert (
        await herd.patch("stray", {"attributes": {"name": "T"}}, conditional)
    ).status_code == 412


SHED = """\
import { CardDef, FieldDef, field, contains, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import { Sheep } from './sheep';

class Pen extends FieldDef {
  @field colour = contains(StringField);
  @field shade = contains(StringField, {
    computeVia: function (this: Pen) { return `dark ${this.colour}`; },
  });
  @field inside = linksToMany(() => Sheep, { query: { filter: { eq: { colour: '$this.colour' } } } });
}
export class Shed extends CardDef {
  @field pen = contains(Pen);
  @field wanted = contains(StringField, { computeVia: function () { return undefined; } });
  @field lost = linksToMany(() => Sheep, { query: { filter: { eq: { name: '$this.wanted' } } } });
  @field here = linksToMany(() => Sheep, {
    query: { filter: { on: { module: './sheep', name: 'Sheep' }, eq: { colour: 'ochre' } } },
  });
}
"""


async def test_fields_mean_what_the_class_that_declares_them_says(herd: Herd):
    await herd.write("shed.gts", SHED)
    await herd.write(
        "far/hut.gts", "import { Shed } from '../shed';\nexport class Hut extends Shed {}\n"
    )
    # No name at all, which is what an undefined value must not be taken for.
    await herd.add("ochre", attributes={"name": None, "colour": "ochre"})
    adopts = {"module": f"{herd.server.realm_url}far/hut", "name": "Hut"}
    body = {
        "data": {
            "type": "card",
            "lid": "hut",
            "attributes": {"pen": {"colour": "ochre", "shade": "light"}},
            "meta": {"adoptsFrom": adopts},
        }
    }
    made = await herd.client.post("/people/", content=orjson.dumps(body), headers=AS_CARD)
    assert made.status_code == 201, made.text
    data = made.json()["data"]

    found = data["relationships"]
    ochre = [{"type": "card", "id": herd.id("ochre")}]
    assert found["lost"] == {"links": {"self": None}}
    assert found["here"]["data"] == ochre
    # A class that no module exports has its fields answered as well, and its computed values
    # are made anew and never stored.
    assert found["pen.inside"]["data"] == ochre
    assert data["attributes"]["pen"]["shade"] == "dark ochre"
    stored = orjson.loads((herd.server.root / "Hut" / "hut.json").read_bytes())["data"]
    assert stored["attributes"] == {"pen": {"colour": "ochre"}}
    assert [name for name in stored.get("relationships", {}) if name != "cardInfo.theme"] == []
