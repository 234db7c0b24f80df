"""What this process knows of one realm's modules: which there are, and what each holds.

The change log says which paths to look at again. A `stat` says so too, for the changes
that were not heard: a file's identity is compared before its compiled form is believed.
Reading and compiling go through the layered cache.
"""

import asyncio
import sys
import time
from dataclasses import dataclass

import msgspec

from realmkit.cards.code_refs import ModuleNames, is_module_path
from realmkit.changes import ChangeLog, Heard
from realmkit.coalesce import Found, Layer, LayeredCache
from realmkit.errors import Forbidden, NotFound, RealmkitError, TryLater
from realmkit.files import FileStore
from realmkit.files.disk import hash_of
from realmkit.modules.compiled import Compiled, Failure
from realmkit.modules.files_then import Identity, identity_of
from realmkit.modules.paths import ModulePaths, Revision, possible_files
from realmkit.modules.transpiler import TranspilerPool

# The clocks of file systems tick some hundred times a second, and two writes within one
# tick may look alike. A file is read once its last write is older than that. On Linux the
# tick is CLOCK_REALTIME_COARSE's, which Python has no name for.
_TICK_NS = int(time.clock_getres(5) * 1e9) if sys.platform == "linux" else 10_000_000


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """A module's source as it was read; `text` is None when it is not UTF-8."""

    text: str | None
    hash: str


@dataclass(frozen=True, slots=True)
class KnownModule:
    """A module as it was when its file had this identity.

    `compiled` is without parts and map: those are big, and the cache keeps them. `layer` is
    where it was found when it became known.
    """

    path: str
    identity: Identity
    modified_s: int
    source_hash: str
    compiled: Compiled
    layer: Layer


class RealmSources:
    """The modules of one realm. Every difference it notices moves `revision`."""

    def __init__(
        self,
        store: FileStore,
        *,
        changes: ChangeLog,
        cache: LayeredCache[Compiled],
        transpiler: TranspilerPool,
        names: ModuleNames,
        revision: Revision,
    ) -> None:
        self.store = store
        self.realm = store.realm
        self.paths = ModulePaths(store.realm, names, revision)
        # Bounded by the realm: an entry for each module file there is, some kilobytes each.
        self.known: dict[str, KnownModule] = {}
        self._revision = revision
        self.seen_seq: int | None = None
        """How far the realm's log has been heard; None before the realm was listed."""
        self._changes = changes
        self._cache = cache
        self._transpiler = transpiler
        self._root = str(store.root)

    async def hear(self, heard: Heard) -> None:
        """Look again at what the log says has changed."""
        if heard.starts_over:
            await self.list()
            return
        for change in heard.changes:
            if change.is_forced:
                self._cache.invalidate(self.realm.url, change.path)
                self.forget(change.path)
            self.look_again_at(change.path)
        self.seen_seq = heard.seq

    async def list(self) -> None:
        """Note which modules there are: the first time, and after a long silence."""
        # The seq first: what happens during the walk is looked at once more.
        seq = await self._changes.last_seq(self.realm.url)
        self.paths.replace([found.path for found in await self.store.walk()])
        for path in [path for path in self.known if path not in self.paths]:
            self.forget(path)
        self.seen_seq = seq

    def look_again_at(self, path: str) -> None:
        """Drop what is known of a path if its file differs, and note whether it is there.

        One change is often announced twice, by the write and by the log; the second time
        nothing differs any more.
        """
        known = self.known.get(path)
        if not is_module_path(path) or (known and known.identity == self.identity(path)):
            return
        self.forget(path)
        if self._may_be_read(path):
            self.paths.add(path)
        else:
            self.paths.remove(path)

    def _may_be_read(self, path: str) -> bool:
        try:
            return self.store.stat_now(path) is not None
        except RealmkitError:
            # A link that leads out of the realm or to itself, a disk that does not answer:
            # for whoever imports it, it is not there.
            return False

    def forget(self, path: str) -> None:
        # The cache checks each entry against its source's hash, and may keep what it has.
        if self.known.pop(path, None) is not None:
            self._revision.module_differs()

    def check(self) -> None:
        """Compare every known file's identity with the disk, and drop what differs."""
        for path, module in list(self.known.items()):
            if self.identity(path) != module.identity:
                self.look_again_at(path)

    def identity(self, path: str) -> Identity | None:
        """The file's identity now; None when it is gone."""
        return identity_of(self.file_of(path))

    def file_of(self, path: str) -> str:
        """Where the file lies."""
        return f"{self._root}/{path}"

    def find(self, path: str) -> str | None:
        """The module file that `path` means, looking on the disk for one nobody spoke of."""
        found = self.paths.find(path)
        for each in possible_files(path) if path else ():
            if each == found:
                break
            if self.identity(each) is not None:
                self.look_again_at(each)
        return self.paths.find(path)

    async def know(self, path: str) -> KnownModule:
        """What the module at `path` holds. Raises `NotFound`, and `TryLater` when that cannot be
        said now; other failures are in `compiled`."""
        known = self.known.get(path)
        if known is not None and known.identity == self.identity(path):
            return known
        identity = await self._settled_identity(path)
        if identity is None:
            self.look_again_at(path)
            raise NotFound(f"`{self.realm.url_of(path)}` was not found.")
        try:
            found = await self.compiled(path)
        except (NotFound, Forbidden) as exc:
            self.look_again_at(path)
            raise NotFound(f"`{self.realm.url_of(path)}` was not found.") from exc
        except TryLater:
            # Says nothing of the module, so there is nothing to know and nothing to tell others.
            raise
        except RealmkitError as exc:
            # Too slow or too large: it would be again, until somebody edits it.
            found = Found(Compiled(error=Failure(exc.detail)), "", "made")
        module = KnownModule(
            path,
            identity,
            modified_s=identity[2] // 1_000_000_000,
            source_hash=found.source_hash,
            compiled=_facts(found.value),
            layer=found.layer,
        )
        before = self.known.get(path)
        if before is None or before.source_hash != module.source_hash:
            self._revision.module_differs()
        self.known[path] = module
        self.paths.add(path)
        return module

    async def _settled_identity(self, path: str) -> Identity | None:
        for _ in range(5):
            identity = self.identity(path)
            age_ns = time.time_ns() - identity[2] if identity else _TICK_NS
            if not 0 <= age_ns < _TICK_NS:
                return identity
            await asyncio.sleep((_TICK_NS - age_ns) / 1e9)
        return self.identity(path)

    async def compiled(self, path: str) -> Found[Compiled]:
        """The whole module, from a layer of the cache or from the transpiler."""
        return await self._cache.get(
            self.realm.url,
            path,
            self._transpiler.version,
            read=lambda: self._read(path),
            make=lambda source: self._compile(path, source),
        )

    async def whole(self, known: KnownModule) -> Found[Compiled]:
        """The whole of a module that is known: its file was just looked at, and is not read
        again unless no layer has it any more."""
        kept = await self._cache.peek(
            self.realm.url, known.path, self._transpiler.version, known.source_hash
        )
        return kept or await self.compiled(known.path)

    async def _read(self, path: str) -> ModuleSource:
        content, _ = await self.store.read_bytes(path)
        digest = hash_of(content)
        try:
            return ModuleSource(content.decode(), digest)
        except UnicodeDecodeError:
            return ModuleSource(None, digest)

    async def _compile(self, path: str, source: ModuleSource) -> Compiled:
        if source.text is None:
            return Compiled(error=Failure("The file is not UTF-8 text."))
        return await self._transpiler.transpile(path, source.text)


def _facts(compiled: Compiled) -> Compiled:
    return msgspec.structs.replace(compiled, parts=("",), map=msgspec.Raw(b"null"))
