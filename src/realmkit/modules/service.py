"""Source in, browser module out: the one door to the module path.

The edge asks `serve` for a module, `manifest` for a realm's versions, and `serve_icon` and
`serve_inert` for the modules that are no files. The indexer asks `manifest`. All may be
asked at any time: what changed is noticed by the change log, and by a `stat` when the log
was not heard.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from realmkit.cards.code_refs import ModuleNames, is_module_path
from realmkit.cards.near_miss import nearest_name
from realmkit.changes import ChangeLog, NewChange
from realmkit.coalesce import Coordinator, GenerationTable, LayeredCache, MemoryCache
from realmkit.config import BASE_NAME, Realm
from realmkit.db import Database, LocalNotifier, Transaction
from realmkit.errors import NotFound, TranspileError, TryLater
from realmkit.files import FileStore
from realmkit.files.disk import hash_of
from realmkit.modules.compiled import decode, encode, short_hash
from realmkit.modules.files_then import FileThen, is_as_then
from realmkit.modules.host_modules import HostModules
from realmkit.modules.icon_modules import IconModules
from realmkit.modules.icons import IconLibrary
from realmkit.modules.inert import inert_module
from realmkit.modules.library import ModuleLibrary
from realmkit.modules.paths import possible_files, stem
from realmkit.modules.resolve import RealmModule, Target
from realmkit.modules.served import (
    Manifest,
    ManifestModule,
    ModuleProblem,
    ServedModule,
    javascript,
    redirect,
)
from realmkit.modules.snapshot import Addresses, Module, Snapshot
from realmkit.modules.source_map import original_place
from realmkit.modules.sources import RealmSources
from realmkit.modules.transpiler import TranspilerPool
from realmkit.modules.validation import compile_problem

# How often a file may change under one request before the client is asked to come again.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class _Ready:
    """A finished answer, good while the snapshot and the files it rests on are the same."""

    served: ServedModule
    snapshot: Snapshot


class ModuleService:
    """Serves the modules of every mounted realm.

    `stores` are the realms' file stores, the base realm's included (its realm's name is
    `base`). `static` is the folder with `host/manifest.json`, `icons.json` and
    `transpiler/`. `memory_bytes` bounds what is kept in memory, compiled and served alike.
    Unless `is_coordinated`, nothing is left to the other processes of the database to make.
    """

    def __init__(
        self,
        *,
        public_url: str,
        stores: Iterable[FileStore],
        changes: ChangeLog,
        db: Database,
        transpiler: TranspilerPool,
        static: Path,
        memory_bytes: int = 64 * 1024 * 1024,
        is_coordinated: bool = True,
    ) -> None:
        self.transpiler = transpiler
        names = ModuleNames(public_url)
        host = HostModules(static / "host" / "manifest.json")
        icons = IconLibrary(static / "icons.json")
        # Without the others, this process is the leader of whatever it makes.
        self.coordinator = Coordinator(db.notifier if is_coordinated else LocalNotifier())
        self.cache = LayeredCache(
            "transpile",
            GenerationTable(db, "module_transpile_cache"),
            encode=encode,
            decode=decode,
            max_bytes=memory_bytes // 2,
            coordinator=self.coordinator,
        )
        self._icons = IconModules(names, icons, host, self.cache, transpiler)
        self._library = ModuleLibrary(
            names=names,
            changes=changes,
            cache=self.cache,
            transpiler=transpiler,
            host=host,
            icons=icons,
            addresses=Addresses(names, self._icons.version),
        )
        self.hits = 0
        """Finished answers that were given again from memory."""
        self._ready: MemoryCache[_Ready] = MemoryCache(memory_bytes // 2)
        self._manifests: dict[str, tuple[Snapshot, Manifest]] = {}
        for store in stores:
            self.mount(store)

    def mount(self, store: FileStore) -> None:
        """Serve the modules of one more realm, and tombstone them when they change."""
        self._library.mount(store)
        store.join_transactions(self.in_transaction)

    async def stop(self) -> None:
        """Stop the transpiler pool; waits at most about a second."""
        await self.cache.stop()
        await self.transpiler.stop()

    async def serve(
        self, realm: Realm, path: str, version: str | None = None, *, from_memory: bool = True
    ) -> ServedModule:
        """Answer a module GET for the realm-relative `path`, extension or none.

        Unless `from_memory`, it is put together anew even if an answer is ready.
        Raises `NotFound` (no such module), `TranspileError` (406). A missing import is
        no error here: the body is served and the browser meets the 404.
        """
        ready = self._ready.get(realm.url, path if version is None else f"{path}?{version}")
        if (
            from_memory
            and ready is not None
            and ready.snapshot is self._library.snapshot
            and is_as_then(ready.served.rests_on)
        ):
            self.hits += 1
            return ready.served
        return await self._serve(realm, path, version)

    async def _serve(self, realm: Realm, path: str, version: str | None) -> ServedModule:
        sources = self._library.sources(realm.url)
        known_before = sources.known.get(sources.paths.find(path.rstrip("/")) or "")
        for _ in range(_ATTEMPTS):
            snapshot, module = await self._find(sources, path)
            current = snapshot.versions[module.url]
            if version is not None and version != current:
                return redirect(snapshot.href(module.url))
            found = await sources.whole(module.known)
            if found.source_hash == module.known.source_hash:
                break
            sources.forget(module.known.path)
        else:
            raise TryLater(f"`{realm.url_of(path)}` keeps changing; ask again.")
        text = found.value.assemble(snapshot.addresses(module))
        if bytes(found.value.map) != b"null":
            map_version = self._map_version(found.source_hash)
            text += f"\n//# sourceMappingURL={module.address}.map?v={map_version}\n"
        served = javascript(
            text.encode(),
            is_immutable=version is not None,
            media_type=found.value.headers["content-type"],
            canonical_url=realm.url_of(module.known.path),
            modified_s=module.known.modified_s,
            # Where it came from for this request: getting to know it may have fetched it.
            layer=found.layer if module.known is known_before else module.known.layer,
            rests_on=self._library.files_behind(snapshot, module),
        )
        self._keep(realm, path, version, served, snapshot, module)
        return served

    async def _find(self, sources: RealmSources, path: str) -> tuple[Snapshot, Module]:
        """The module that `path` means, known and compiling."""
        for _ in range(_ATTEMPTS):
            await self._library.follow()
            canonical = sources.find(path.rstrip("/"))
            if canonical is None:
                raise _not_found(sources, path)
            snapshot = await self._library.settle([(sources.realm.url, canonical)])
            # Gone or replaced while it was looked at: look once more.
            if module := snapshot.modules.get(sources.paths.url_of(canonical)):
                break
        else:
            raise TryLater(f"`{sources.realm.url_of(path)}` keeps changing; ask again.")
        if module.known.compiled.error is not None:
            problem = compile_problem(module)
            raise TranspileError(
                problem.detail,
                line=problem.line,
                column=problem.column,
                frame=problem.frame,
                meta={"file": problem.file},
            )
        return snapshot, module

    def _keep(
        self,
        realm: Realm,
        path: str,
        version: str | None,
        served: ServedModule,
        snapshot: Snapshot,
        module: Module,
    ) -> None:
        suffix = "" if version is None else f"?{version}"
        key = module.known.path + suffix
        hit = _Ready(served.as_hit(), snapshot)
        self._ready.put(realm.url, key, hit, served.codings.size, aliases=[path + suffix])
        served.codings.on_growth = lambda: self._ready.reweigh(
            realm.url, key, hit, served.codings.size
        )

    async def serve_map(self, realm: Realm, path: str, version: str | None = None) -> ServedModule:
        """The source map of a module, with the author's source inside: `<path>.map`.

        Raises `NotFound` when a script of another source asks: this map would mislead it.
        """
        sources = self._library.sources(realm.url)
        for _ in range(_ATTEMPTS):
            _, module = await self._find(sources, path)
            content, _ = await sources.store.read_bytes(module.known.path)
            found = await sources.whole(module.known)
            if hash_of(content) == found.source_hash:
                break
            sources.forget(module.known.path)
        else:
            raise TryLater(f"`{realm.url_of(path)}` keeps changing; ask again.")
        if version not in (None, self._map_version(found.source_hash)):
            raise NotFound(f"`{realm.url_of(path)}` has changed since that script was served.")
        map = msgspec.json.decode(found.value.map) or {"version": 3, "mappings": "", "names": []}
        map["sources"] = [realm.url_of(module.known.path)]
        map["sourcesContent"] = [content.decode(errors="replace")]
        return javascript(
            msgspec.json.encode(map),
            media_type="application/json",
            is_immutable=version is not None,
            canonical_url=realm.url_of(module.known.path),
            modified_s=module.known.modified_s,
        )

    def _map_version(self, source_hash: str) -> str:
        """A script outlives what it imports, and its map with it: only its own text counts."""
        return short_hash(self.transpiler.version, source_hash)

    async def serve_icon(self, name: str, version: str | None = None) -> ServedModule:
        """The icon module `/_icons/<name>`. Raises `NotFound` with a near miss."""
        return await self._icons.serve(name, version)

    def serve_inert(self, names: Sequence[str]) -> ServedModule:
        """The module `/_inert?names=a,b`: one inert class for each name."""
        return javascript(inert_module(names).encode(), is_immutable=True)

    async def manifest(self, realm: Realm) -> Manifest:
        """The realm's modules and versions. Reads only what changed since the last call."""
        return (await self.manifests([realm]))[0]

    async def manifests(self, realms: Sequence[Realm]) -> list[Manifest]:
        """The manifests of several realms, for one look into their logs."""
        await self._library.follow()
        return [await self._manifest(realm) for realm in realms]

    async def _manifest(self, realm: Realm) -> Manifest:
        own = self._library.sources(realm.url)
        base = self._library.realm_named(BASE_NAME) or own
        wanted = {(each.realm.url, path) for each in (own, base) for path in each.paths}
        snapshot = await self._library.settle(wanted)
        made = self._manifests.get(realm.url)
        if made is None or made[0] is not snapshot:
            made = (snapshot, _manifest_of(realm, base.realm, snapshot))
            self._manifests[realm.url] = made
        return made[1]

    async def canonical_path(self, realm: Realm, path: str) -> str | None:
        """The realm-relative path with extension that `path` means, or None."""
        await self._library.follow()
        sources = self._library.sources(realm.url)
        return sources.find(path.rstrip("/"))

    async def resolve(self, specifier: str, importer: str) -> Target:
        """What an import of `specifier` by the module or document at `importer` means."""
        await self._library.follow()
        return self._library.resolver.resolve(specifier, importer)

    async def problems_of(self, module_url: str) -> Sequence[ModuleProblem]:
        """Why the module at this URL may not be imported; empty when it may."""
        target = await self.resolve(module_url, module_url)
        if not isinstance(target, RealmModule):
            return ()
        snapshot = await self._library.settle([(target.realm_url, target.path)])
        return snapshot.problems(target.url)

    async def preloads(self, module_url: str) -> Sequence[str]:
        """The addresses of the module at this URL and of all it imports, itself first.

        For a page that is about to import it. Empty when it may not be imported.
        """
        target = await self.resolve(module_url, module_url)
        if not isinstance(target, RealmModule):
            return ()
        snapshot = await self._library.settle([(target.realm_url, target.path)])
        return snapshot.graph_of(target.url)

    async def source_place(self, module_url: str, line: int, column: int) -> dict[str, Any]:
        """A place in a served module as `file`, `line` and `column` of its source.

        `line` counts from 1 and `column` from 0, here and there. Empty when it is not known.
        """
        target = await self.resolve(module_url, module_url)
        if not isinstance(target, RealmModule):
            return {}
        found = await self._library.sources(target.realm_url).compiled(target.path)
        map = msgspec.json.decode(found.value.map) or {}
        place = original_place(map.get("mappings", ""), line, column)
        return {"file": target.path, "line": place[0], "column": place[1]} if place else {}

    def in_front_of(self, realm: Realm, path: str, canonical: str) -> list[FileThen]:
        """Where files would lie that `path` would rather mean than `canonical`: none is there."""
        sources = self._library.sources(realm.url)
        asked = path.rstrip("/")
        names = dict.fromkeys([asked, *possible_files(asked)])
        before = [each for each in names if each != canonical]
        return [(sources.file_of(each), None) for each in before[: [*names].index(canonical)]]

    @property
    def snapshot(self) -> object:
        """Another one after every change that was noticed; None while one is not settled."""
        return self._library.snapshot

    def on_change(self, realm_url: str, paths: Iterable[str]) -> None:
        """Look at these paths again. Cheap, synchronous, safe to repeat."""
        sources = self._library.sources(realm_url)
        for path in paths:
            sources.look_again_at(path)

    def _forget(self, realm_url: str, paths: Iterable[str]) -> None:
        sources = self._library.sources(realm_url)
        for path in paths:
            sources.forget(path)

    async def wipe(self, realm: Realm) -> None:
        """Have every module of the realm made again, whatever is kept of it."""
        await self.cache.wipe(realm.url)
        self._forget(realm.url, list(self._library.sources(realm.url).known))

    async def in_transaction(
        self, tx: Transaction, realm: Realm, changes: Sequence[NewChange]
    ) -> None:
        """Tombstone the changed modules in the transaction of their change.

        For `FileStore.join_transactions`.
        """
        changed = {
            # What was made of the same source is not spared when that is what was asked for.
            each.path: None if each.is_forced else each.content_hash
            for each in changes
            if is_module_path(each.path)
        }
        if changed:
            await self.cache.tombstone_all(tx, realm.url, changed)
            tx.on_commit(lambda: self.on_change(realm.url, changed))
        forced = [each.path for each in changes if each.is_forced]
        if forced:
            tx.on_commit(lambda: self._forget(realm.url, forced))


def _manifest_of(realm: Realm, base: Realm, snapshot: Snapshot) -> Manifest:
    modules = {
        module.url: ManifestModule(
            module.url,
            snapshot.href(module.url),
            snapshot.versions[module.url],
            module.imports,
            snapshot.problems(module.url),
            module.known.compiled.exports,
        )
        for module in sorted(snapshot.modules.values(), key=lambda each: each.url)
        if module.realm_url == realm.url
    }
    # Cards may adopt a base definition that no module of their realm imports.
    covered = sorted(
        (url, snapshot.versions[url])
        for url, module in snapshot.modules.items()
        if module.realm_url in (realm.url, base.url)
    )
    return Manifest(
        realm.url, short_hash(*(f"{url} {version}" for url, version in covered)), modules
    )


def _not_found(sources: RealmSources, path: str) -> NotFound:
    nearest = nearest_name(stem(path), (stem(each) for each in sources.paths))
    hint = f" Did you mean `/{nearest}`?" if nearest else ""
    return NotFound(f"There is no module `/{path}` in {sources.realm.url}.{hint}")
