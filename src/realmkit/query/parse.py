"""Reading a query: decoded JSON in, nodes out, or a refusal that names the place."""

from realmkit.cards.code_refs import ModuleNames
from realmkit.query.nodes import Query


def parse_query(
    body: object, *, names: ModuleNames, relative_to: str | None = None, pointer: str = ""
) -> Query:
    """Return the query in `body`; code refs resolve against `relative_to`. Raises `BadRequest`."""
    raise NotImplementedError
