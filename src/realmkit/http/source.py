"""Files as their authors wrote them: source, bytes, and what is known about a file.

`application/vnd.card+source` is how editors read and write a realm's files. The
same bytes are served plainly to whoever asks for an image or a stylesheet by name.
Writes answer when the file is in place; the index follows.
"""

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from realmkit.cards.code_refs import MODULE_EXTENSIONS
from realmkit.errors import BadRequest, Conflict, NotFound, NotText, PreconditionFailed
from realmkit.extraction import type_of_file
from realmkit.files import FileLook, FileStore, FileWrite, StoredFile, WriteResult
from realmkit.files.disk import hash_of
from realmkit.http import answers, bodies, conditional, negotiation
from realmkit.http.negotiation import BYTES, FILE_META, HTML, SOURCE
from realmkit.http.seqs import HEADER, client_request_id
from realmkit.http.stations import MountedRealm, Stations

_TEXT = (*MODULE_EXTENSIONS, ".json", ".md", ".css", ".txt", ".html", ".csv", ".svg")


class Source:
    """A realm's files by path."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def get(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """The file's bytes; a name without its extension leads to the name with it."""
        file = await self._read(mounted.files, path)
        if file is None:
            full = await mounted.files.resolve(path)
            if full is None:
                raise NotFound(f"`{mounted.realm.url_of(path)}` was not found.")
            return answers.redirect(mounted.realm.url_of(full), headers={"vary": "Accept"})
        return self._bytes(request, file, "source", answers.REVALIDATE)

    async def get_raw(self, request: Request, mounted: MountedRealm, path: str) -> Response | None:
        """The bytes of exactly this file for `*/*`, or None when there is none."""
        file = await self._read(mounted.files, path)
        if file is None:
            return None
        is_image = type_of_file(path).startswith("image/")
        caching = "public, max-age=60, must-revalidate" if is_image else "public, max-age=0"
        return self._bytes(request, file, "file", caching)

    async def get_meta(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """What is known about the file, as a `file-meta` resource."""
        realm, url = mounted.realm, mounted.realm.url_of(path)
        try:
            facts = await self._stations.extractor.facts(mounted.files, path)
        except NotFound as exc:
            raise NotFound(f"`{url}` was not found.") from exc
        resource = facts.resource(url)
        resource["links"] = {"self": url}
        resource["meta"] |= {"realmURL": realm.url, "lastModified": facts.modified_at}
        return answers.document({"data": resource}, media_type=FILE_META)

    async def write(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """Create or replace the file with the body: 204.

        Raises `BadRequest` when there is no body and nothing says that this is meant.
        """
        files = mounted.files
        limits = self._stations.settings.limits
        limit = limits.card if path.endswith(".json") else limits.file
        body = await bodies.read_bytes(request, limit)
        if not body and not _is_about_a_file(request):
            raise BadRequest(
                "There is no body, and the file would be empty. If that is meant, say so with "
                f"`Accept: {SOURCE}`."
            )
        is_binary = negotiation.media_type_of(request.headers.get("content-type")) == BYTES
        if path.lower().endswith(_TEXT) and not is_binary:
            _check_text(path, body)
        write = FileWrite(
            path,
            body,
            await self._must_be(request, files, path),
            await self._hash_to_match(request, files, path),
        )
        try:
            result = await files.write_many([write], client_request_id(request))
        except Conflict as exc:
            if write.must_be == "absent":
                raise PreconditionFailed(f"`{path}` is there already.") from exc
            raise
        return await self._written(files, write, result)

    async def delete(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """Remove the file: 204. A name without its extension means the file it leads to."""
        files = mounted.files
        full = await files.resolve(path)
        if full is None:
            raise NotFound(f"`{mounted.realm.url_of(path)}` was not found.")
        if_hash = await self._hash_to_match(request, files, full)
        write = FileWrite(full, None, if_hash=if_hash)
        result = await files.write_many([write], client_request_id(request))
        return Response(status_code=204, headers={HEADER: str(result.seq)})

    def _bytes(self, request: Request, file: StoredFile, kind: str, caching: str) -> Response:
        media_type = type_of_file(file.path)
        headers = {
            "cache-control": caching,
            "last-modified": answers.http_date(file.modified_at),
            "x-created": answers.http_date(file.created_at),
            **({"content-security-policy": rules} if (rules := _rules_for(media_type)) else {}),
        }
        return answers.ranged(
            request,
            file.content,
            media_type=negotiation.with_charset(media_type),
            etag=f'"{file.content_hash}:{kind}"',
            headers=headers,
        )

    async def _hash_to_match(self, request: Request, files: FileStore, path: str) -> str | None:
        """The hash that the file must still have when it is written, if If-Match asks for one."""
        if_match = negotiation.lines_of(request.headers, "if-match")
        if if_match is None:
            return None
        look = await self._look(files, path)
        for kind in _KINDS:
            if look and conditional.holds(if_match, f'"{look.content_hash}:{kind}"'):
                return look.content_hash
        raise PreconditionFailed(f"`{path}` is not what If-Match says it is any more.")

    async def _must_be(
        self, request: Request, files: FileStore, path: str
    ) -> Literal["anything", "absent"]:
        """What may be there before a write, as If-None-Match says. Raises `PreconditionFailed`."""
        held = negotiation.lines_of(request.headers, "if-none-match")
        if held is None:
            return "anything"
        if held.strip() == "*":
            return "absent"
        look = await self._look(files, path)
        if look and any(
            conditional.is_held(request.headers, f'"{look.content_hash}:{kind}"') for kind in _KINDS
        ):
            raise PreconditionFailed(f"`{path}` is what If-None-Match says it must not be.")
        return "anything"

    async def _look(self, files: FileStore, path: str) -> FileLook | None:
        try:
            return await files.look(path)
        except NotFound:
            return None

    async def _read(self, files: FileStore, path: str) -> StoredFile | None:
        try:
            return await self._stations.kept_files.read(files, path)
        except NotFound:
            return None

    async def _written(self, files: FileStore, write: FileWrite, result: WriteResult) -> Response:
        digest = hash_of(write.content or b"")
        headers = {HEADER: str(result.seq), "etag": f'"{digest}:source"'}
        look = await self._look(files, write.path)
        # Somebody else may have written since, and the dates would be theirs.
        if look is not None and look.content_hash == digest:
            headers["last-modified"] = answers.http_date(look.modified_at)
            headers["x-created"] = answers.http_date(look.created_at)
        return Response(status_code=204, headers=headers)


def _is_about_a_file(request: Request) -> bool:
    """Whether a request says that its body is a file's content."""
    return "content-type" in request.headers or negotiation.asks_for(request.headers, SOURCE)


_KINDS = ("source", "file")

# A file opened by itself is a document of our origin, which may write to the realm.
_NO_SCRIPTS = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
)
_NOT_OUR_ORIGIN = "sandbox allow-scripts allow-forms allow-popups allow-downloads"


def _rules_for(media_type: str) -> str | None:
    """What a browser that shows the file as a document lets it do."""
    if media_type == HTML:
        return _NOT_OUR_ORIGIN
    is_xml = media_type.endswith(("/xml", "+xml"))
    return _NO_SCRIPTS if is_xml else None


def _check_text(path: str, body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as exc:
        raise NotText(
            f"`{path}` is text, and byte {exc.start} of the body is not UTF-8. "
            f"Bytes that are no text are sent as {BYTES}."
        ) from exc
