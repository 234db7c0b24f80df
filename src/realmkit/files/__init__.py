"""A realm's folder: reading, writing atomically, scanning, watching, ignoring."""

from realmkit.files.disk import FileStat
from realmkit.files.paths import kind_of
from realmkit.files.records import InTransaction, WriteResult
from realmkit.files.store import Child, Editing, FileLook, FileStore, StoredFile
from realmkit.files.watcher import FileWatcher
from realmkit.files.writing import FileWrite

__all__ = [
    "Child",
    "Editing",
    "FileLook",
    "FileStat",
    "FileStore",
    "FileWatcher",
    "FileWrite",
    "InTransaction",
    "StoredFile",
    "WriteResult",
    "kind_of",
]
