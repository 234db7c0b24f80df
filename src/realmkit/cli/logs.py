"""What the program says about itself while it runs, on stderr: for people, or as JSON lines.

Some of it comes through structlog and some, like that of the libraries we use,
through `logging`. Both end in one handler, so a JSON log is JSON to the last line.
"""

import logging
import sys
from typing import Any, Literal

import structlog
from structlog.stdlib import ProcessorFormatter

LogFormat = Literal["plain", "json"]


def configure_logs(log_format: LogFormat) -> None:
    """Set both up, before anything logs: ours from `info` on, libraries' from `warning` on."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso" if log_format == "json" else "%H:%M:%S"),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            processors=[ProcessorFormatter.remove_processors_meta, *_rendering(log_format)],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("realmkit").setLevel(logging.INFO)
    structlog.configure(
        processors=[*shared, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _rendering(log_format: LogFormat) -> list[Any]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,
        )
    ]
