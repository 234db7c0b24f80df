"""Keeping the index true: follow the change log, visit what changed, commit it together."""

from realmkit.indexer.indexer import Indexer
from realmkit.indexer.progress import Progress, ProgressHub

__all__ = ["Indexer", "Progress", "ProgressHub"]
