"""Named statements in `.sql` files."""

import re
from pathlib import Path

import pytest

import realmkit
from realmkit.db.statements import parse_statements

BOTH = """
-- name: shared
-- What both understand.
select 1;

-- name: own [sqlite]
-- What SQLite understands.
select json_each();

-- name: own [postgres]
-- What PostgreSQL understands.
select jsonb_array_elements();
"""


def test_each_dialect_gets_its_own_statements() -> None:
    assert parse_statements(BOTH, "sqlite", source="x") == {
        "shared": "select 1",
        "own": "select json_each()",
    }
    assert parse_statements(BOTH, "postgres", source="x")["own"] == "select jsonb_array_elements()"


def test_a_part_is_said_once_and_stands_in_statements_after_it() -> None:
    listed = """
-- name: listed [sqlite]
-- The members of $1.
json_each($1)

-- name: listed [postgres]
-- The members of $1.
jsonb_array_elements($1)

-- name: count
-- How many members there are; `'{}'` is no part.
select count(*), '{}' from {listed};
"""
    counts = [
        parse_statements(listed, each, source="x")["count"] for each in ("sqlite", "postgres")
    ]

    assert counts == [
        "select count(*), '{}' from json_each($1)",
        "select count(*), '{}' from jsonb_array_elements($1)",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-- name: bare\nselect 1;", "needs a comment"),
        ("-- name: empty\n-- What it answers.\n", "needs a comment and a statement"),
        ("-- name: two words\n-- What.\nselect 1", "does not name"),
        ("-- name: a\n-- A.\nselect 1;\n-- name: a\n-- A.\nselect 2;", "twice"),
        ("-- name: a\n-- A.\nselect {b};\n-- name: b\n-- B.\n1", "nothing before `{b}`"),
    ],
)
def test_a_file_that_reads_badly_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_statements(text, "sqlite", source="x.sql")


def test_no_limit_is_a_bare_parameter() -> None:
    # See `test_sqlite`: SQLite would plan the statement anew each time.
    files = list(Path(realmkit.__file__).parent.rglob("*.sql"))
    bare = re.compile(r"\b(?:limit|offset) \$", re.IGNORECASE)
    assert files
    assert [file.name for file in files if bare.search(file.read_text())] == []
