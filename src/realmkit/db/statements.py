"""Named statements, read from the `.sql` file beside the station that uses them.

    -- name: since
    -- The changes of a realm after a seq, oldest first.
    select ... where realm_url = $1 and seq > $2 order by seq limit cast($3 as bigint);

A limit is cast: SQLite plans a statement anew, each time, whose limit is a bare parameter.

The lines between the name and the SQL say what the statement answers; a statement
without them is refused. Where the databases differ, a statement is written twice,
as `-- name: since [sqlite]` and `-- name: since [postgres]`. Where they differ in a part
only, the part is named like a statement, and stands as `{its_name}` in those after it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, partial
from importlib import resources
from types import MappingProxyType

from realmkit.db.database import Dialect

_HEADING = re.compile(r"^-- name: (?P<name>\w+)(?: \[(?P<dialect>sqlite|postgres)\])?$")
_PART = re.compile(r"\{(?P<name>\w+)\}")


@cache
def load_sql(package: str, filename: str, dialect: Dialect = "sqlite") -> Mapping[str, str]:
    """The statements of `filename`, by name, as `dialect` needs them."""
    text = resources.files(package).joinpath(filename).read_text("utf-8")
    return MappingProxyType(parse_statements(text, dialect, source=filename))


def parse_statements(text: str, dialect: Dialect, *, source: str) -> dict[str, str]:
    """Cut `text` at its `-- name:` lines, keeping what is for every dialect or for this one."""
    found: dict[str, str] = {}
    sections = re.split(r"(?m)^(?=-- name: )", text)
    for section in sections[1:]:
        heading, _, rest = section.partition("\n")
        match = _HEADING.match(heading.strip())
        if match is None:
            raise ValueError(f"{source}: `{heading}` does not name a statement")
        lines = rest.strip().splitlines()
        sql = "\n".join(line for line in lines if not line.startswith("--")).strip()
        if not lines or not lines[0].startswith("-- ") or not sql:
            raise ValueError(f"{source}: `{match['name']}` needs a comment and a statement")
        if match["dialect"] in (None, dialect):
            if match["name"] in found:
                raise ValueError(f"{source}: `{match['name']}` is there twice")
            found[match["name"]] = _PART.sub(partial(_part, found, source), sql.removesuffix(";"))
    return found


def _part(found: Mapping[str, str], source: str, asked: re.Match[str]) -> str:
    if asked["name"] not in found:
        raise ValueError(f"{source}: nothing before `{asked[0]}` has that name")
    return found[asked["name"]]
