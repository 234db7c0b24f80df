"""`X-Realmkit-Seq`: reading what one has written.

A write answers with the seq its change got in the realm's log. A read that sends
that number back waits until the index has it. A read of several realms says whose it is:
`<realm URL>=<seq>`, several of them apart by commas. A client may also name its write itself
(`X-Boxel-Client-Request-Id`), and know the write's events by that.
"""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request

from realmkit.config import Realm
from realmkit.errors import BadRequest, TooSlow
from realmkit.http.stations import Stations

HEADER = "x-realmkit-seq"


def client_request_id(request: Request) -> str | None:
    """The name a client gave its write; the write's index event repeats it."""
    return request.headers.get("x-boxel-client-request-id")


async def wait_until_indexed(request: Request, stations: Stations, realm: Realm) -> None:
    """Wait for the seq that the request names; return at once when it names none."""
    sent = request.headers.get(HEADER, "").strip()
    if sent:
        await _wait(stations, realm, sent)


async def wait_until_all_indexed(
    request: Request, stations: Stations, realms: Sequence[Realm]
) -> None:
    """Wait for the seqs that the request names: one of the only realm, or of each realm its own.

    Raises `BadRequest` for a number alone beside several realms, and for a realm that is
    not asked.
    """
    sent = request.headers.get(HEADER, "").strip()
    if not sent:
        return
    by_url = {realm.url: realm for realm in realms}
    for pair in sent.split(","):
        url, _, seq = pair.strip().rpartition("=")
        if not url and len(realms) != 1:
            raise BadRequest(
                "Several realms are asked: `X-Realmkit-Seq` names each with its number, as in"
                " `http://host/realm/=12`, apart by commas."
            )
        realm = by_url.get(url) if url else realms[0]
        if realm is None:
            raise BadRequest(f"`X-Realmkit-Seq` names {url[:300]}, which is not asked here.")
        await _wait(stations, realm, seq)


async def _wait(stations: Stations, realm: Realm, sent: str) -> None:
    if not sent.isascii() or not sent.isdigit() or len(sent) > 18:
        raise BadRequest("`X-Realmkit-Seq` must be a whole number that a write has answered.")
    seq = int(sent)
    if seq > await stations.changes.last_event_seq(realm.url):
        raise BadRequest(f"The realm {realm.url} has not come to {seq} yet.")
    # Events have seqs as well; the index is asked for the last change among them.
    await wait_for_index(stations, realm, min(seq, await stations.changes.last_seq(realm.url)))


async def wait_for_index(stations: Stations, realm: Realm, seq: int) -> None:
    """Wait until the realm's index has what its log held at `seq`; `TooSlow` if that takes long."""
    try:
        async with asyncio.timeout(stations.settings.index_wait_s):
            await stations.index.wait_indexed(realm.url, seq)
    except TimeoutError as exc:
        raise TooSlow(
            f"The change is written, and the index of {realm.url} has not come to it yet."
        ) from exc
