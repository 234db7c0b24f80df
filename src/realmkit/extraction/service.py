"""Looking into files, in processes that may be ended.

The indexer, the link loader and the edge ask here. What a file's bytes told is kept
by their hash, so that the visit of a card that shows a file and the visit of the file
itself look once. A file that takes too long, takes too much memory or takes its
process down gets a note and is a plain file; nothing here ever fails a run.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import OrderedDict
from concurrent.futures import TimeoutError as TookTooLong
from pathlib import Path, PurePosixPath

from pebble import ProcessExpired, ProcessPool

from realmkit.extraction.facts import FileFacts
from realmkit.extraction.kinds import FILE, FileKind, kind_of_file
from realmkit.extraction.looking import (
    READ_LIMIT,
    Extract,
    limit_memory,
    look_into,
    too_large,
)
from realmkit.files import FileLook, FileStore

PATIENCE_S = 15.0
KEPT_EXTRACTS = 128
# A library that leaks is forgiven for so many files.
FILES_PER_PROCESS = 500


class FileExtractor:
    """Looks into files. Starts no process before the first file that needs one."""

    def __init__(self, *, process_count: int = 1, patience_s: float = PATIENCE_S) -> None:
        self._process_count = process_count
        self._patience_s = patience_s
        self._pool: ProcessPool | None = None
        self._kept: OrderedDict[tuple[str, str], Extract] = OrderedDict()
        self._under_way: dict[tuple[str, str], asyncio.Task[Extract]] = {}
        self.looked_into = 0
        """Files whose bytes were looked at."""

    def __repr__(self) -> str:
        state = "idle" if self._pool is None else "running"
        return f"<FileExtractor {state}, {self.looked_into} files>"

    async def stop(self) -> None:
        """End the processes, whatever they are at."""
        for task in list(self._under_way.values()):
            task.cancel()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            await asyncio.to_thread(pool.join)

    async def facts(self, files: FileStore, path: str) -> FileFacts:
        """What is known of the file at `path`. Raises as `FileStore.look`."""
        look = await files.look(path)
        kind = kind_of_file(path)
        if kind.reader is None or look.size == 0:
            return _facts(look, kind, Extract())
        if look.size > READ_LIMIT:
            return _facts(look, FILE, Extract(note=too_large(look.size)))
        extract = await self._extract(look, kind, files.locate(path))
        if not extract.is_kind:
            kind = FILE
        elif extract.is_of_parent_kind:
            kind = kind.parent or kind
        return _facts(look, kind, extract)

    async def _extract(self, look: FileLook, kind: FileKind, real: Path) -> Extract:
        suffix = PurePosixPath(look.path).suffix.lower()
        key = (look.content_hash, suffix)
        if kept := self._kept.get(key):
            self._kept.move_to_end(key)
            return kept
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._look(kind, real, suffix), name="look into a file")
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # One caller giving up must not cancel the work the others await.
        extract = await asyncio.shield(task)
        # Bytes that were written meanwhile are a change of their own, with another hash.
        if extract.content_hash in (look.content_hash, ""):
            self._kept[key] = extract
            while len(self._kept) > KEPT_EXTRACTS:
                self._kept.popitem(last=False)
        return extract

    async def _look(self, kind: FileKind, real: Path, suffix: str) -> Extract:
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self._process_count,
                max_tasks=FILES_PER_PROCESS,
                initializer=limit_memory,
                # A fork would take over the locks of our threads.
                context=multiprocessing.get_context("spawn"),
            )
        self.looked_into += 1
        work = self._pool.schedule(
            look_into, args=[str(real), kind.reader, suffix], timeout=self._patience_s
        )
        try:
            return await asyncio.wrap_future(work)
        except TookTooLong:
            note = f"Looking into it took longer than {self._patience_s:g} s."
        except ProcessExpired:
            note = "Looking into it ended the process that did."
        except OSError:
            note = "It could not be read."
        except Exception as exc:
            # A reader's bug is one file's note.
            note = f"Looking into it failed: {type(exc).__name__}."
        return Extract(note=note, is_kind=False)


def _facts(look: FileLook, kind: FileKind, extract: Extract) -> FileFacts:
    return FileFacts(
        look.path,
        kind,
        look.size,
        look.content_hash,
        look.modified_at,
        look.created_at,
        extract.attributes,
        extract.note,
    )
