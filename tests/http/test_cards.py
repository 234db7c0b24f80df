"""Cards over HTTP: reading, creating, patching, deleting, and what is refused."""

import asyncio
from typing import Any

import orjson
import pytest
from tests.support.server import Server

from realmkit.http.negotiation import CARD, HTML, SOURCE

pytestmark = pytest.mark.anyio
AS_CARD = {"Accept": CARD, "Content-Type": CARD}
ADOPTS = {"module": "../person", "name": "Person"}


def card(server: Server, name: str, *, lid: str, **more: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": "card",
        "lid": lid,
        "attributes": {"name": name},
        "meta": {"adoptsFrom": {"module": f"{server.realm_url}person", "name": "Person"}},
        **more,
    }
    return {"data": data}


async def create(server: Server, name: str, lid: str) -> str:
    answer = await server.client.post(
        "/people/", content=orjson.dumps(card(server, name, lid=lid)), headers=AS_CARD
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


async def test_a_card_is_served_with_its_links_and_computed_values(server: Server):
    await server.indexed()
    answer = await server.client.get("/people/Person/ann", headers=AS_CARD)

    document = answer.json()
    assert answer.headers["content-type"] == CARD
    assert document["data"]["id"] == f"{server.realm_url}Person/ann"
    assert document["data"]["attributes"]["cardTitle"] == "Ann"
    assert [one["id"] for one in document["included"]] == [f"{server.realm_url}Person/bob"]


async def test_a_card_that_the_client_holds_is_304(server: Server):
    await server.indexed()
    etag = (await server.client.get("/people/Person/bob", headers=AS_CARD)).headers["etag"]

    for sent in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await server.client.get(
            "/people/Person/bob", headers={**AS_CARD, "If-None-Match": sent}
        )
        assert (answer.status_code, answer.content) == (304, b"")


async def test_the_json_suffix_leads_to_the_card(server: Server):
    answer = await server.client.get("/people/Person/ann.json", headers=AS_CARD)

    assert answer.status_code == 302
    assert answer.headers["location"] == f"{server.realm_url}Person/ann"


async def test_a_card_that_is_not_there_is_404(server: Server):
    answer = await server.client.get("/people/Person/nobody", headers=AS_CARD)

    assert answer.status_code == 404
    assert "Person/nobody" in answer.json()["errors"][0]["detail"]


async def test_a_created_card_is_indexed_when_it_is_answered(server: Server):
    answer = await server.client.post(
        "/people/", content=orjson.dumps(card(server, "Cleo", lid="cleo")), headers=AS_CARD
    )

    document = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == document["data"]["id"]
    assert document["data"]["attributes"]["cardTitle"] == "Cleo"
    stored = orjson.loads((server.root / "Person" / "cleo.json").read_bytes())
    assert stored["data"]["meta"]["adoptsFrom"] == ADOPTS
    assert "id" not in stored["data"]


async def test_included_cards_with_a_lid_are_created_and_linked(server: Server):
    document = card(
        server,
        "Dora",
        lid="dora",
        relationships={"friend": {"data": {"type": "card", "lid": "dora-friend"}}},
    )
    document["included"] = [card(server, "Emil", lid="dora-friend")["data"]]
    answer = await server.client.post("/people/", content=orjson.dumps(document), headers=AS_CARD)

    assert answer.status_code == 201, answer.text
    stored = orjson.loads((server.root / "Person" / "dora.json").read_bytes())
    assert stored["data"]["relationships"]["friend"]["links"]["self"] == "./dora-friend"


async def test_a_lid_that_is_taken_is_409_and_writes_nothing(server: Server):
    await create(server, "Finn", "finn")

    document = card(server, "Other", lid="finn")
    document["included"] = [card(server, "Sibling", lid="finn-sibling")["data"]]
    answer = await server.client.post("/people/", content=orjson.dumps(document), headers=AS_CARD)
    assert answer.status_code == 409
    assert not (server.root / "Person" / "finn-sibling.json").exists()


async def test_a_patch_merges_and_answers_what_the_next_get_gives(server: Server):
    id = await create(server, "Gus", "gus")
    patch = {"data": {"type": "card", "attributes": {"age": 5}}}

    answer = await server.client.patch(id, content=orjson.dumps(patch), headers=AS_CARD)
    assert answer.status_code == 200
    assert answer.json()["data"]["attributes"]["name"] == "Gus"
    assert answer.json()["data"]["attributes"]["age"] == 5
    assert (await server.client.get(id, headers=AS_CARD)).headers["etag"] == answer.headers["etag"]


async def test_a_patch_that_says_nothing_new_leaves_the_file_alone(server: Server):
    id = await create(server, "Hal", "hal")
    before = (server.root / "Person" / "hal.json").stat()

    patch = {"data": {"type": "card", "attributes": {"name": "Hal"}}}
    answer = await server.client.patch(id, content=orjson.dumps(patch), headers=AS_CARD)
    assert answer.status_code == 200
    assert (server.root / "Person" / "hal.json").stat().st_mtime_ns == before.st_mtime_ns


async def test_patches_of_different_fields_at_once_both_survive(server: Server):
    id = await create(server, "Ida", "ida")
    patches = [{"name": "Ida M."}, {"age": 30}]

    await asyncio.gather(
        *(
            server.client.patch(
                id,
                content=orjson.dumps({"data": {"type": "card", "attributes": attributes}}),
                headers=AS_CARD,
            )
            for attributes in patches
        )
    )
    stored = orjson.loads((server.root / "Person" / "ida.json").read_bytes())
    assert stored["data"]["attributes"] == {"name": "Ida M.", "age": 30}


async def test_a_patch_of_what_has_changed_since_is_412(server: Server):
    id = await create(server, "Jo", "jo")
    etag = (await server.client.get(id, headers=AS_CARD)).headers["etag"]
    patch = orjson.dumps({"data": {"type": "card", "attributes": {"age": 1}}})

    headers = {**AS_CARD, "If-Match": etag}
    assert (await server.client.patch(id, content=patch, headers=headers)).status_code == 200
    assert (await server.client.patch(id, content=patch, headers=headers)).status_code == 412


async def test_a_patch_cannot_change_what_a_card_is(server: Server):
    id = await create(server, "Kim", "kim")
    patch = {
        "data": {"type": "card", "meta": {"adoptsFrom": {"module": "../person", "name": "Dog"}}}
    }
    answer = await server.client.patch(id, content=orjson.dumps(patch), headers=AS_CARD)

    assert answer.status_code == 400


async def test_a_read_with_the_seq_of_a_write_sees_it(server: Server):
    path = "/people/Person/lea.json"
    body = orjson.dumps(
        {"data": {"type": "card", "attributes": {"name": "Lea"}, "meta": {"adoptsFrom": ADOPTS}}}
    )
    seq = (await server.client.post(path, content=body, headers={"Accept": SOURCE})).headers[
        "x-realmkit-seq"
    ]

    answer = await server.client.get(
        "/people/Person/lea", headers={**AS_CARD, "X-Realmkit-Seq": seq}
    )
    assert answer.json()["data"]["attributes"]["cardTitle"] == "Lea"


async def test_a_read_after_an_edit_of_its_file_sees_the_new_value(server: Server):
    id = await create(server, "Mia", "mia")
    file = server.root / "Person" / "mia.json"
    body = file.read_bytes().replace(b"Mia", b"Mio")
    await server.client.post("/people/Person/mia.json", content=body, headers={"Accept": SOURCE})

    answer = await server.client.get(id, headers=AS_CARD)
    assert answer.json()["data"]["attributes"]["cardTitle"] == "Mio"


async def test_a_deleted_card_is_gone_when_it_is_answered(server: Server):
    id = await create(server, "Ned", "ned")

    assert (await server.client.delete(id, headers=AS_CARD)).status_code == 204
    assert (await server.client.get(id, headers=AS_CARD)).status_code == 404
    assert not (server.root / "Person" / "ned.json").exists()


async def test_a_card_with_a_missing_definition_is_200_with_its_error(server: Server):
    document = card(server, "Odd", lid="odd")
    document["data"]["meta"]["adoptsFrom"] = {"module": "./nowhere", "name": "Odd"}
    answer = await server.client.post("/people/", content=orjson.dumps(document), headers=AS_CARD)

    data = answer.json()["data"]
    assert answer.status_code == 201
    assert data["attributes"] == {"name": "Odd"}
    assert "nowhere" in orjson.dumps(data["meta"]["error"]).decode()


async def test_many_cards_are_got_in_one_request(server: Server):
    ids = [f"{server.realm_url}Person/{name}" for name in ("ann", "nobody", "bob")]
    answer = await server.client.request(
        "QUERY", "/people/_cards", content=orjson.dumps({"ids": ids})
    )

    document = answer.json()
    assert [one["id"] for one in document["data"]] == [ids[0], ids[2]]
    assert [one["id"] for one in document["meta"]["missing"]] == [ids[1]]


async def test_a_browser_gets_the_cards_page_at_the_public_address(server: Server):
    await server.indexed()
    answer = await server.client.get("/people/Person/ann", headers={"Accept": HTML})

    assert answer.headers["content-type"].startswith(HTML)
    assert "Ann" in answer.text

    port = server.url.rpartition(":")[2]
    elsewhere = await server.client.get(
        "/people/Person/ann?x=1", headers={"Accept": HTML, "Host": f"localhost:{port}"}
    )
    assert elsewhere.status_code == 302
    assert elsewhere.headers["location"] == f"{server.realm_url}Person/ann?x=1"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b'{"data": null}', 400),
        (b'{"data": {"type": "card"}}', 400),
        (b'{"data": {"type": "dog", "meta": {}}}', 400),
        (b"[" * 5000, 400),
        (b'{"data": "' + b"x" * 600_000 + b'"}', 413),
    ],
)
async def test_a_body_that_is_no_card_is_refused(server: Server, body: bytes, status: int):
    answer = await server.client.post("/people/", content=body, headers=AS_CARD)

    assert answer.status_code == status
    assert answer.json()["errors"][0]["status"] == str(status)


async def test_a_body_of_another_type_is_415(server: Server):
    answer = await server.client.post(
        "/people/", content=b"x", headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 415


async def test_a_text_file_cannot_be_patched_as_a_card(server: Server):
    patch = orjson.dumps({"data": {"type": "card"}})

    assert (
        await server.client.patch("/people/notes.txt", content=patch, headers=AS_CARD)
    ).status_code == 415
    assert (
        await server.client.patch("/people/Person/nobody", content=patch, headers=AS_CARD)
    ).status_code == 404
