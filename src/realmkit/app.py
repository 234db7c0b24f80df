"""The whole house, built in one place, started and stopped in one order.

`build_app(settings)` says how it will be; `start` opens the services in the order
they need each other: database, change log, files, modules, prerender, index,
indexer, edge, watchers. `stop` goes the other way and takes at most three seconds,
open event streams included. Whatever `start` began it also owns: a start that
fails half-way takes down what it had put up.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
from starlette.types import ASGIApp

from realmkit.changes import ChangeLog, Heard, Sweeper
from realmkit.coalesce import CacheSweeper
from realmkit.config import Realm, Settings, find_chromium, find_node, static_dir
from realmkit.db import Database, open_database
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore, FileWatcher
from realmkit.http.application import build_http
from realmkit.http.hot import HotModules
from realmkit.http.kept_files import KeptFiles
from realmkit.http.stations import MountedRealm, Stations
from realmkit.index import Announcements, IndexStore, LongRuns
from realmkit.indexer import Indexer
from realmkit.modules import ModuleService, TranspilerPool
from realmkit.prerender import Prerenderer
from realmkit.search import (
    DefinitionCache,
    JobAnswers,
    RemoteClient,
    RemoteRealms,
    SearchEngine,
)

log = logging.getLogger(__name__)

STOP_BUDGET_S = 1.5
FOLLOW_AGAIN_AFTER_S = 0.5


def build_app(settings: Settings) -> "App":
    """The app for `settings`. Touches no disk and starts no process."""
    return App(settings)


class App:
    """A realm server in this process. `asgi` may be served as soon as `start` returned."""

    database: Database
    stations: Stations
    indexer: Indexer
    hot: HotModules
    asgi: ASGIApp

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._owned = AsyncExitStack()

    async def start(self) -> None:
        """Open the database, scan every realm and begin following the log.

        Raises `SetupError` when something the program needs is not to be had.
        """
        async with AsyncExitStack() as begun:
            await self._start(begun)
            self._owned = begun.pop_all()

    async def renewed(self) -> None:
        """Return when nothing in the index was made by another renderer."""
        await asyncio.shield(self._renewal)

    async def stop(self) -> None:
        """End the streams, then everything `start` began, newest first."""
        if hasattr(self, "stations"):
            self.stations.stopping.set()
        try:
            async with asyncio.timeout(STOP_BUDGET_S):
                await self._owned.aclose()
        except TimeoutError:
            # The processes we started end when their pipes do, and ours close now.
            log.warning("something took too long to stop")

    async def _start(self, begun: AsyncExitStack) -> None:
        settings = self.settings
        # Without indexing nothing is ever rendered.
        chromium = find_chromium() if settings.index else Path("chromium")
        # Asking Node for its version takes longer than all the rest before the scan.
        finding_node = asyncio.create_task(asyncio.to_thread(find_node), name="find node")
        begun.push_async_callback(asyncio.gather, finding_node, return_exceptions=True)
        db = await open_database(settings.database, direct=settings.database_direct_url)
        begun.push_async_callback(db.close)
        self.database = db
        changes = ChangeLog(db, retention=settings.retention)
        sweeper = Sweeper(changes, every_s=settings.retention.sweep_every_s)
        await sweeper.start()
        begun.push_async_callback(sweeper.stop)
        index = IndexStore(db, changes, public_url=settings.public_url)
        announcements = Announcements(db, changes)
        stores = {
            realm: FileStore(realm, db, changes, limits=settings.limits)
            for realm in settings.realms
        }
        modules = ModuleService(
            public_url=settings.public_url,
            stores=stores.values(),
            changes=changes,
            db=db,
            transpiler=TranspilerPool(
                static_dir() / "transpiler" / "transpiler.mjs",
                node=await finding_node,
                size=settings.transpiler_count,
                pipeline=settings.transpiler,
            ),
            static=static_dir(),
            memory_bytes=settings.module_memory_bytes // 4 * 3,
            is_coordinated=settings.is_coordinated,
        )
        begun.push_async_callback(modules.stop)
        remote = RemoteClient(
            public_url=settings.public_url,
            allowed_hosts=settings.allowed_hosts,
            timeout_s=settings.remote_timeout_s,
        )
        begun.push_async_callback(remote.stop)
        extractor = FileExtractor()
        begun.push_async_callback(extractor.stop)
        kept_files = KeptFiles()
        begun.push_async_callback(kept_files.stop)
        job_answers = JobAnswers(db)
        prerenderer = Prerenderer(
            settings.public_url,
            chromium,
            page_limit=settings.page_count,
            render_timeout_s=settings.render_timeout_s,
        )
        definitions = DefinitionCache(
            db,
            index,
            manifests=modules,
            pages=prerenderer,
            realms=settings.realms,
            public_url=settings.public_url,
            renderer_version=renderer_version(static_dir()),
            calls_at_once=settings.page_count,
            coordinator=modules.coordinator,
        )
        begun.push_async_callback(definitions.stop)
        for store in stores.values():
            store.join_transactions(definitions.in_transaction)
        caches = CacheSweeper([modules.cache.table, definitions.cache.table], settings.cache_bounds)
        await caches.start()
        begun.push_async_callback(caches.stop)
        search = SearchEngine(
            db,
            # To describe needs a browser, which a server that does not index has not.
            definitions if settings.index else definitions.kept,
            stores,
            extractor,
            kept_definitions=definitions.kept,
            public_url=settings.public_url,
            others=RemoteRealms(remote),
            link_depth=settings.link_depth,
            budget_s=settings.search_timeout_s,
        )
        begun.push_async_callback(prerenderer.stop)
        for store in stores.values():
            await store.scan()
        self.indexer = Indexer(
            realms=stores,
            changes=changes,
            index=index,
            modules=modules,
            prerenderer=prerenderer,
            extractor=extractor,
            definitions=definitions,
            search=search,
            long_runs=LongRuns(db, index, public_url=settings.public_url),
            public_url=settings.public_url,
            end_job=job_answers.clear,
        )
        self.stations = Stations(
            settings=settings,
            mounted={realm.name: MountedRealm(realm, store) for realm, store in stores.items()},
            changes=changes,
            index=index,
            announcements=announcements,
            modules=modules,
            definitions=definitions,
            cache_sweeps=caches.stats,
            search=search,
            extractor=extractor,
            kept_files=kept_files,
            job_answers=job_answers,
            progress=self.indexer.progress_hub,
            static_dir=static_dir() / "host",
            is_ready=True,
        )
        self.hot = HotModules(settings.module_memory_bytes // 4, lambda: modules.snapshot)
        self.asgi = build_http(self.stations, self.hot)
        follower = ModuleFollower(changes, modules, definitions, self.hot, kept_files)
        await follower.start(stores)
        begun.push_async_callback(follower.stop)
        if settings.index:
            await self.indexer.start()
            begun.push_async_callback(self.indexer.stop)
        self._renewal = asyncio.create_task(self._renew_artefacts(), name="renew artefacts")
        begun.push_async_callback(asyncio.gather, self._renewal, return_exceptions=True)
        begun.callback(self._renewal.cancel)
        if settings.watch:
            for store in stores.values():
                watcher = FileWatcher(store)
                await watcher.start()
                begun.push_async_callback(watcher.stop)

    async def _renew_artefacts(self) -> None:
        """Visit everything again if another renderer made what the index holds.

        Meanwhile the old artefacts are served. A renewal that is cut short begins
        again at the next start.
        """
        if not self.settings.index:
            return
        mark = self.settings.state_dir / "rendered-with"
        renderer = renderer_version(static_dir())
        if mark.is_file() and mark.read_text() != renderer:
            log.info("the renderer has changed: every card is rendered again")
            for realm in self.settings.realms:
                await self.indexer.reindex(realm.url)
            await self.indexer.settle()
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(renderer)


def renderer_version(static: Path) -> str:
    """What decides the artefacts of a card besides its realm; empty when nothing is built."""
    try:
        host = orjson.loads((static / "host" / "manifest.json").read_bytes())
        transpiler = (static / "transpiler" / "version.json").read_text()
    except (OSError, orjson.JSONDecodeError):
        return ""
    return f"{host.get('runtime')} {host.get('prerender')} {transpiler.strip()}"


class ModuleFollower:
    """Tells whoever keeps things in memory what each realm's log says: the module path, the
    definitions, the hot modules and the files."""

    def __init__(
        self,
        changes: ChangeLog,
        modules: ModuleService,
        definitions: DefinitionCache,
        hot: HotModules,
        kept_files: KeptFiles,
    ) -> None:
        self._kept_files = kept_files
        self._changes = changes
        self._modules = modules
        self._definitions = definitions
        self._hot = hot
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, realms: Mapping[Realm, FileStore]) -> None:
        """Follow every realm from the present on: nothing is remembered of the past."""
        for realm in realms:
            present = await self._changes.last_seq(realm.url)
            self._tasks.append(
                asyncio.create_task(
                    self._follow(realm.url, present), name=f"module follower {realm.name}"
                )
            )

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, realm_url: str, after: int) -> None:
        while True:
            try:
                async for heard in self._changes.follow(realm_url, after):
                    after = heard.seq
                    self._tell(realm_url, heard)
            except Exception:
                # Whatever it was, the next change must be heard; what this one was, is forgotten.
                log.exception("following %s failed; it goes on after %d", realm_url, after)
                self._hot.forget()
                await asyncio.sleep(FOLLOW_AGAIN_AFTER_S)

    def _tell(self, realm_url: str, heard: Heard) -> None:
        # A plain file may take the name by which a module was asked for.
        if heard.starts_over or any(change.kind != "json" for change in heard.changes):
            self._hot.forget()
        if heard.starts_over:
            self._kept_files.forget_realm(realm_url)
        self._kept_files.forget(realm_url, [change.path for change in heard.changes])
        # The module path looks at the log itself, whenever it is asked something.
        modules = [change for change in heard.changes if change.kind == "module"]
        self._modules.on_change(realm_url, [change.path for change in modules])
        self._definitions.forget(realm_url, [each.path for each in modules if each.is_forced])
