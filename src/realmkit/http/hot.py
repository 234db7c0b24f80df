"""Hot modules, answered before anything else looks at the request.

A browser asks for the same few hundred modules again and again, and each answer is
bytes that are already in memory. `find` compares what the request asks with what was
answered before, in a fraction of a framework's time; the HTTP protocol sends what it
found without even a task (`protocol.py`), and `in_front_of` does so for any other ASGI
server. It knows one question only: GET or HEAD, any type, a host that has passed the
edge's check. Everything else goes on to the edge.

An entry lives until a change is noticed. A change that was not heard of is noticed here by
a `stat`: of the module's file, of those behind the versions that it names, and of the names
that would be preferred to any of them. Beyond `max_bytes` the least recently used go.

Files are compared once in a turn of the event loop, for all who ask in it: the loop learns
which connections have something to say, and then reads them all. So whoever is read in the
turn had begun to ask before the comparison, and no edit made before it asked is missed. (But
who sends two requests on one connection, not waiting for the first answer, may have the second
compared with the first.)
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from realmkit.coalesce import Generation, Generations
from realmkit.http import conditional, origins
from realmkit.http.content_codings import choose_coding
from realmkit.modules import ServedModule
from realmkit.modules.codings import Coding
from realmkit.modules.files_then import FilesThen, FileThen

Headers = list[tuple[bytes, bytes]]
_Key = tuple[bytes, bytes]

# What an entry takes besides its body: headers, keys and objects.
_OVERHEAD_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class HotAnswer:
    """An answer ready to send. `head` is the status line and the headers without the date."""

    status: int
    headers: Headers
    head: bytes
    body: bytes


@dataclass(slots=True)
class _Form:
    """A module in one content coding."""

    etag: str
    found: HotAnswer
    not_modified: HotAnswer


@dataclass(slots=True)
class _Entry:
    rests_on: FilesThen
    snapshot: object
    is_worth_compressing: bool
    compared_in: int = 0
    forms: dict[Coding, _Form] = field(default_factory=dict["Coding", _Form])

    @property
    def size(self) -> int:
        return sum(len(each.found.body) + _OVERHEAD_BYTES for each in self.forms.values())


# What is forgotten is forgotten together, so there is one generation.
_ALL = ("", "")


@dataclass(frozen=True, slots=True)
class Before:
    """How things stood before a module was read."""

    realm_url: str
    in_front: tuple[FileThen, ...]
    generation: Generation


class HotModules:
    """Answers in memory, by raw path and query string. `hits` counts those that were given.

    `snapshot` is what the module path knows: another one after every change it noticed, and
    None while it has yet to look.
    """

    def __init__(
        self, max_bytes: int = 32 * 1024 * 1024, snapshot: Callable[[], object] = lambda: ""
    ) -> None:
        self.hits = 0
        self._snapshot = snapshot
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        self._known_hosts: set[bytes] = set()
        self._generations = Generations()
        self._turns = _Turns()

    def __repr__(self) -> str:
        return f"<HotModules: {len(self._entries)} entries, {self._bytes} bytes>"

    def before(self, realm_url: str, in_front: Sequence[FileThen] = ()) -> "Before":
        """What to note before a module's source is read, for `remember` to compare with.

        `in_front` are the files that would be given instead, if they were there.
        """
        return Before(realm_url, tuple(in_front), self._generations.capture(*_ALL))

    def remember(
        self, request: Request, before: "Before", served: ServedModule, coding: Coding
    ) -> None:
        """Keep a 200 that the edge is about to give to `request`, in its coding.

        Not when anything changed since `before`: the answer may be older than the change.
        """
        snapshot = self._snapshot()
        if (
            snapshot is None
            or request.method not in ("GET", "HEAD")
            or served.status != 200
            or not served.rests_on
            or not self._generations.still_current(before.generation)
        ):
            return
        # The edge has checked this host; only a name that it let through is remembered.
        self._known_hosts.add(request.headers.get("host", "").encode("latin-1"))
        key = _key(request.scope)
        entry = self._entries.get(key)
        files = (*before.in_front, *served.rests_on)
        if entry is None or entry.rests_on.files != files or entry.snapshot is not snapshot:
            self._drop(key)
            worth_it = served.codings.is_worth_compressing
            entry = self._entries[key] = _Entry(FilesThen(files), snapshot, worth_it)
        else:
            self._bytes -= entry.size
        entry.forms[coding] = _form(served, before.realm_url)
        self._bytes += entry.size
        # What does not fit by itself would drive out everything else, and then go too.
        if entry.size > self._max_bytes:
            self._drop(key)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def forget(self) -> None:
        """Drop everything: any module may rest on the one that changed."""
        self._generations.invalidate(*_ALL)
        self._entries.clear()
        self._bytes = 0

    def _drop(self, key: _Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size

    def find(self, scope: Mapping[str, Any]) -> HotAnswer | None:
        """The answer to this request, if it is hot. Counts it as given."""
        key = (scope["raw_path"], scope["query_string"])
        entries = self._entries
        entry = entries.get(key)
        if entry is None or scope["method"] not in ("GET", "HEAD"):
            return None
        held = accepted = None
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                held = value if held is None else held + b"," + value
            elif name == b"accept-encoding":
                accepted = value if accepted is None else accepted + b"," + value
            elif (
                (name == b"accept" and value != b"*/*")
                or (name == b"host" and value not in self._known_hosts)
                or name == b"x-boxel-disable-module-cache"
            ):
                return None
        form = entry.forms.get(_coding(accepted, entry.is_worth_compressing))
        if form is None:
            return None
        if entry.snapshot is not self._snapshot() or not self._is_as_then(entry):
            self._drop(key)
            return None
        entries.move_to_end(key)
        self.hits += 1
        if held is None:
            return form.found
        is_held = conditional.is_not_modified(held.decode("latin-1"), form.etag)
        return form.not_modified if is_held else form.found

    def _is_as_then(self, entry: _Entry) -> bool:
        turn = self._turns.current()
        if entry.compared_in != turn:
            if not entry.rests_on.are_as_then():
                return False
            entry.compared_in = turn
        return True

    def in_front_of(self, edge: ASGIApp) -> ASGIApp:
        """Hot modules as an ASGI application, and `edge` for everything else."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            found = self.find(scope) if scope["type"] == "http" else None
            if found is None:
                await edge(scope, receive, send)
                return
            start: dict[str, Any] = {"type": "http.response.start", "status": found.status}
            await send({**start, "headers": found.headers})
            body = b"" if scope["method"] == "HEAD" else found.body
            await send({"type": "http.response.body", "body": body})

        return answer


class _Turns:
    """Numbers the turns of the event loop, from 1."""

    def __init__(self) -> None:
        self._number = 1
        self._is_ending = False

    def current(self) -> int:
        if not self._is_ending:
            self._is_ending = True
            # It runs before anything that is read after this turn.
            asyncio.get_running_loop().call_soon(self._end)
        return self._number

    def _end(self) -> None:
        self._number += 1
        self._is_ending = False


def _coding(accept_encoding: bytes | None, is_worth_it: bool) -> Any:
    accepted = None if accept_encoding is None else accept_encoding.decode("latin-1")
    return choose_coding(accepted, is_worth_it=is_worth_it)


def _key(scope: Scope) -> _Key:
    return scope["raw_path"], scope["query_string"]


def _form(served: ServedModule, realm_url: str) -> _Form:
    headers = {
        **origins.SHARED_HEADERS,
        **served.as_hit().headers,
        "x-boxel-realm-url": realm_url,
        "x-boxel-realm-public-readable": "true",
    }
    kept = {name: value for name, value in headers.items() if not name.startswith("content-")}
    return _Form(
        served.etag,
        found=_answer(200, b"HTTP/1.1 200 OK\r\n", headers, served.body),
        not_modified=_answer(304, b"HTTP/1.1 304 Not Modified\r\n", kept, b""),
    )


def _answer(status: int, line: bytes, headers: Mapping[str, str], body: bytes) -> HotAnswer:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    fields = b"".join(name + b": " + value + b"\r\n" for name, value in raw)
    return HotAnswer(status, raw, line + fields, body)
