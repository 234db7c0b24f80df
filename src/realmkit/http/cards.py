"""Cards by URL: `application/vnd.card+json`.

A card is read from the index, and written to its file. A write takes the realm's
write lock from reading the stored file to replacing it, so two writers never lose
each other's fields; it answers when the card is indexed, with the document that the
next GET will give. A card whose file the index has not seen yet is served as it is
stored.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from realmkit.cards.documents import read_card_document, read_card_patch
from realmkit.errors import NotFound, PreconditionFailed, TryLater, UnsupportedMediaType
from realmkit.files import Editing, FileWrite, StoredFile
from realmkit.http import answers, bodies, conditional, negotiation
from realmkit.http.card_files import CardFiles
from realmkit.http.negotiation import API, CARD, JSON
from realmkit.http.seqs import (
    HEADER,
    client_request_id,
    wait_for_index,
    wait_until_indexed,
)
from realmkit.http.source import Source
from realmkit.http.stations import MountedRealm, Stations
from realmkit.http.walks import VARY, is_during_prerender, view_of, walk_for
from realmkit.search import FoundCard

# How long a GET waits for the index to see a file that has changed under it.
FRESHNESS_WAIT_S = 10.0
# How often a conditional write looks at its card, which others are busy changing.
MOST_LOOKS = 10


class Cards:
    """Reading and writing the cards of a realm."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations
        self._files = CardFiles(stations)
        self._source = Source(stations)

    async def get(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """The card's document; 304 when the client holds it; `.json` leads to the bare path."""
        realm = mounted.realm
        if path.endswith(".json"):
            return answers.redirect(realm.url_of(path.removesuffix(".json")))
        if await mounted.files.stat(path):
            return await self._source.get_meta(request, mounted, path)
        await wait_until_indexed(request, self._stations, realm)
        card = await self._stations.search.cards.find(realm.url_of(path))
        if card is not None and card.is_behind and not is_during_prerender(request):
            card = await self._fresh(mounted, path, card)
        body = await self._body(request, realm.url_of(path), card)
        return answers.validated(
            request,
            body,
            media_type=CARD,
            etag=conditional.etag_of(body, view_of(request)),
            headers={**_times(card), "vary": VARY},
        )

    async def create(self, request: Request, mounted: MountedRealm, folder: str) -> Response:
        """Create a card, and the cards that came with it, below `folder`: 201."""
        _check_content_type(request)
        document = read_card_document(await bodies.read_bytes(request, self._limit))
        writes = await self._files.creation(mounted, document, mounted.realm.url_of(folder))
        result = await mounted.files.write_many(writes, client_request_id(request))
        path = writes[0].path.removesuffix(".json")
        return await self._written(request, mounted, path, result.seq, status=201)

    async def patch(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """Merge a partial document into the stored card: 200 with the new document."""
        _check_content_type(request)
        patch = read_card_patch(await bodies.read_bytes(request, self._limit))
        path = path.removesuffix(".json")
        async with self._editing(request, mounted, path) as (edit, file):
            writes = await self._files.patching(mounted, path, file, patch)
            if writes:
                seq = (await edit.write_many(writes, client_request_id(request))).seq
            else:
                # Nothing new is said: the file keeps its bytes and its time.
                seq = await self._stations.changes.last_seq(mounted.realm.url)
        return await self._written(request, mounted, path, seq, status=200)

    async def delete(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """Remove the card's file: 204, once the index has forgotten it."""
        path = path.removesuffix(".json")
        async with self._editing(request, mounted, path) as (edit, file):
            result = await edit.write_many([FileWrite(file.path, None)], client_request_id(request))
        await wait_for_index(self._stations, mounted.realm, result.seq)
        return Response(status_code=204, headers={HEADER: str(result.seq)})

    @property
    def _limit(self) -> int:
        return self._stations.settings.limits.card

    async def _written(
        self, request: Request, mounted: MountedRealm, path: str, seq: int, *, status: int
    ) -> Response:
        await wait_for_index(self._stations, mounted.realm, seq)
        id = mounted.realm.url_of(path)
        card = await self._stations.search.cards.find(id)
        body = await self._body(request, id, card)
        headers = {
            **_times(card),
            "cache-control": answers.NO_STORE,
            "etag": conditional.etag_of(body, view_of(request)),
            "vary": VARY,
            HEADER: str(seq),
        }
        if status == 201:
            headers["location"] = id
        return Response(body, status_code=status, media_type=CARD, headers=headers)

    async def _body(self, request: Request, id: str, card: FoundCard | None) -> bytes:
        """The served document as bytes: its ETag is a hash of them. A card that the index
        does not know yet is served as it is stored. Raises `NotFound`."""
        if card is not None:
            search = self._stations.search
            return orjson.dumps(await search.cards.document(card, walk_for(request)))
        found = (await self._stations.search.stored_documents([id])).get("data") or []
        if not found:
            raise NotFound(f"`{id}` was not found.")
        return orjson.dumps({"data": found[0]})

    async def _fresh(self, mounted: MountedRealm, path: str, card: FoundCard) -> FoundCard | None:
        """The card once the index has seen its file, if that is newer than what it knows."""
        try:
            file = await mounted.files.read(f"{path}.json")
        except NotFound:
            return card
        if file.content_hash == card.content_hash:
            return card
        realm_url = mounted.realm.url
        last_seq = await self._stations.changes.last_seq(realm_url)
        await self._stations.index.wait_indexed(realm_url, last_seq, FRESHNESS_WAIT_S)
        return await self._stations.search.cards.find(mounted.realm.url_of(path))

    @asynccontextmanager
    async def _editing(
        self, request: Request, mounted: MountedRealm, path: str
    ) -> AsyncGenerator[tuple[Editing, StoredFile]]:
        """The realm's write lock with the card's file in it, if `If-Match` holds.

        What an ETag covers may lie on other servers, and nobody waits for those under the
        lock: it is worked out before, and under the lock only compared with what is here.
        """
        for _ in range(MOST_LOOKS):
            seen = await self._seen(request, mounted, path)
            async with mounted.files.editing() as edit:
                file = await self._files.stored_file(mounted, path)
                if seen is None or await self._is_current(seen, mounted, path, file):
                    if seen is not None:
                        _check_if_match(request, mounted.realm.url_of(path), seen.etag)
                    yield edit, file
                    return
        raise TryLater(f"`{mounted.realm.url_of(path)}` changes faster than it can be compared.")

    async def _seen(self, request: Request, mounted: MountedRealm, path: str) -> "_Seen | None":
        """What a conditional write is compared with; None for one without conditions."""
        if "if-match" not in request.headers:
            return None
        id = mounted.realm.url_of(path)
        file = await self._files.stored_file(mounted, path)
        card = await self._stations.search.cards.find(id)
        etag = None
        # A document that the index made of an older file is no one's current one.
        if card is None or card.content_hash == file.content_hash:
            etag = conditional.etag_of(await self._body(request, id, card), view_of(request))
        return _Seen(etag, file.content_hash, card.generation if card else None)

    async def _is_current(
        self, seen: "_Seen", mounted: MountedRealm, path: str, file: StoredFile
    ) -> bool:
        card = await self._stations.search.cards.find(mounted.realm.url_of(path))
        generation = card.generation if card else None
        return (file.content_hash, generation) == (seen.content_hash, seen.generation)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A card's ETag, None if there is no current one, and of which file and index it is."""

    etag: str | None
    content_hash: str
    generation: int | None


def _check_if_match(request: Request, id: str, etag: str | None) -> None:
    if not conditional.holds(negotiation.lines_of(request.headers, "if-match"), etag):
        raise PreconditionFailed(
            f"`{id}` has changed since it was read.", meta={"etag": etag} if etag else None
        )


def _times(card: FoundCard | None) -> dict[str, str]:
    if card is None or card.entry.last_modified is None:
        return {}
    created_at = card.entry.created_at or card.entry.last_modified
    return {
        "last-modified": answers.http_date(card.entry.last_modified),
        "x-created": answers.http_date(created_at),
    }


def _check_content_type(request: Request) -> None:
    sent = negotiation.media_type_of(request.headers.get("content-type"))
    # A client that asks for card documents may leave the body's type to its library.
    if sent in (CARD, API, JSON) or negotiation.asks_for(request.headers, CARD):
        return
    raise UnsupportedMediaType(
        f"A card is written as {CARD}, not as {sent or 'a body without a media type'}."
    )
