"""The modules of every mounted realm, and one consistent picture of them.

`settle` brings the picture up to date for the modules somebody asks about: it loads them
and everything they import, in parallel, and builds a new `Snapshot` if anything differs
from the last one. When nothing changed, that costs a `stat` for each known module.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from realmkit.cards.code_refs import ModuleNames, is_module_path
from realmkit.changes import ChangeLog
from realmkit.coalesce import LayeredCache, SingleFlight
from realmkit.errors import BadRequest, NotFound
from realmkit.files import FileStore
from realmkit.files.paths import checked
from realmkit.modules.compiled import Compiled
from realmkit.modules.files_then import FileThen
from realmkit.modules.host_modules import HostModules
from realmkit.modules.icons import IconLibrary
from realmkit.modules.paths import ModulePaths, Revision, possible_files, stem
from realmkit.modules.resolve import Missing, RealmModule, Resolver
from realmkit.modules.snapshot import Addresses, Edge, Module, Snapshot
from realmkit.modules.sources import KnownModule, RealmSources
from realmkit.modules.transpiler import TranspilerPool
from realmkit.modules.validation import problems_of

Key = tuple[str, str]
"""A realm's URL and the path of a module file in it."""


@dataclass(frozen=True, slots=True)
class _Settled:
    """A snapshot, the revision it shows, and the modules whose imports are all in it."""

    snapshot: Snapshot
    revision: int
    complete: frozenset[Key]


class ModuleLibrary:
    def __init__(
        self,
        *,
        names: ModuleNames,
        changes: ChangeLog,
        cache: LayeredCache[Compiled],
        transpiler: TranspilerPool,
        host: HostModules,
        icons: IconLibrary,
        addresses: Addresses,
    ) -> None:
        self._names = names
        self._changes = changes
        self._cache = cache
        self._transpiler = transpiler
        self._addresses = addresses
        self._revision = Revision()
        self._realms: dict[str, RealmSources] = {}
        self._paths: dict[str, ModulePaths] = {}
        self.resolver = Resolver(names, self._paths, host, icons)
        self._looking = asyncio.Lock()
        self._looks: SingleFlight[None] = SingleFlight("look into the logs")
        self._settled: _Settled | None = None
        # Bounded by the realms: what is no longer known is dropped with the next snapshot.
        self._module_of: dict[Key, tuple[int, Module]] = {}

    def mount(self, store: FileStore) -> None:
        sources = RealmSources(
            store,
            changes=self._changes,
            cache=self._cache,
            transpiler=self._transpiler,
            names=self._names,
            revision=self._revision,
        )
        self._realms[store.realm.url] = sources
        self._paths[store.realm.url] = sources.paths

    def sources(self, realm_url: str) -> RealmSources:
        return self._realms[realm_url]

    def realm_named(self, name: str) -> RealmSources | None:
        return next((each for each in self._realms.values() if each.realm.name == name), None)

    @property
    def snapshot(self) -> Snapshot | None:
        """The last snapshot, unless something is known to have changed since."""
        settled = self._settled
        return settled.snapshot if settled and settled.revision == self._revision.modules else None

    async def follow(self) -> None:
        """Catch up with every realm's log; a realm that is new is listed."""
        await self._looks.run("next", self._look)

    async def _look(self) -> None:
        async with self._looking:
            # All who came while the one before was going on share this one; whoever comes
            # from here on may mean a change that it no longer sees.
            self._looks.forget("next")
            for sources in self._realms.values():
                if sources.seen_seq is None:
                    await sources.list()
            seen = {url: sources.seen_seq or 0 for url, sources in self._realms.items()}
            for realm_url, heard in (await self._changes.news(seen)).items():
                await self._realms[realm_url].hear(heard)

    async def settle(self, wanted: Iterable[Key]) -> Snapshot:
        """A snapshot that holds the `wanted` modules that exist, and all they import."""
        for sources in self._realms.values():
            sources.check()
        keys = frozenset(wanted)
        settled = self._settled
        if settled is None or settled.revision != self._revision.modules:
            complete = await self._load(keys)
        elif keys <= settled.complete:
            return settled.snapshot
        else:
            complete = await self._load(keys) | settled.complete
        return self._build(complete)

    def files_behind(self, snapshot: Snapshot, module: Module) -> tuple[FileThen, ...]:
        """The files that decide what is served for a module of the snapshot, its own first.

        Those that are not there and would be imported instead are among them. Of a realm that
        nobody writes to, only the module itself is.
        """
        found = [self._file_of(module)]
        for each in snapshot.behind(module.url):
            if self._realms[each.realm_url].realm.is_writable:
                found.append(self._file_of(each))
                found += self._would_be_imported(each)
        return tuple(dict.fromkeys(found))

    def _file_of(self, module: Module) -> FileThen:
        return self._realms[module.realm_url].file_of(module.known.path), module.known.identity

    def _would_be_imported(self, module: Module) -> Iterable[FileThen]:
        """The files that are not there, and that an import of the module would mean if they were."""
        for edge in module.edges:
            match edge.target:
                case RealmModule(realm_url=realm_url, path=path):
                    is_exact = is_module_path(edge.asked.specifier)
                    names = () if is_exact else possible_files(stem(path))
                    absent = names[: names.index(path)] if path in names else ()
                case Missing(url=url):
                    realm_url, absent = self._where_it_would_lie(url)
                case _:
                    continue
            sources = self._realms.get(realm_url)
            if sources is not None and sources.realm.is_writable:
                for each in absent:
                    yield sources.file_of(each), None

    def _where_it_would_lie(self, url: str) -> tuple[str, tuple[str, ...]]:
        """The realm of a module that is missing, and the files it might be."""
        address = self._names.to_url(url)
        for realm_url, sources in self._realms.items():
            if path := sources.realm.path_of(address):
                with suppress(BadRequest):
                    return realm_url, possible_files(checked(path))
        return "", ()

    async def _load(self, wanted: frozenset[Key]) -> frozenset[Key]:
        seen: set[Key] = set()
        waiting = set(wanted)
        while waiting:
            seen |= waiting
            known = await asyncio.gather(*(self._know(key) for key in waiting))
            imported = {
                (edge.target.realm_url, edge.target.path)
                for key, module in zip(waiting, known, strict=True)
                if module is not None
                for edge in self._module(key, module).edges
                if isinstance(edge.target, RealmModule)
            }
            waiting = imported - seen
        return frozenset(seen)

    async def _know(self, key: Key) -> KnownModule | None:
        realm_url, path = key
        try:
            return await self._realms[realm_url].know(path)
        except NotFound:
            return None

    # Without an await, so that nothing can change between its lines.
    def _build(self, complete: frozenset[Key]) -> Snapshot:
        revision = self._revision.modules
        if self._settled and self._settled.revision == revision:
            snapshot = self._settled.snapshot
        else:
            snapshot = Snapshot(self._modules(), self._addresses, problems_of)
            self._module_of = {
                key: made
                for key, made in self._module_of.items()
                if key[1] in self._realms[key[0]].known
            }
        complete = frozenset(key for key in complete if key[1] in self._realms[key[0]].known)
        self._settled = _Settled(snapshot, revision, complete)
        return snapshot

    def _modules(self) -> Iterable[Module]:
        for realm_url, sources in self._realms.items():
            for path, known in sources.known.items():
                yield self._module((realm_url, path), known)

    def _module(self, key: Key, known: KnownModule) -> Module:
        # What an import means, and what a module is called, depends on which files there are.
        files = self._revision.files
        made_for, module = self._module_of.get(key, (None, None))
        if module is None or module.known is not known or made_for != files:
            module = self._make_module(key, known)
            self._module_of[key] = (files, module)
        return module

    def _make_module(self, key: Key, known: KnownModule) -> Module:
        realm_url, path = key
        sources = self._realms[realm_url]
        url = sources.paths.url_of(path)
        address = sources.realm.url_of(path)
        edges = tuple(
            Edge(asked, self.resolver.resolve(asked.specifier, address))
            for asked in known.compiled.imports
        )
        own_hash = self._addresses.own_hash(known, edges, self._transpiler.version)
        return Module(url, self._names.to_url(url), realm_url, known, edges, own_hash)
