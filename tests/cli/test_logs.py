"""What anybody logs ends in one format."""

import logging
from collections.abc import Generator

import orjson
import pytest

from realmkit.cli.logs import configure_logs


@pytest.fixture(autouse=True)
def _as_it_was() -> Generator[None, None, None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_json_log_is_json_to_the_last_line(capsys: pytest.CaptureFixture[str]):
    configure_logs("json")
    logging.getLogger("realmkit.files").warning("a file was lost", extra={"path": "a.json"})
    logging.getLogger("realmkit.indexer").info("a run of %d files", 3)
    logging.getLogger("watchfiles").error("a library's word")

    lines = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == [
        "a file was lost",
        "a run of 3 files",
        "a library's word",
    ]
    assert lines[0]["path"] == "a.json"


def test_a_plain_log_leaves_out_what_libraries_merely_mention(capsys: pytest.CaptureFixture[str]):
    configure_logs("plain")
    logging.getLogger("watchfiles").info("chatter")
    logging.getLogger("realmkit.indexer").info("ours")

    assert "ours" in (said := capsys.readouterr().err)
    assert "chatter" not in said
