"""What a search asks: parse, validate, compile. No I/O."""

from realmkit.query.nodes import HTMLRequest, Page, Query
from realmkit.query.parse import parse_query

__all__ = ["HTMLRequest", "Page", "Query", "parse_query"]
