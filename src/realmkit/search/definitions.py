"""The definitions of modules: from the index, or else as a browser page describes them.

A search may name a type whose module no run has visited yet, in a realm that was mounted
a moment ago, say. Then its module is described in a page, once for all processes, and
kept in the table `modules` under the module's version: that covers everything the module
imports, so whatever changes below it makes the row another module's. The indexer has its
modules described here as well, and finds what a search has left.

A page that renders asks through `kept`, which reads only: to describe needs a page, and a
render that waited for one could wait for itself.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from realmkit.cards.code_refs import ModuleNames, is_module_path
from realmkit.cards.definitions import Definition, DefinitionSource
from realmkit.changes import NewChange
from realmkit.clock import Clock, SystemClock
from realmkit.coalesce import Coordinator, Found, GenerationTable, LayeredCache, Payload
from realmkit.config import Realm
from realmkit.db import Database, Transaction
from realmkit.errors import OurBug, TryLater
from realmkit.modules import Manifest, ManifestModule
from realmkit.modules.paths import stem
from realmkit.prerender import FOR_PEOPLE, HUNG, LOST, CardError, ModuleDescription

MODULES_IN_A_CALL = 24
MEMORY_BYTES = 8 * 1024 * 1024
TRANSIENT_FOR_MS = 30_000
NOT_FETCHED = "Failed to fetch dynamically imported module"
"""As Chromium says it of a module that did not arrive, which is not the module's fault."""


class Describer(Protocol):
    """Who tells what modules export: pages do, or a cache in front of them."""

    async def describe(
        self, module_urls: Sequence[str], *, epoch: str, priority: int = FOR_PEOPLE
    ) -> list[ModuleDescription]: ...


class Manifests(Protocol):
    """Who knows the modules of a realm and their versions."""

    async def manifests(self, realms: Sequence[Realm]) -> list[Manifest]: ...


def epoch_of(manifests: Iterable[Manifest]) -> str:
    """One epoch for all realms: a card may adopt a definition of any of them."""
    epochs = "\n".join(manifest.epoch for manifest in manifests)
    return hashlib.sha256(epochs.encode()).hexdigest()[:16]


class Described(msgspec.Struct, frozen=True):
    """A description as it is kept; `expires_at_ms` is None for what the module itself says."""

    description: ModuleDescription
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class _Version:
    """What a description is made from: a module with everything it imports."""

    hash: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A known module: its realm, its place in it, and what the manifest says."""

    realm: Realm
    path: str
    module: ManifestModule


class DefinitionCache:
    """Definitions by type key, and descriptions by module identity.

    `renderer_version` covers what decides a description besides the module. Raises
    `PrerenderUnavailable` where a page is needed and none can be had.
    """

    def __init__(
        self,
        db: Database,
        indexed: DefinitionSource,
        *,
        manifests: Manifests,
        pages: Describer,
        realms: Sequence[Realm],
        public_url: str,
        renderer_version: str,
        calls_at_once: int = 1,
        coordinator: Coordinator | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self.cache: LayeredCache[Described] = LayeredCache(
            "definitions",
            GenerationTable(db, "modules", clock=self._clock),
            encode=_encode,
            decode=_decode,
            is_good=self._is_good,
            max_bytes=MEMORY_BYTES,
            coordinator=coordinator,
        )
        self.kept: DefinitionSource = _KeptDefinitions(self)
        self._indexed = indexed
        self._manifests = manifests
        self._realms = realms
        self._names = ModuleNames(public_url)
        self._renderer_version = renderer_version
        self._pages = pages
        self._calls = _Calls(self._describe_now, calls_at_once)

    async def stop(self) -> None:
        """Give up what is being described; who waits gets `TryLater`."""
        await self.cache.stop()
        await self._calls.stop()

    async def definitions(self, type_keys: Iterable[str]) -> Mapping[str, Definition]:
        """The definitions that there are of these type keys, described first where need be."""
        return await self._look_up(type_keys, self._describe)

    async def kept_definitions(self, type_keys: Iterable[str]) -> Mapping[str, Definition]:
        """Those that are known without asking a page."""
        return await self._look_up(type_keys, self._recall)

    async def describe(
        self, module_urls: Sequence[str], *, epoch: str, priority: int = FOR_PEOPLE
    ) -> list[ModuleDescription]:
        """As a page does it, at the manifests of this moment; `epoch` may be an older one.

        An error that is kept is not taken for an answer: who visits again means to know.
        """
        places = await self._places(module_urls)
        unknown = [url for url in module_urls if url not in places]
        found = await asyncio.gather(*(self._visit(place, priority) for place in places.values()))
        by_url = dict(zip(places, found, strict=True))
        if unknown:
            described = await self._pages.describe(unknown, epoch=epoch, priority=priority)
            by_url.update(zip(unknown, described, strict=True))
        return [by_url[url] for url in module_urls]

    async def in_transaction(
        self, tx: Transaction, realm: Realm, changes: Sequence[NewChange]
    ) -> None:
        """Tombstone the descriptions of changed modules. For `FileStore.join_transactions`."""
        if paths := _kept_under(change.path for change in changes):
            await self.cache.tombstone_all(tx, realm.url, paths)

    def forget(self, realm_url: str, paths: Iterable[str]) -> None:
        """Drop what this process keeps of modules that are to be described again."""
        for path in _kept_under(paths):
            self.cache.invalidate(realm_url, path)

    # Looking up.

    async def _look_up(
        self,
        type_keys: Iterable[str],
        describe: Callable[[_Place], Awaitable[ModuleDescription | None]],
    ) -> Mapping[str, Definition]:
        wanted = list(dict.fromkeys(type_keys))
        found = dict(await self._indexed.definitions(wanted))
        modules = [key.rpartition("/")[0] for key in wanted if key not in found]
        if modules:
            places = (await self._places(dict.fromkeys(modules))).values()
            sound = [place for place in places if not place.module.errors]
            for place, description in zip(
                sound, await asyncio.gather(*map(describe, sound)), strict=True
            ):
                exported = description.exported if description else {}
                by_key = {f"{place.module.url}/{name}": one for name, one in exported.items()}
                found.update(
                    (key, Definition.from_json(by_key[key]))
                    for key in wanted
                    if key in by_key and key not in found
                )
        return found

    async def _places(self, identities: Iterable[str]) -> dict[str, _Place]:
        """Where the modules of our realms are; those that there are not are left out."""
        realms: dict[str, tuple[Realm, str]] = {}
        for identity in identities:
            address = self._names.to_url(identity)
            for realm in self._realms:
                if path := realm.path_of(address):
                    realms[identity] = (realm, path)
        wanted = list(dict.fromkeys(realm for realm, _ in realms.values()))
        manifests = dict(zip(wanted, await self._manifests.manifests(wanted), strict=True))
        return {
            identity: _Place(realm, path, manifests[realm].modules[identity])
            for identity, (realm, path) in realms.items()
            if identity in manifests[realm].modules
        }

    async def _recall(self, place: _Place) -> ModuleDescription | None:
        found = await self.cache.peek(
            place.realm.url, place.path, self._renderer_version, place.module.version
        )
        return found.value.description if found else None

    async def _visit(self, place: _Place, priority: int) -> ModuleDescription:
        found = await self._find(place, priority)
        if found.layer == "made" or found.value.description.error is None:
            return found.value.description
        description, _ = await self._calls.describe(place.module.url, priority)
        if description.error is None:
            # It was bad luck that nobody took for it.
            async with self.cache.table.db.transaction() as tx:
                await self.cache.tombstone(tx, place.realm.url, place.path)
        return description

    async def _describe(self, place: _Place) -> ModuleDescription:
        return (await self._find(place)).value.description

    async def _find(self, place: _Place, priority: int = FOR_PEOPLE) -> Found[Described]:
        async def read() -> _Version:
            return _Version(place.module.version)

        async def make(version: _Version) -> Described:
            return await self._make(place, version, priority)

        return await self.cache.get(
            place.realm.url, place.path, self._renderer_version, read=read, make=make
        )

    # Describing.

    async def _make(self, place: _Place, version: _Version, priority: int) -> Described:
        description, seen = await self._calls.describe(place.module.url, priority)
        if seen != version.hash:
            # The page saw another module than the one that was asked about: its description
            # goes to whoever asked, and is kept nowhere.
            self.cache.invalidate(place.realm.url, place.path)
        is_transient = description.error is not None and _is_bad_luck(description.error)
        expires_at_ms = self._clock.now_ms() + TRANSIENT_FOR_MS if is_transient else None
        return Described(description, expires_at_ms)

    async def _describe_now(
        self, identities: Sequence[str], priority: int
    ) -> list[tuple[ModuleDescription, str | None]]:
        """Each description with the version it is surely of, None if that moved meanwhile."""
        before = await self._manifests.manifests(self._realms)
        versions = {
            url: module.version for manifest in before for url, module in manifest.modules.items()
        }
        epoch = epoch_of(before)
        described = await self._pages.describe(identities, epoch=epoch, priority=priority)
        after = epoch_of(await self._manifests.manifests(self._realms))
        return [
            (description, versions.get(identity) if after == epoch else None)
            for identity, description in zip(identities, described, strict=True)
        ]

    def _is_good(self, described: Described) -> bool:
        expires_at_ms = described.expires_at_ms
        return expires_at_ms is None or self._clock.now_ms() < expires_at_ms


def _kept_under(paths: Iterable[str]) -> dict[str, None]:
    """Where descriptions of the modules among these files are kept: a module's identity has no
    extension, unless another file stands in front of it."""
    modules = [path for path in paths if is_module_path(path)]
    return dict.fromkeys([*map(stem, modules), *modules])


def _is_bad_luck(error: CardError) -> bool:
    """Whether an error says nothing of the module: the next page may describe it well."""
    return error.status in (HUNG, LOST) or NOT_FETCHED in error.message


class _KeptDefinitions:
    """The cache as a rendering page may use it."""

    def __init__(self, cache: DefinitionCache) -> None:
        self._cache = cache

    async def definitions(self, type_keys: Iterable[str]) -> Mapping[str, Definition]:
        return await self._cache.kept_definitions(type_keys)


Answer = tuple[ModuleDescription, str | None]


class _Calls:
    """What is wanted of the pages while they are busy travels in one call afterwards."""

    def __init__(
        self, describe: Callable[[Sequence[str], int], Awaitable[list[Answer]]], limit: int
    ) -> None:
        self._describe = describe
        self._limit = limit
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._priorities: dict[str, int] = {}
        """The highest that anybody asked with, of those that wait."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def describe(self, identity: str, priority: int) -> Answer:
        self._priorities[identity] = max(priority, self._priorities.get(identity, priority))
        future = self._waiting.get(identity)
        if future is None:
            future = self._waiting[identity] = asyncio.get_running_loop().create_future()
            if len(self._tasks) < self._limit:
                task = asyncio.create_task(self._work(), name="describe modules")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        # One caller giving up must not cancel what others await.
        return await asyncio.shield(future)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            _refuse(future, TryLater("The server is stopping."))

    async def _work(self) -> None:
        try:
            await self._answer_all()
        finally:
            # In the turn in which nothing waits any more: whoever asks in the next one must
            # not take this for still at work, and wait for ever.
            task = asyncio.current_task()
            if task is not None:
                self._tasks.discard(task)

    async def _answer_all(self) -> None:
        while self._waiting:
            # Those who ask in the same turn of the loop travel together.
            await asyncio.sleep(0)
            taken = dict(list(self._waiting.items())[:MODULES_IN_A_CALL])
            for identity in taken:
                del self._waiting[identity]
            priorities = [self._priorities.pop(identity) for identity in taken]
            try:
                answers = await self._describe(list(taken), max(priorities)) if taken else []
                if len(answers) != len(taken):
                    raise OurBug("Of some modules there was no description.")
            except asyncio.CancelledError:
                for future in taken.values():
                    _refuse(future, TryLater("The server is stopping."))
                raise
            except Exception as exc:
                for future in taken.values():
                    _refuse(future, exc)
            else:
                for future, answer in zip(taken.values(), answers, strict=True):
                    if not future.done():
                        future.set_result(answer)


def _refuse(future: "asyncio.Future[Answer]", reason: Exception) -> None:
    if future.done():
        return
    future.set_exception(reason)
    # An error whose callers have all left is nobody's news.
    future.exception()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Described)


def _encode(described: Described) -> Payload:
    text = _encoder.encode(described).decode()
    return Payload(text, tuple(described.description.dependencies))


def _decode(text: str) -> Described:
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError as exc:
        raise ValueError(str(exc)) from exc
