"""Answering searches and serving linked documents."""

from realmkit.search.engine import SearchEngine, SearchPage

__all__ = ["SearchEngine", "SearchPage"]
