"""Another server of cards, as small as it can be: it answers what a test tells it to."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from realmkit.cli import mounts

CARD = "application/vnd.card+json"


class OtherServer:
    """Serves `cards` (by path) of one realm, and counts what it was asked.

    A search finds all of them. `answers` holds ready responses by path; `gate`, once set,
    is waited for, and `at_gate` says that a request is there. A plain one is no realmkit: it knows GET and `_search`, and not `_cards`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.realm_url = f"{url}/far/"
        self.cards: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, Response] = {}
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Any] = []
        self.gate: asyncio.Event | None = None
        self.at_gate = asyncio.Event()
        self.is_plain = False

    def put(self, name: str, **members: Any) -> str:
        """A card of the realm; returns its id."""
        id = f"{self.realm_url}{name}"
        self.cards[f"/far/{name}"] = {
            "type": "card",
            "id": id,
            "attributes": {"name": name},
            "meta": {"adoptsFrom": {"module": "./person", "name": "Person"}},
            **members,
        }
        return id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        path = scope["path"]
        self.asked.append((scope["method"], path))
        self.headers.append(dict(request.headers))
        if self.gate is not None:
            self.at_gate.set()
            await self.gate.wait()
        response = self.answers.get(path) or await self._answer(request, path)
        response.headers["x-boxel-realm-url"] = self.realm_url
        await response(scope, receive, send)

    async def _answer(self, request: Request, path: str) -> Response:
        if path.endswith("/_search"):
            body = orjson.loads(await request.body())
            self.bodies.append(body)
            wanted = body["filter"].get("in", {}).get("id")
            found = [one for one in self.cards.values() if not wanted or one["id"] in wanted]
            return answer({"data": found, "meta": {"page": {"total": len(found)}}})
        if path.endswith("/_cards") and not self.is_plain:
            body = orjson.loads(await request.body())
            self.bodies.append(body)
            return answer(self._looked_up(body["ids"], body["searches"]))
        if path in self.cards:
            return answer({"data": self.cards[path]})
        return Response("no", status_code=404)

    def _looked_up(self, ids: list[str], searches: list[Any]) -> dict[str, Any]:
        by_id = {one["id"]: one for one in self.cards.values()}
        found = [{"type": one["type"], "id": one["id"]} for one in by_id.values()]
        wanted = [*ids, *(by_id if searches else ())]
        missing = [{"id": id, "status": "404"} for id in ids if id not in by_id]
        return {
            "data": [by_id[id] for id in dict.fromkeys(wanted) if id in by_id],
            "searches": [{"data": found} for _ in searches],
            "meta": {"missing": missing},
        }


def answer(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type=CARD)


@asynccontextmanager
async def other_server() -> AsyncGenerator[OtherServer, None]:
    """An `OtherServer` on a free loopback port."""
    listener = mounts.listen("127.0.0.1", 0)
    other = OtherServer(mounts.address_of(listener, "127.0.0.1"))
    server = uvicorn.Server(uvicorn.Config(other, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[listener]), name="other server")
    try:
        yield other
    finally:
        if other.gate is not None:
            other.gate.set()
        server.should_exit = True
        await running
