"""Look in memory, then in the table, then make it: each result under its source's hash.

This is the one place that knows the order of things that keeps this right: capture the
generation, read the source, find or make the result, keep it only if nothing was invalidated
meanwhile. A cache is told how to read and how to make; it knows nothing of files, transpilers
or browsers. A result is never taken for another source's, whoever kept it.

    LocalCache      in the memory of this process: files as they are
    LayeredCache    and in a table that processes share: compiled modules, definitions
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from realmkit.coalesce.coordinator import Coordinator
from realmkit.coalesce.generation_table import GenerationTable, Row
from realmkit.coalesce.generations import Generation, Generations
from realmkit.coalesce.memory import MemoryCache
from realmkit.coalesce.single_flight import SingleFlight
from realmkit.db import Transaction
from realmkit.errors import RealmkitError, TransactionLost

V = TypeVar("V")
S = TypeVar("S", bound="Source")

Layer = Literal["l1", "l2", "made"]


class Source(Protocol):
    """What a result is made from."""

    @property
    def hash(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Payload:
    """A result as the table holds it; `headers` are those of every answer made of it."""

    body: str
    dependency_keys: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Found(Generic[V]):
    """A result, the hash of the source it was made from, and the layer that had it."""

    value: V
    source_hash: str
    layer: Layer


@dataclass
class LayerStats:
    """`made` counts the results that no layer had, `outrun` those of them that were not
    kept because something was invalidated meanwhile."""

    l1: int = 0
    l2: int = 0
    made: int = 0
    outrun: int = 0


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    value: V
    source_hash: str
    maker_version: str


class _Cache(Generic[V]):
    """Results of type `V` keyed by realm and canonical path; here is what memory does of it.

    `name` is that of the tasks that make results. One that `is_good` no longer says yes to is
    made again.
    """

    def __init__(self, name: str, is_good: Callable[[V], bool], max_bytes: int) -> None:
        self.stats = LayerStats()
        self.generations = Generations()
        self._is_good = is_good
        self._memory: MemoryCache[_Entry[V]] = MemoryCache(max_bytes)
        self._flights: SingleFlight[Found[V]] = SingleFlight(name)

    async def get(
        self,
        realm_url: str,
        path: str,
        maker_version: str,
        read: Callable[[], Awaitable[S]],
        make: Callable[[S], Awaitable[V]],
    ) -> Found[V]:
        """Return the result for what `read` returns now, making it if no layer has it.

        What `read` or `make` raises is raised to every waiter and kept nowhere.
        """
        # Before the first await, so that an invalidation during any of this is seen.
        captured = self.generations.capture(realm_url, path)
        if (known := self._memory.get(realm_url, path)) is not None:
            source = await read()
            if found := self._recall(known, source.hash, maker_version):
                return found
        return await self._beyond_memory(captured, maker_version, read, make)

    async def _beyond_memory(
        self,
        captured: Generation,
        maker_version: str,
        read: Callable[[], Awaitable[S]],
        make: Callable[[S], Awaitable[V]],
    ) -> Found[V]:
        """What memory does not have, of the source as it is from now on."""
        raise NotImplementedError

    async def _fly(
        self,
        captured: Generation,
        source: Source,
        maker_version: str,
        work: Callable[[], Coroutine[Any, Any, Found[V]]],
    ) -> Found[V]:
        """One execution in this process, for all who may have the same result."""
        # Whoever asks after an invalidation has another generation, and so never joins a
        # flight that began before it, unless that spared what is made of other bytes only;
        # whoever read other bytes has another hash.
        key = self.generations.for_any_source(captured), source.hash, maker_version
        return await self._flights.run(key, work)

    async def _made(self, source: S, make: Callable[[S], Awaitable[V]]) -> Found[V]:
        self.stats.made += 1
        return Found(await make(source), source.hash, "made")

    def _recall(self, known: _Entry[V], source_hash: str, maker_version: str) -> Found[V] | None:
        is_of_it = known.source_hash == source_hash and known.maker_version == maker_version
        if not (is_of_it and self._is_good(known.value)):
            return None
        self.stats.l1 += 1
        return Found(known.value, source_hash, "l1")

    def _keep(self, captured: Generation, found: Found[V], size: int, maker_version: str) -> None:
        if not self.generations.still_current(captured, found.source_hash):
            self.stats.outrun += 1
            return
        entry = _Entry(found.value, found.source_hash, maker_version)
        self._memory.put(captured.realm_url, captured.key, entry, size)

    def invalidate(self, realm_url: str, path: str, source_hash: str | None = None) -> None:
        """Forget one path in this process. A table's row is checked by hash, and may stay.

        What is being made from a source of `source_hash` is still kept when it is done.
        """
        self.generations.invalidate(realm_url, path, source_hash)
        self._memory.drop(realm_url, path)

    def invalidate_realm(self, realm_url: str) -> None:
        """Forget every path of a realm in this process."""
        self.generations.invalidate_realm(realm_url)
        self._memory.drop_realm(realm_url)

    async def stop(self) -> None:
        """Cancel what is being made and wait for it to end."""
        await self._flights.stop()


class LocalCache(_Cache[V]):
    """A cache of this process. `weigh` says how many bytes a result takes in memory."""

    def __init__(self, name: str, *, weigh: Callable[[V], int], max_bytes: int) -> None:
        super().__init__(name, is_good=lambda _: True, max_bytes=max_bytes)
        self._weigh = weigh

    async def _beyond_memory(
        self,
        captured: Generation,
        maker_version: str,
        read: Callable[[], Awaitable[S]],
        make: Callable[[S], Awaitable[V]],
    ) -> Found[V]:
        source = await read()

        async def make_it() -> Found[V]:
            found = await self._made(source, make)
            self._keep(captured, found, self._weigh(found.value), maker_version)
            return found

        return await self._fly(captured, source, maker_version, make_it)


class LayeredCache(_Cache[V]):
    """A cache of this process over a table, which the processes of a database share.

    `what` begins the names under which processes coordinate: `<what>|<realm>|<url>`.
    `encode` and `decode` translate between a result and the table's text; the bytes of that
    text in UTF-8 are also what an entry weighs in memory. `decode` raises `ValueError` for a
    text that is no result.
    """

    def __init__(
        self,
        what: Literal["transpile", "definitions"],
        table: GenerationTable,
        *,
        encode: Callable[[V], Payload],
        decode: Callable[[str], V],
        is_good: Callable[[V], bool] = lambda _: True,
        max_bytes: int = 64 * 1024 * 1024,
        coordinator: Coordinator | None = None,
    ) -> None:
        super().__init__(what, is_good, max_bytes)
        self.table = table
        self._what = what
        self._coordinator = coordinator
        self._encode = encode
        self._decode = decode

    async def peek(
        self, realm_url: str, path: str, maker_version: str, source_hash: str
    ) -> Found[V] | None:
        """What a layer has of this source. Makes nothing, waits for nobody, keeps nothing."""
        known = self._memory.get(realm_url, path)
        if known and (found := self._recall(known, source_hash, maker_version)):
            return found
        row = await self.table.read(realm_url, path)
        return self._read(row, source_hash, maker_version)

    async def _beyond_memory(
        self,
        captured: Generation,
        maker_version: str,
        read: Callable[[], Awaitable[S]],
        make: Callable[[S], Awaitable[V]],
    ) -> Found[V]:
        # The row's generation before the bytes: a tombstone that comes after the bytes were
        # read then refuses what was made from them.
        row = await self.table.read(captured.realm_url, captured.key)
        source = await read()
        if found := self._find(captured, row, maker_version, source):
            return found
        return await self._fly(
            captured,
            source,
            maker_version,
            lambda: self._make_once(captured, row, maker_version, source, make),
        )

    async def _make_once(
        self,
        captured: Generation,
        row: Row | None,
        maker_version: str,
        source: S,
        make: Callable[[S], Awaitable[V]],
    ) -> Found[V]:
        async def find() -> Found[V] | None:
            left = await self.table.read(captured.realm_url, captured.key)
            return self._find(captured, left, maker_version, source)

        async def make_it() -> Found[V]:
            return await self._make(captured, row, maker_version, source, make)

        # Nobody can leave anything in a table that does not work.
        if self._coordinator is None or row is None:
            return await make_it()
        module_url = f"{captured.realm_url}{captured.key}"
        return await self._coordinator.run(
            f"{self._what}|{captured.realm_url}|{module_url}", find, make_it
        )

    def _find(
        self, captured: Generation, row: Row | None, maker_version: str, source: Source
    ) -> Found[V] | None:
        """What the table's row holds, if it was made from `source`; then memory has it too."""
        found = self._read(row, source.hash, maker_version)
        if found is not None and row is not None and row.body is not None:
            self._keep(captured, found, _bytes_of(row.body), maker_version)
        return found

    def _read(self, row: Row | None, source_hash: str, maker_version: str) -> Found[V] | None:
        if row is not None and row.body is not None and row.is_of(source_hash, maker_version):
            # What cannot be read was written by another program, or damaged: made anew.
            with suppress(ValueError):
                value = self._decode(row.body)
                if self._is_good(value):
                    self.stats.l2 += 1
                    return Found(value, source_hash, "l2")
        return None

    async def _make(
        self,
        captured: Generation,
        row: Row | None,
        maker_version: str,
        source: S,
        make: Callable[[S], Awaitable[V]],
    ) -> Found[V]:
        found = await self._made(source, make)
        payload = self._encode(found.value)
        self._keep(captured, found, _bytes_of(payload.body), maker_version)
        # The table has generations of its own; this process may have heard of an invalidation
        # that the table could not take.
        if row is not None and self.generations.still_current(captured, source.hash):
            await self.table.write(
                captured.realm_url,
                captured.key,
                row,
                body=payload.body,
                dependency_keys=payload.dependency_keys,
                headers=payload.headers,
                source_hash=source.hash,
                maker_version=maker_version,
            )
        return found

    async def tombstone(
        self, tx: Transaction, realm_url: str, path: str, source_hash: str | None = None
    ) -> None:
        """As `tombstone_all`, of one path."""
        await self.tombstone_all(tx, realm_url, {path: source_hash})

    async def tombstone_all(
        self, tx: Transaction, realm_url: str, hashes: Mapping[str, str | None]
    ) -> None:
        """Invalidate paths everywhere, as part of the change's own transaction.

        `hashes` says of each path which source it holds from now on, None if that is not
        known: what was made from that one stays. One statement, however many they are, for
        whoever makes one of them waits while this transaction is open.

        A table that refuses does not stop the change; then the realm's floor moves. Raises
        `TransactionLost` when the refusal took the change along.
        """
        try:
            async with tx.savepoint():
                await self.table.tombstone(tx, realm_url, hashes)
        except TransactionLost:
            raise
        except RealmkitError:
            tx.on_commit(lambda: self.invalidate_realm(realm_url))
        else:
            tx.on_commit(lambda: self._invalidate_all(realm_url, hashes))

    def _invalidate_all(self, realm_url: str, hashes: Mapping[str, str | None]) -> None:
        for path, source_hash in hashes.items():
            self.invalidate(realm_url, path, source_hash)

    async def tombstone_realm(self, tx: Transaction, realm_url: str) -> None:
        """Invalidate everything a realm has and may yet get, as part of a transaction."""
        await self.table.tombstone_realm(tx, realm_url)
        tx.on_commit(lambda: self.invalidate_realm(realm_url))

    async def wipe(self, realm_url: str) -> None:
        """Invalidate everything a realm has, in every process, in a transaction of its own."""
        try:
            async with self.table.db.transaction() as tx:
                await self.tombstone_realm(tx, realm_url)
        except RealmkitError:
            self.invalidate_realm(realm_url)


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
