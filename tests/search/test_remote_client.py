"""Which servers are asked at all: no private address, and for a while none that failed."""

import pytest

from realmkit.search import RemoteClient
from realmkit.search.other_servers import Unreachable

from ..support.other_server import OtherServer, other_server
from .conftest import World, person
from .reaching import host_of, reaching

pytestmark = pytest.mark.anyio


async def test_a_server_that_rests_is_named_in_the_same_words_by_an_error_of_its_own() -> None:
    async with other_server() as gone:
        pass
    client = RemoteClient(public_url="http://h", allowed_hosts=["127.0.0.1"])

    errors = [await failure(client, gone) for _ in range(2)]
    await client.stop()

    assert errors[0].to_json() == errors[1].to_json()
    assert errors[0] is not errors[1]


async def test_only_so_many_resting_servers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realmkit.search.remote_client.MOST_RESTING", 3)
    client = RemoteClient(public_url="http://h", allowed_hosts=["127.0.0.1"])

    for _ in range(5):
        async with other_server() as gone:
            pass
        await failure(client, gone)
        assert len(client._resting) <= 3
    await client.stop()


async def failure(client: RemoteClient, gone: OtherServer) -> Unreachable:
    """What is said of a server that is gone."""
    with pytest.raises(Unreachable) as raised:
        await client.ask("GET", f"{gone.url}/far/x")
    return raised.value


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:9/a",
        "http://localhost:9/a",
        "http://[::1]:9/a",
        "http://[::ffff:10.0.0.1]/a",
        "http://[64:ff9b::a00:1]/a",
        "http://2130706433/a",
        "http://169.254.169.254/latest",
        "http://１２７.0.0.1:9/a",
        "http://127。0。0。1:9/a",
        "http://①②⑦.0.0.1:9/a",
        "http://[fec0::1]/a",
        "http://10.1.2.3/a",
        "http://user:secret@example.com/a",
        "gopher://example.com/a",
        "http://example.com:99999/a",
    ],
)
async def test_files_and_private_addresses_are_never_asked(world: World, link: str) -> None:
    await world.put(person("ann", links={"boss": link}))

    async with reaching(world):
        [broken] = (await world.document("ann"))["data"]["meta"]["brokenLinks"]

    assert broken["field"] == "boss"
    assert any(word in broken["reason"] for word in ("not asked", "no URL", "could not be asked"))
    assert "secret" not in broken["reason"]


@pytest.mark.parametrize("host", ["127.0.0.1", "１２７.0.0.1", "127。0。0。1"])
async def test_an_address_is_not_connected_to_though_nobody_looked_for_it(
    other: OtherServer, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realmkit.search.remote_client.as_address", lambda _: None)
    client = RemoteClient(public_url="http://h")
    with pytest.raises(Unreachable, match="is a private address"):
        await client.ask("GET", f"http://{host}:{host_of(other).rpartition(':')[2]}/far/x")
    await client.stop()

    assert other.asked == []


async def test_a_name_that_leads_to_a_private_address_is_not_asked(other: OtherServer) -> None:
    client = RemoteClient(public_url="http://h")
    with pytest.raises(Unreachable, match="--allow-host localhost"):
        await client.ask("GET", f"http://localhost:{host_of(other).rpartition(':')[2]}/far/x")
    await client.stop()

    assert other.asked == []
