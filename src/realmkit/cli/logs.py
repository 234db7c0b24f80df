"""What the program says about itself while it runs, on stderr: for people, or as JSON lines.

Everything goes through `logging`, ours and the libraries' alike, and ends in one
handler, so a JSON log is JSON to the last line. What a message is about travels
beside it in `extra`.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

LogFormat = Literal["plain", "json"]

# What every record has; anything else on a record came in `extra`.
_ALWAYS_THERE = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


def configure_logs(log_format: LogFormat) -> None:
    """Set logging up, before anything logs: ours from `info` on, libraries' from `warning` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JSONLines() if log_format == "json" else _PlainLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("realmkit").setLevel(logging.INFO)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _ALWAYS_THERE}


class _PlainLines(logging.Formatter):
    """`12:30:05 warning Watching stopped  realm=… reason=…`, a traceback below where there is one."""

    def __init__(self) -> None:
        super().__init__(datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        beside = "".join(f"  {key}={value}" for key, value in _extra(record).items())
        time = self.formatTime(record, self.datefmt)
        return f"{time} {record.levelname.lower()} {record.getMessage()}{beside}"


class _JSONLines(logging.Formatter):
    """One object a line: `event`, `level`, `timestamp` (UTC), `logger`, and what came beside it."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "logger": record.name,
            **_extra(record),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(said, default=str).decode()
