"""Realms of a few files, served from memory the way the real server serves them.

Sources are transpiled by the real transpiler, and the base realm is the real one.
Every request is remembered, so a test can say how often the page asked; searches
are answered as the test says.
"""

import asyncio
import hashlib
import json
import posixpath
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from realmkit.config import Pipeline
from realmkit.modules.compiled import Compiled
from realmkit.modules.icons import IconLibrary
from realmkit.modules.transpiler import TranspilerPool

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src/realmkit/static"
MODULES = (".gts", ".ts")
METHODS = ["GET", "HEAD", "POST", "PATCH", "DELETE", "QUERY"]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


def _without_extension(path: str) -> str:
    return path.removeprefix("/").removesuffix(".gts").removesuffix(".ts")


class ServedRealms:
    """Put files under `realm/path` into `files`; read what was asked from `asked`."""

    def __init__(self, pipeline: Pipeline = "fast") -> None:
        self.files: dict[str, str] = {}
        self.asked: list[Asked] = []
        self.found: dict[str, list[dict[str, Any]]] = {}
        """Search results by the name of the type that is searched for."""
        self.total: int | None = None
        """How many cards searches say there are, if not those that they find."""
        self.resources: dict[str, dict[str, Any]] = {}
        """What the multi-get answers besides cards, by id: files."""
        self.search_errors: list[dict[str, Any]] = []
        """What `meta.errors` of federated searches says."""
        self.errors: dict[str, dict[str, Any]] = {}
        """Manifest errors by module path without extension."""
        self.imports: dict[str, list[str]] = {}
        """What manifests say a module imports, by its path without extension."""
        self.host = json.loads((STATIC / "host/manifest.json").read_text())
        self.refusals: dict[str, list[int]] = {}
        """Statuses to be answered in turn, by path without a module's extension."""
        self.gates: list[asyncio.Event] = []
        """Each search waits for the first one that no other waits for."""
        self.stream_gate: asyncio.Event | None = None
        """Event streams open when it is set."""
        self.announced: list[str] = []
        """Announcements; the seq of one is how many there are with it."""
        self.blank_headers: dict[str, str] = {}
        self.forbidden: set[str] = set()
        """Paths of cards that may not be written."""
        self.meanwhile: dict[str, dict[str, Any]] = {}
        """What another writes into a card before its next PATCH is answered, by its path."""
        self._compiled: dict[tuple[str, str], Compiled] = {}
        self._transpiler = TranspilerPool(
            STATIC / "transpiler/transpiler.mjs", size=1, pipeline=pipeline
        )
        self._icons = IconLibrary(STATIC / "icons.json")
        routes = [
            Route("/_host/prerender", self._prerender_page),
            Route("/_host/{file:path}", self._host_file),
            Route("/_blank", self._blank_page),
            Route("/_icons/{name}", self._icon),
            Route("/_federated-search", self._search, methods=METHODS),
            Route("/{realm}/_modules", self._manifest),
            Route("/{realm}/_cards", self._cards, methods=METHODS),
            Route("/{realm}/_search", self._search, methods=METHODS),
            Route("/{realm}/_events", self._events),
            Route("/{path:path}", self._file, methods=METHODS),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off")
        self._server = _Server(config)
        self._listeners: set[asyncio.Queue[str]] = set()
        self.reset()
        # With the protocol named, as `serve` does: otherwise each answer waits 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._serving: asyncio.Task[None] | None = None

    @property
    def fallbacks(self) -> int:
        """How many modules the reference pipeline compiled for the fast one."""
        return self._transpiler.stats.fallbacks

    @property
    def epoch(self) -> str:
        """Another one whenever a module or a manifest error is; every module's version, too."""
        modules = frozenset(each for each in self.files.items() if each[0].endswith(MODULES))
        # Asked for each import of each module: a text that was hashed once knows its hash.
        told = f"{hash(modules)} {json.dumps(self.errors)}"
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def reset(self) -> None:
        """Nothing but the base realm, and nothing asked."""
        self.files.clear()
        self.files.update(
            (f"base/{path.relative_to(ROOT / 'base_realm')}", path.read_text())
            for path in (ROOT / "base_realm").rglob("*.*")
            if path.suffix in {".gts", ".ts", ".json"}
        )
        self.asked.clear()
        self.found.clear()
        self.total = None
        self.refusals.clear()
        self.gates.clear()
        self.stream_gate = None
        self.blank_headers.clear()
        self.resources.clear()
        self.search_errors.clear()
        self.forbidden.clear()
        self.meanwhile.clear()
        self.errors.clear()
        self.imports.clear()

    async def start(self) -> None:
        self._serving = asyncio.create_task(self._server.serve([self._socket]))
        await self._server.is_up.wait()

    async def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        if self._serving:
            await self._serving
        await self._transpiler.stop()

    def card(self, path: str, module: str, name: str, /, **members: Any) -> None:
        """Add an instance at `realm/path` that adopts `name` of `module`."""
        links = {key: {"links": {"self": to}} for key, to in members.pop("links", {}).items()}
        fields = {"fields": members.pop("fields")} if "fields" in members else {}
        resource = {
            "type": "card",
            "attributes": members,
            "relationships": links,
            "meta": {"adoptsFrom": {"module": module, "name": name}, **fields},
        }
        self.files[f"{path}.json"] = json.dumps({"data": resource})

    def announce(self, *paths: str, index_type: str = "incremental") -> None:
        """Tell every page that follows a realm that these were indexed."""
        event = {"indexType": index_type, "invalidations": [f"{self.origin}/{p}" for p in paths]}
        self.announced.append(json.dumps(event))
        for listener in self._listeners:
            listener.put_nowait(self._announcement(len(self.announced)))

    def _announcement(self, seq: int) -> str:
        return f"id: {seq}\nevent: index\ndata: {self.announced[seq - 1]}\n\n"

    def asked_for(self, suffix: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path.endswith(suffix)]

    def resource(self, path: str) -> dict[str, Any]:
        """The resource of an instance, as the multi-get answers it."""
        resource = json.loads(self.files[f"{path}.json"])["data"]
        return {**resource, "id": f"{self.origin}/{path}"}

    # What is served.

    async def _prerender_page(self, request: Request) -> Response:
        script = f'<script type="module" src="/_host/{self.host["prerender"]}"></script>'
        return HTMLResponse(f"<!doctype html><html><head>{script}</head><body></body></html>")

    async def _blank_page(self, request: Request) -> Response:
        page = "<!doctype html><html><head></head><body></body></html>"
        return HTMLResponse(page, headers=self.blank_headers)

    async def _host_file(self, request: Request) -> Response:
        return FileResponse(STATIC / "host" / request.path_params["file"])

    async def _icon(self, request: Request) -> Response:
        source = self._icons.source(request.path_params["name"])
        compiled = await self._transpiler.transpile("icon.gts", source)
        addresses = [self._address(each.specifier, "icon.gts") for each in compiled.imports]
        return Response(compiled.assemble(addresses), media_type="text/javascript")

    async def _manifest(self, request: Request) -> Response:
        await self._note(request)
        realm = request.path_params["realm"]
        modules = {
            self._identity(path): {
                "href": f"{self.origin}/{path}?v={self.epoch}",
                "version": self.epoch,
                "dependencies": self.imports.get(path.rpartition(".")[0], []),
                "errors": self._errors_of(path),
            }
            for path in self.files
            if path.startswith(f"{realm}/") and path.endswith(MODULES)
        }
        attributes = {"epoch": self.epoch, "modules": modules}
        return JSONResponse({"data": {"type": "module-manifest", "attributes": attributes}})

    async def _cards(self, request: Request) -> Response:
        ids = (await self._note(request)).body["ids"]
        paths = {id: id.removeprefix(f"{self.origin}/") for id in ids}
        data = [self.resource(path) for path in paths.values() if f"{path}.json" in self.files]
        data += [self.resources[id] for id in ids if id in self.resources]
        missing = [
            {"id": id, "status": "404", "title": "Not Found", "detail": f"{id} was not found."}
            for id, path in paths.items()
            if f"{path}.json" not in self.files and id not in self.resources
        ]
        return JSONResponse({"data": data, "meta": {"missing": missing}})

    async def _search(self, request: Request) -> Response:
        asked = await self._note(request)
        wanted = json.dumps(asked.body)
        if self.gates:
            await self.gates.pop(0).wait()
        data = [card for name, cards in self.found.items() if name in wanted for card in cards]
        if asked.body.get("fields") == {"card": []}:
            data = [{**card, "attributes": {}, "relationships": {}} for card in data]
        meta: dict[str, Any] = {"page": {"total": len(data) if self.total is None else self.total}}
        if "realms" in asked.body and self.search_errors:
            meta["errors"] = self.search_errors
        return JSONResponse({"data": data, "meta": meta})

    async def _events(self, request: Request) -> Response:
        if self.stream_gate:
            await self.stream_gate.wait()
        listener: asyncio.Queue[str] = asyncio.Queue()
        last = request.headers.get("last-event-id") or request.query_params.get("lastEventId")

        async def events() -> AsyncIterator[str]:
            present = len(self.announced)
            for seq in range(int(last or present), present):
                listener.put_nowait(self._announcement(seq + 1))
            self._listeners.add(listener)
            yield ": open\n\n"
            try:
                while True:
                    yield await listener.get()
            finally:
                self._listeners.discard(listener)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def _file(self, request: Request) -> Response:
        asked = await self._note(request)
        path = request.path_params["path"]
        if f"{path}.json" in self.files:
            return self._card(asked, path)
        for name in (path, f"{path}.gts", f"{path}.ts"):
            if name in self.files and name.endswith(MODULES):
                return Response(await self._module(name), media_type="text/javascript")
        if path in self.files:
            return Response(self.files[path], media_type="text/plain")
        return Response("not found", status_code=404)

    def _card(self, asked: Asked, path: str) -> Response:
        if asked.method == "PATCH":
            if path in self.forbidden:
                error = {"status": "403", "title": "Forbidden", "detail": "You may not write."}
                return JSONResponse({"errors": [error]}, status_code=403)
            if asked.headers["if-match"] != self.etag(path):
                error = {"status": "412", "title": "Precondition Failed", "detail": "It changed."}
                return JSONResponse({"errors": [error]}, status_code=412)
            self.edit(path, **asked.body["data"].get("attributes", {}))
            self.edit(path, **self.meanwhile.pop(path, {}))
        return JSONResponse({"data": self.resource(path)}, headers={"ETag": self.etag(path)})

    def etag(self, path: str) -> str:
        """Covers what the card's document shows, which is the cards it links to as well."""
        links = json.loads(self.files[f"{path}.json"])["data"].get("relationships", {})
        folder = posixpath.dirname(path)
        shown = [path, *(f"{folder}/{each['links']['self']}" for each in links.values())]
        text = "".join(self.files.get(f"{posixpath.normpath(each)}.json", "") for each in shown)
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:12]}"'

    def edit(self, path: str, **attributes: Any) -> None:
        """Change attributes of an instance's file."""
        document = json.loads(self.files[f"{path}.json"])
        document["data"]["attributes"].update(attributes)
        self.files[f"{path}.json"] = json.dumps(document)

    async def _module(self, path: str) -> str:
        inner, source = path.partition("/")[2], self.files[path]
        if (inner, source) not in self._compiled:
            self._compiled[inner, source] = await self._transpiler.transpile(inner, source)
        compiled = self._compiled[inner, source]
        if compiled.error:
            raise ValueError(f"{path}: {compiled.error.message}")
        return compiled.assemble([self._address(each.specifier, path) for each in compiled.imports])

    def _address(self, specifier: str, importer: str) -> str:
        if specifier.startswith("@cardstack/boxel-icons/"):
            return f"/_icons/{specifier.removeprefix('@cardstack/boxel-icons/')}"
        if specifier in self.host["modules"]:
            return f"/_host/{self.host['modules'][specifier]['file']}"
        for base in ("@cardstack/base/", "https://cardstack.com/base/"):
            if specifier.startswith(base):
                return f"/base/{specifier.removeprefix(base)}?v={self.epoch}"
        path = posixpath.normpath(posixpath.join(posixpath.dirname(f"/{importer}"), specifier))
        return f"{path}?v={self.epoch}"

    def _identity(self, path: str) -> str:
        stem = path.rpartition(".")[0]
        if stem.startswith("base/"):
            return f"@cardstack/base/{stem.removeprefix('base/')}"
        return f"{self.origin}/{stem}"

    def _errors_of(self, path: str) -> list[dict[str, Any]]:
        error = self.errors.get(path.rpartition(".")[0])
        return [error] if error else []

    async def _note(self, request: Request) -> Asked:
        body = await request.body()
        asked = Asked(
            request.method,
            request.url.path,
            dict(request.headers),
            json.loads(body) if body else None,
        )
        self.asked.append(asked)
        if refusals := self.refusals.get(_without_extension(asked.path)):
            raise HTTPException(refusals.pop(0))
        return asked
