"""A realm's folder: reading files, writing them, noticing what others wrote.

A write takes the realm's write lock, puts the files in place atomically, and then in
one transaction records the changes, the files' metadata and whatever other stations
have asked to record with it. If anything fails, the folder is as it was. Nobody is
told directly: everything else follows the change log.

Every path that comes in is realm-relative, checked, and followed through symbolic
links before it is used; ignored files are treated as absent.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from realmkit.cards.code_refs import MODULE_EXTENSIONS
from realmkit.changes import ChangeLog, NewChange
from realmkit.config import Limits, Realm, SetupError
from realmkit.db import Database, completed
from realmkit.errors import Forbidden, NotFound, NotText, RealmkitError
from realmkit.files import disk
from realmkit.files.disk import FileStat
from realmkit.files.ignore import IgnoreRules, is_rules
from realmkit.files.metas import FileMeta, in_order
from realmkit.files.paths import checked, kind_of, refusal, within
from realmkit.files.records import FileRecords, InTransaction, WriteResult
from realmkit.files.scanning import Scanner
from realmkit.files.writing import FileWrite, carry_out, prepare

# So many paths at once are looked at by a scan rather than one by one.
MANY_PATHS = 1_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was at one moment. `created_at` is in unix seconds."""

    path: str
    content: bytes
    content_hash: str
    mtime_ns: int
    created_at: int

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def modified_at(self) -> int:
        """Unix seconds."""
        return self.mtime_ns // 1_000_000_000

    def text(self) -> str:
        """The content as text. Raises `NotText` naming the first byte that is none."""
        try:
            return self.content.decode()
        except UnicodeDecodeError as exc:
            byte = self.content[exc.start]
            raise NotText(
                f"`{self.path}` is not UTF-8 text: byte 0x{byte:02x} at offset {exc.start}."
            ) from exc


@dataclass(frozen=True, slots=True)
class FileLook:
    """A file without its bytes. Times are unix seconds."""

    path: str
    size: int
    content_hash: str
    modified_at: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Child:
    """A file or folder directly inside a folder; a folder's `name` ends with a slash."""

    name: str
    is_folder: bool
    modified_at: int | None = None
    created_at: int | None = None

    @property
    def meta(self) -> dict[str, object]:
        """`{kind, lastModified?, resourceCreatedAt?}`, as directory documents carry it."""
        if self.is_folder:
            return {"kind": "directory"}
        times = {"lastModified": self.modified_at, "resourceCreatedAt": self.created_at}
        return {"kind": "file", **{name: time for name, time in times.items() if time is not None}}


class FileStore:
    """The files of one realm. Raises `SetupError` if the realm's folder is not there."""

    def __init__(
        self,
        realm: Realm,
        db: Database,
        changes: ChangeLog,
        *,
        limits: Limits | None = None,
        in_transaction: Iterable[InTransaction] = (),
    ) -> None:
        if not realm.root.is_dir():
            raise SetupError(f"The folder {realm.root} does not exist.")
        self.realm = realm
        self.root = realm.root.resolve()
        self.rules = IgnoreRules(self.root)
        self.limits = limits or Limits()
        self._hooks = list(in_transaction)
        self._records = FileRecords(realm, self.root, db, changes, self._hooks)
        self._scanner = Scanner(self.root, self.rules, self._records)
        # Whoever replaces files or looks at what others replaced, in whichever process.
        self._write_lock = db.locks.named(realm.url)

    def __repr__(self) -> str:
        return f"<FileStore {self.realm.name}{', writing' if self._write_lock.is_held else ''}>"

    def join_transactions(self, hook: InTransaction) -> None:
        """Have `hook` write its rows in the transaction of every change from now on.

        A hook whose rows may fail without failing the write uses a savepoint.
        """
        self._hooks.append(hook)

    # Reading.

    async def read(self, path: str) -> StoredFile:
        """A file's bytes. Raises `NotFound`, `Forbidden`, `BadRequest` or `TooLarge`."""
        content, found, digest = await self._read(path, disk.read_hashed)
        created_at = await self._records.created_at(path) or found.modified_at
        return StoredFile(path, content, digest, found.mtime_ns, created_at)

    async def read_bytes(self, path: str) -> tuple[bytes, FileStat]:
        """As `read`, for those who need nothing that only the database knows."""
        return await self._read(path, disk.read)

    async def _read(self, path: str, read: Callable[[str, Path], T]) -> T:
        real = self.locate(path)
        try:
            return await asyncio.to_thread(read, path, real)
        except OSError as exc:
            raise self._refusal(path, exc) from exc

    async def look(self, path: str) -> FileLook:
        """What a file of any size is, without holding its bytes. Raises as `read`."""
        real = self.locate(path)
        try:
            found = disk.stat_of(path, real)
        except OSError as exc:
            raise self._refusal(path, exc) from exc
        if found is None:
            raise self._not_found(path)
        meta = (await self._records.metas([path])).get(path)
        created_at = meta.created_at if meta else found.modified_at
        if meta is not None and meta.is_surely(found):
            return FileLook(path, found.size, meta.content_hash, found.modified_at, created_at)
        looked = await asyncio.to_thread(disk.look, path, real)
        if looked is None:
            # It says why not.
            await self.read(path)
            raise self._not_found(path)
        digest, found = looked
        return FileLook(path, found.size, digest, found.modified_at, created_at)

    async def read_many(self, paths: Iterable[str]) -> dict[str, StoredFile | RealmkitError]:
        """Several files with one trip to the disk's thread and one statement; for each that
        cannot be read, what `read` would raise."""
        found: dict[str, StoredFile | RealmkitError] = {}
        located: dict[str, Path] = {}
        for path in paths:
            try:
                located[path] = self.locate(path)
            except RealmkitError as exc:
                found[path] = exc
        if not located:
            return found
        created = await self.creation_times(located)

        def work() -> None:
            for path, real in located.items():
                try:
                    content, seen, digest = disk.read_hashed(path, real)
                except OSError as exc:
                    found[path] = self._refusal(path, exc)
                except RealmkitError as exc:
                    found[path] = exc
                else:
                    at = created.get(path) or seen.modified_at
                    found[path] = StoredFile(path, content, digest, seen.mtime_ns, at)

        await asyncio.to_thread(work)
        return found

    async def stat(self, path: str) -> FileStat | None:
        """The stat of a file, None if there is none. Raises `BadRequest` or `Forbidden`."""
        return self.stat_now(path)

    def stat_now(self, path: str) -> FileStat | None:
        """`stat` for those who cannot wait; it costs some microseconds."""
        if self.rules.is_ignored(checked(path)):
            return None
        try:
            return disk.stat_of(path, within(self.root, path))
        except OSError as exc:
            raise self._refusal(path, exc) from exc

    async def resolve(
        self, path: str, extensions: Sequence[str] = (*MODULE_EXTENSIONS, ".json")
    ) -> str | None:
        """The path of the file that `path` means: itself, or with the first extension that fits."""
        return next(
            (each for each in (path, *(path + end for end in extensions)) if self.stat_now(each)),
            None,
        )

    def locate(self, path: str) -> Path:
        """Where a file lies, for reading it piecemeal. Raises as `read`, but not if it is absent."""
        if self.rules.is_ignored(checked(path)):
            raise self._not_found(path)
        return within(self.root, path)

    async def created_at(self, path: str) -> int | None:
        """When a file was first seen, in unix seconds."""
        return await self._records.created_at(path)

    async def creation_times(self, paths: Iterable[str]) -> dict[str, int]:
        """When each of these files was first seen, in unix seconds; unknown ones are left out."""
        metas = await self._records.metas(paths)
        return {path: meta.created_at for path, meta in metas.items()}

    async def list(self, folder: str) -> list[Child]:
        """What lies directly in a folder, sorted by name. `""` is the realm itself.

        Raises `NotFound` if it is no folder.
        """
        folder = folder.removesuffix("/")
        if folder and self.rules.is_ignored(checked(folder), is_folder=True):
            raise self._not_found(folder)
        within(self.root, folder)
        try:
            found = await asyncio.to_thread(disk.children, self.root, self.rules, folder)
        except OSError as exc:
            raise self._refusal(folder, exc) from exc
        files = [each for each in found if isinstance(each, FileStat)]
        metas = await self._records.metas(file.path for file in files)
        children = [
            Child(
                file.path.rpartition("/")[2],
                is_folder=False,
                modified_at=file.modified_at,
                created_at=metas[file.path].created_at if file.path in metas else None,
            )
            for file in files
        ]
        children += [
            Child(f"{each.rpartition('/')[2]}/", is_folder=True)
            for each in found
            if isinstance(each, str)
        ]
        return sorted(children, key=lambda child: child.name)

    async def walk(self) -> list[FileStat]:
        """Every file of the realm, folder by folder, sorted by name in each."""
        return await asyncio.to_thread(lambda: list(disk.walk(self.root, self.rules)))

    async def content_hashes(self) -> dict[str, str]:
        """The content hash of every file, by path, as the last scan or write left it."""
        metas = await self._records.every_meta()
        return {path: meta.content_hash for path, meta in metas.items()}

    # Writing.

    @asynccontextmanager
    async def editing(self) -> AsyncGenerator[Editing, None]:
        """Hold the realm's write lock, so that what is read stays true until it is written."""
        async with self._write_lock:
            yield Editing(self.read, self._write_many)

    async def write(
        self, path: str, content: bytes, *, client_request_id: str | None = None
    ) -> WriteResult:
        """Create or replace one file. Raises as `write_many`."""
        return await self.write_many([FileWrite(path, content)], client_request_id)

    async def delete(self, path: str, *, client_request_id: str | None = None) -> WriteResult:
        """Remove one file. Raises `NotFound` if it is not there, else as `write_many`."""
        return await self.write_many([FileWrite(path, None)], client_request_id)

    async def write_many(
        self, writes: Sequence[FileWrite], client_request_id: str | None = None
    ) -> WriteResult:
        """Put all of `writes` in place, or none of them.

        Identical bytes are no change. Raises `Forbidden` (read-only realm, ignored path,
        link out of the realm), `BadRequest` (bad path, one path twice), `TooLarge`,
        `NotFound`, `Conflict`, `PreconditionFailed`, `TryLater` (disk, database).
        """
        async with self.editing() as edit:
            return await edit.write_many(writes, client_request_id)

    async def _write_many(
        self, writes: Sequence[FileWrite], client_request_id: str | None
    ) -> WriteResult:
        if not self.realm.is_writable:
            raise Forbidden(f"The realm {self.realm.url} is read-only.")
        known = await self._records.metas([checked(write.path) for write in writes])
        prepared = await asyncio.to_thread(
            prepare, writes, known, self.root, self.rules, self.limits, client_request_id
        )
        if not prepared.changes:
            return WriteResult(await self._records.last_seq(), [])
        result = await carry_out(prepared, known, self._records)
        if any(is_rules(change.path) for change in prepared.changes):
            more = await self._scanner.scan()
            return WriteResult(more.seq, [*result.changes, *more.changes])
        return result

    async def announce(
        self, paths: Iterable[str], client_request_id: str | None = None
    ) -> WriteResult:
        """Log files as changed though they may be as they were, so that whoever follows the
        log looks at them again. Paths without a file count as removed if there was one."""
        wanted = list(dict.fromkeys(map(checked, paths)))
        async with self._write_lock:
            known = await self._records.metas(wanted)
            changes: list[NewChange] = []
            for path in wanted:
                digest = await self._hash_now(path, known.get(path))
                if digest is not None or path in known:
                    operation = "removed" if digest is None else "updated"
                    kind = kind_of(path)
                    changes.append(
                        NewChange(kind, path, operation, digest, client_request_id, is_forced=True)
                    )
            return await completed(self._records.record(in_order(changes), {}, known))

    async def _hash_now(self, path: str, known: FileMeta | None) -> str | None:
        """The content hash of a file of any size; what was known of one that cannot be read;
        None when there is none."""
        if self.stat_now(path) is None:
            return None
        looked = await asyncio.to_thread(disk.look, path, self.locate(path))
        if looked is None:
            return known.content_hash if known else None
        return looked[0]

    # Noticing what others wrote.

    async def scan(self) -> WriteResult:
        """Compare the whole folder with what is remembered, and log the differences.

        Reads only files whose size, time or inode is new. Undoes what a killed process
        left half done, so it comes first at every start.
        """
        async with self._write_lock:
            return await completed(self._scanner.scan())

    async def rescan(self, paths: Iterable[str]) -> WriteResult:
        """Look at these paths, and at everything below those that are or were folders."""
        wanted = list(paths)
        if len(wanted) > MANY_PATHS or any(is_rules(path) for path in wanted):
            return await self.scan()
        async with self._write_lock:
            return await completed(self._scanner.rescan(wanted))

    # Refusing.

    def _refusal(self, path: str, exc: OSError) -> RealmkitError:
        if isinstance(exc, FileNotFoundError | NotADirectoryError | IsADirectoryError):
            return self._not_found(path)
        return refusal(path, exc)

    def _not_found(self, path: str) -> NotFound:
        return NotFound(f"`{path}` was not found in {self.realm.url}.")


class Editing:
    """A turn at writing. A caller who is cancelled during a write hears of it afterwards."""

    def __init__(
        self,
        read: Callable[[str], Awaitable[StoredFile]],
        write_many: Callable[[Sequence[FileWrite], str | None], Coroutine[Any, Any, WriteResult]],
    ) -> None:
        self.read = read
        self._write_many = write_many

    async def write_many(
        self, writes: Sequence[FileWrite], client_request_id: str | None = None
    ) -> WriteResult:
        """As `FileStore.write_many`."""
        return await completed(self._write_many(writes, client_request_id))
