"""A pool of Node workers that turn one source file at a time into a module.

Workers start on first use and live until `stop`. Requests and answers travel as
length-prefixed JSON frames over stdin and stdout. A worker that dies is replaced and
its request tried once more; one that exceeds the deadline is killed, and the author
is told which file it was.
"""

from pathlib import Path


class TranspilerPool:
    """At most `size` workers running `program` (`transpiler.mjs`) under `node`."""

    def __init__(
        self,
        program: Path,
        *,
        node: Path | None = None,
        size: int = 2,
        deadline_s: float = 30.0,
    ) -> None:
        raise NotImplementedError
