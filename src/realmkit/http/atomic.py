"""`POST <realm>_atomic`: several files and cards written together, or none of them.

Everything is decided under the realm's write lock before a byte is written; then the
store puts the files in place as one batch, which a full disk, a failed commit or a
killed process leaves undone as a whole. An `update` of a card merges as PATCH does.
Cards that are added may link to each other by `lid`.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from realmkit.cards.addresses import card_id, resolve_link
from realmkit.cards.atomic import MEDIA_TYPE, Operation, read_operations
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.creation import NewCard
from realmkit.cards.json_text import pointer_to
from realmkit.cards.stored import Place, stored_resource
from realmkit.errors import BadRequest, Conflict, NotFound
from realmkit.files import FileWrite
from realmkit.http import answers, bodies
from realmkit.http.card_files import CardFiles
from realmkit.http.seqs import HEADER, client_request_id, wait_for_index
from realmkit.http.stations import MountedRealm, Stations


@dataclass(frozen=True, slots=True)
class _Placed:
    """An operation and the realm-relative path of the file it is about."""

    operation: Operation
    path: str


class Atomic:
    """Carries out batches of operations."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations
        self._names = ModuleNames(stations.settings.public_url)
        self._files = CardFiles(stations)

    async def carry_out(self, request: Request, mounted: MountedRealm) -> Response:
        """201 with one result for each operation. With `?waitForIndex=true` the answer
        comes when the whole batch can be searched."""
        limit = self._stations.settings.limits.body
        batch = _placed(read_operations(await bodies.read_json_object(request, limit)), mounted)
        async with mounted.files.editing() as edit:
            await _check_presence(batch, mounted)
            ids_by_lid = _ids_by_lid(batch, mounted)
            planned = [await self._write(mounted, one, ids_by_lid) for one in batch]
            writes = [write for write in planned if write is not None]
            result = await edit.write_many(writes, client_request_id(request))
        if request.query_params.get("waitForIndex") == "true":
            await wait_for_index(self._stations, mounted.realm, result.seq)
        created = await mounted.files.creation_times(one.path for one in batch)
        return answers.document(
            {"atomic:results": [_result(one, mounted, created.get(one.path)) for one in batch]},
            status=201,
            media_type=MEDIA_TYPE,
            headers={HEADER: str(result.seq)},
        )

    async def _write(
        self, mounted: MountedRealm, one: _Placed, ids_by_lid: dict[str, str]
    ) -> FileWrite | None:
        operation, path = one.operation, one.path
        if operation.op == "remove":
            return FileWrite(path, None)
        if operation.source is not None:
            return FileWrite(path, operation.source.encode())
        assert operation.card is not None
        id = card_id(mounted.realm.url_of(path))
        if operation.op == "add":
            place = Place(id, mounted.realm.url, self._names)
            resource = stored_resource(operation.card, place, ids_by_lid=ids_by_lid)
            return await self._files.new_file(mounted, NewCard(id, resource))
        return await self._files.merged(
            mounted,
            path.removesuffix(".json"),
            await mounted.files.read(path),
            operation.card,
            ids_by_lid,
            pointer=pointer_to(operation.pointer, "data"),
        )


def _placed(operations: list[Operation], mounted: MountedRealm) -> list[_Placed]:
    batch: list[_Placed] = []
    for operation in operations:
        href, pointer = operation.href, pointer_to(operation.pointer, "href")
        url = resolve_link(href, mounted.realm.url)
        if operation.card is not None and not url.endswith(".json"):
            url = f"{url}.json"
        path = mounted.realm.path_of(url)
        if not path or path.endswith("/"):
            raise BadRequest(
                f"`{href[:300]}` names no file in {mounted.realm.url}.", pointer=pointer
            )
        if any(one.path == path for one in batch):
            raise BadRequest(f"`{path}` is there twice in one batch.", pointer=pointer)
        batch.append(_Placed(operation, path))
    return batch


async def _check_presence(batch: list[_Placed], mounted: MountedRealm) -> None:
    """Refuse the batch if a file is there that shall be added, or is not that shall be there."""
    for one in batch:
        is_there = await mounted.files.stat(one.path) is not None
        pointer = pointer_to(one.operation.pointer, "href")
        if one.operation.op == "add" and is_there:
            raise Conflict(f"`{one.path}` is there already.", pointer=pointer)
        if one.operation.op != "add" and not is_there:
            raise NotFound(f"`{one.path}` was not found in {mounted.realm.url}.", pointer=pointer)


def _ids_by_lid(batch: list[_Placed], mounted: MountedRealm) -> dict[str, str]:
    ids: dict[str, str] = {}
    for one in batch:
        card = one.operation.card
        if card is None or one.operation.op != "add" or "lid" not in card:
            continue
        if card["lid"] in ids:
            raise Conflict(
                f'Two resources have the lid "{card["lid"]}".',
                pointer=pointer_to(one.operation.pointer, "data", "lid"),
            )
        ids[card["lid"]] = card_id(mounted.realm.url_of(one.path))
    return ids


def _result(one: _Placed, mounted: MountedRealm, created_at: int | None) -> dict[str, object]:
    if one.operation.op == "remove":
        return {"data": None}
    url = mounted.realm.url_of(one.path)
    is_card = one.operation.card is not None
    return {
        "data": {"type": "card" if is_card else "source", "id": card_id(url) if is_card else url},
        "meta": {"created": created_at},
    }
