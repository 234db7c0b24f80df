"""Visiting files: each path of a plan becomes an entry, in as few calls as possible.

Modules are imported and described, instances are rendered, any other file is
looked into. A file is read once; its content hash goes with what was made of that very
text. One bad file is one error entry, and a file that vanished is one removal. What
becomes of it all is the keeper's business, who is given each batch as it is done.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from realmkit.cards.code_refs import ModuleNames
from realmkit.config import Realm
from realmkit.errors import AuthorMustFix, NotFound, RealmkitError
from realmkit.extraction import FileExtractor, FileFacts
from realmkit.files import FileStore, StoredFile
from realmkit.index import Dependency, EntryType, NewEntry, Place
from realmkit.indexer.entries import faulty_entry, file_entry, instance_entry, module_entry
from realmkit.indexer.plan import Work, in_batches
from realmkit.indexer.progress import ProgressHub
from realmkit.indexer.reading import Faulty, Instance, PlainFile, read_document
from realmkit.modules import ManifestModule, ModuleProblem, ModuleService
from realmkit.prerender import CardSource, Prerenderer, VisitResult
from realmkit.search import Describer, epoch_of

MODULES_IN_A_CALL = 24
FILES_AT_ONCE = 16
READ_AT_ONCE = 256 * 1024
"""Bytes of JSON that are decoded and checked in some milliseconds."""
_SERVED_PLACE = re.compile(r"(https?://[^\s()?]+)\?v=\w+:(\d+):(\d+)")
"""A module at its versioned address, a line and a column, both from 1, in a trace."""


@dataclass
class Outcome:
    """What visits left. `removed` are URLs; definitions go by module identity."""

    entries: list[NewEntry] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    definitions: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    """The identities of described modules, by URL."""
    postponed: set[str] = field(default_factory=set)
    """URLs of cards that were read but not rendered."""

    @property
    def urls(self) -> list[str]:
        """Every URL that is not as it was, in order and once."""
        return list(dict.fromkeys([*self.removed, *(entry.url for entry in self.entries)]))

    def add(self, other: "Outcome") -> None:
        self.entries += other.entries
        self.removed += other.removed
        self.definitions.update(other.definitions)
        self.modules.update(other.modules)
        self.postponed |= other.postponed


class Keeper(Protocol):
    """Whoever takes what batches of visits leave."""

    async def place(self) -> Place | None:
        """Where the realms' logs end; None if nobody wants to know. Asked before each batch."""
        ...

    async def keep(self, urls: Sequence[str], outcome: Outcome, place: Place | None) -> None:
        """Take what the visits of `urls`, begun at `place`, have left."""
        ...


class Visitor:
    """Visits the files of one realm for one run."""

    def __init__(
        self,
        realm: Realm,
        files: FileStore,
        *,
        realms: Sequence[Realm],
        modules: ModuleService,
        prerenderer: Prerenderer,
        extractor: FileExtractor,
        definitions: Describer,
        names: ModuleNames,
        hub: ProgressHub,
        job_id: str,
        priority: int,
        end_job: Callable[[str], Awaitable[None]],
        keeper: Keeper,
    ) -> None:
        self._realm = realm
        self._files = files
        self._realms = realms
        self._modules = modules
        self._prerenderer = prerenderer
        self._extractor = extractor
        self._definitions = definitions
        self._names = names
        self._hub = hub
        self._job_id = job_id
        self._priority = priority
        self._end_job = end_job
        self._keeper = keeper
        self._epoch = ""
        self._has_searched = False
        self._place: Place | None = None
        self._problems: dict[str, Sequence[ModuleProblem]] = {}
        self._postponed_types: Collection[str] = ()

    async def visit(self, work: Work) -> None:
        """Visit everything in `work`; modules are done before the first instance is begun.

        Raises `PrerenderUnavailable` when no page can be had.
        """
        await self.visit_modules(work.modules)
        await self.visit_others(work)

    async def visit_modules(self, paths: Sequence[str]) -> None:
        """Describe modules."""
        await self._in_parallel(
            self._describe,
            in_batches(paths, self._prerenderer.page_limit, largest=MODULES_IN_A_CALL),
        )

    async def visit_others(self, work: Work, *, postponed_types: Collection[str] = ()) -> None:
        """Render instances and note other files; of `postponed_types`, cards are only read."""
        self._postponed_types = postponed_types
        self._has_searched = False
        try:
            await self._in_parallel(
                self._visit_json, in_batches(work.json, self._prerenderer.page_limit)
            )
        except BaseException:
            self._has_searched = True
            raise
        finally:
            await self._forget_answers()
        await self._in_parallel(self._note_files, in_batches(work.files, FILES_AT_ONCE))

    async def _forget_answers(self) -> None:
        """What the cards asked while they rendered is answered anew from now on."""
        if self._has_searched:
            # What is kept for a job that ended costs room and nothing else.
            with contextlib.suppress(RealmkitError):
                await self._end_job(self._job_id)

    async def _read_manifests(self) -> None:
        manifests = await self._modules.manifests(self._realms)
        self._epoch = epoch_of(manifests)
        self._problems = {
            url: module.errors
            for manifest in manifests
            for url, module in manifest.modules.items()
            if module.errors
        }

    async def _in_parallel(
        self,
        visit: Callable[[Sequence[str], Outcome], Awaitable[None]],
        batches: Iterable[Sequence[str]],
    ) -> None:
        # One more than there are pages: the next batch is read while the others render.
        places = asyncio.Semaphore(self._prerenderer.page_limit + 1)

        async def one(batch: Sequence[str]) -> None:
            outcome = Outcome()
            async with places:
                place = await self._keeper.place()
                await self._keep_up_with(place)
                await visit(batch, outcome)
                urls = [self._realm.url_of(path) for path in batch]
                await self._keeper.keep(urls, outcome, place)
            errors = sum(entry.error is not None for entry in outcome.entries)
            self._hub.visited(self._realm.url, len(batch) - len(outcome.postponed), errors)

        tasks = [asyncio.create_task(one(batch), name="visit a batch") for batch in batches]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_up_with(self, place: Place | None) -> None:
        """See to it that a batch is rendered with modules as they are at `place`, or later."""
        if not self._epoch or (place and (not self._place or place.marks != self._place.marks)):
            self._place = place
            await self._read_manifests()

    # Modules.

    async def _describe(self, paths: Sequence[str], outcome: Outcome) -> None:
        manifest = (await self._modules.manifest(self._realm)).modules
        stored: dict[str, StoredFile] = {}
        for path, file in (await self._read(paths, "module", outcome)).items():
            stored[await self._identity(path)] = file
            outcome.entries.append(file_entry(self._realm.url_of(path), FileFacts.of(file)))
        refused = [manifest[name] for name in stored if name in manifest and manifest[name].errors]
        outcome.entries += (self._refused_module(module, stored[module.url]) for module in refused)
        sound = [name for name in stored if name not in {module.url for module in refused}]
        described = await self._definitions.describe(
            sound, epoch=self._epoch, priority=self._priority
        )
        for name, description in zip(sound, described, strict=True):
            url = self._realm.url_of(stored[name].path)
            outcome.entries.append(module_entry(url, description, stored[name], self._names))
            outcome.modules[url] = name
            if description.error is None:
                outcome.definitions[name] = description.exported

    async def _identity(self, path: str) -> str:
        """A module's name; the extension stays on a file that another one stands in front of."""
        url = self._realm.url_of(path)
        trimmed = self._names.resolve_module(url)
        bare = self._realm.path_of(self._names.to_url(trimmed)) or path
        in_front = await self._modules.canonical_path(self._realm, bare)
        return trimmed if in_front in (path, None) else self._names.fold(url)

    def _refused_module(self, module: ManifestModule, stored: StoredFile) -> NewEntry:
        """A module that the manifest forbids to import needs no browser to be an error."""
        url = self._realm.url_of(stored.path)
        first, *others = module.errors
        told = first.to_dict()
        meta = {name: told[name] for name in told if name not in ("title", "detail")}
        error = AuthorMustFix(first.detail, title=first.title, meta=meta)
        if others:
            error.meta["others"] = [problem.to_dict() for problem in others]
        missing = [
            self._names.resolve_module(problem.module, self._importer_url(problem.importer, url))
            for problem in module.errors
            if problem.module
        ]
        dependencies = [
            Dependency(name, "module")
            for name in dict.fromkeys([*module.dependencies, *missing])
            if name != module.url
        ]
        return replace(faulty_entry(url, "module", error, stored), dependencies=dependencies)

    def _importer_url(self, importer: str | None, url: str) -> str:
        if importer is None:
            return url
        return importer if "://" in importer else self._realm.url_of(importer)

    # Instances and other files.

    async def _visit_json(self, paths: Sequence[str], outcome: Outcome) -> None:
        stored: dict[str, StoredFile] = {}
        instances: dict[str, Instance] = {}
        for path, file in (await self._read(paths, "instance", outcome)).items():
            url = self._realm.url_of(path)
            match await self._document(path, file.content):
                case PlainFile():
                    # It may have been an instance until now.
                    outcome.removed.append(url)
                    await self._note(path, outcome)
                case Faulty(error, resource):
                    outcome.entries.append(faulty_entry(url, "instance", error, file, resource))
                    outcome.entries.append(file_entry(url, FileFacts.of(file), is_card=True))
                case Instance() as instance:
                    stored[url], instances[url] = file, instance
                    outcome.entries.append(file_entry(url, FileFacts.of(file), is_card=True))
        searching = {
            url: instance
            for url, instance in instances.items()
            if self._names.resolve(instance.adopts_from, url).type_key in self._postponed_types
        }
        rendered = {url: each for url, each in instances.items() if url not in searching}
        results = await self._render(rendered, stored)
        read = await self._render(searching, stored, formats=())
        # A card that failed may have searched before it did.
        self._has_searched |= any(each.queries or each.is_error for each in [*results, *read])
        for result in [*results, *read]:
            place = await self._place_of(result)
            entry = self._instance_entry(result, instances, stored, place)
            if result.url in searching and not result.is_error:
                outcome.postponed.add(result.url)
                entry = replace(entry, is_only_read=True)
            outcome.entries.append(entry)

    async def _document(self, path: str, content: bytes) -> Instance | PlainFile | Faulty:
        if len(content) <= READ_AT_ONCE:
            return read_document(path, content)
        # Large ones would hold up the loop.
        return await asyncio.to_thread(read_document, path, content)

    async def _render(
        self,
        instances: Mapping[str, Instance],
        stored: Mapping[str, StoredFile],
        formats: Sequence[str] | None = None,
    ) -> list[VisitResult]:
        return await self._prerenderer.visit(
            [
                CardSource(url, instance.text, stored[url].modified_at)
                for url, instance in instances.items()
            ],
            epoch=self._epoch,
            job_id=self._job_id,
            priority=self._priority,
            formats=formats,
            on_start=self._show,
        )

    def _instance_entry(
        self,
        result: VisitResult,
        instances: Mapping[str, Instance],
        stored: Mapping[str, StoredFile],
        place: Mapping[str, Any],
    ) -> NewEntry:
        instance = instances[result.url]
        entry = instance_entry(result, stored[result.url], self._names, instance.resource, place)
        # Whatever went wrong, a change of the definition's module may mend it.
        module = self._names.resolve_module(instance.adopts_from["module"], result.url)
        adopted = Dependency(module, "module")
        if adopted in entry.dependencies:
            return entry
        return replace(entry, dependencies=[*entry.dependencies, adopted])

    async def _place_of(self, result: VisitResult) -> dict[str, Any]:
        """Where in a module the fault of a failed card is, as far as that is known."""
        error = result.error
        if error is None:
            return {}
        modules = (self._names.resolve_module(url) for url in error.dependencies)
        problems = (problem for url in modules for problem in self._problems.get(url, ()))
        told = next((each.place for each in problems if each.detail in error.message), None)
        return told if told is not None else await self._thrown_at(error.stack or "")

    async def _thrown_at(self, stack: str) -> dict[str, Any]:
        """The innermost line of a trace that an author of one of the realms wrote."""
        for url, line, column in _SERVED_PLACE.findall(stack):
            if any(realm.is_writable and realm.path_of(url) for realm in self._realms):
                return await self._modules.source_place(url, int(line), int(column) - 1)
        return {}

    async def _note_files(self, paths: Sequence[str], outcome: Outcome) -> None:
        for path in paths:
            await self._note(path, outcome)

    async def _note(self, path: str, outcome: Outcome) -> None:
        """Look into a plain file."""
        url = self._realm.url_of(path)
        try:
            facts = await self._extractor.facts(self._files, path)
            outcome.entries.append(file_entry(url, facts, is_extract=True))
        except NotFound:
            outcome.removed.append(url)
        except RealmkitError as exc:
            outcome.entries.append(faulty_entry(url, "file", exc))

    async def _read(
        self, paths: Sequence[str], type: EntryType, outcome: Outcome
    ) -> dict[str, StoredFile]:
        """The files by path, in order. Of the others the reason is noted: gone, or not to be read."""
        stored: dict[str, StoredFile] = {}
        found = await self._files.read_many(paths)
        for path in paths:
            url = self._realm.url_of(path)
            match found[path]:
                case StoredFile() as file:
                    stored[path] = file
                case NotFound():
                    outcome.removed.append(url)
                case RealmkitError() as exc:
                    outcome.entries.append(faulty_entry(url, type, exc))
        return stored

    def _show(self, url: str) -> None:
        if path := self._realm.path_of(url):
            self._hub.visiting(self._realm.url, path)
