"""Showing on stderr how indexing goes: a moving bar on a terminal, plain lines elsewhere.

Nothing is shown for a realm that has nothing to index.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import click

from realmkit.config import Realm
from realmkit.http.stations import Progress, ProgressSource

LINE_EVERY_S = 3.0


@asynccontextmanager
async def shown_progress(
    source: ProgressSource, realms: Sequence[Realm], *, is_wanted: bool = True
) -> AsyncGenerator[None, None]:
    """Show the progress of `realms` for as long as the block runs."""
    if not is_wanted:
        yield
        return
    show = _on_terminal if sys.stderr.isatty() else _as_lines
    tasks = [
        asyncio.create_task(show(source, realm), name=f"progress of {realm.name}")
        for realm in realms
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _as_lines(source: ProgressSource, realm: Realm) -> None:
    """A line when a run begins, one every few seconds, one when it is done."""
    last_line_at, began_at, total = 0.0, 0.0, 0
    was_indexing = False
    async for progress in source.follow(realm.url):
        now = time.monotonic()
        if progress.state == "indexing":
            if not was_indexing:
                began_at = last_line_at = now
            elif now - last_line_at >= LINE_EVERY_S:
                click.echo(_line(realm, progress), err=True)
                last_line_at = now
            was_indexing, total = True, progress.total
        elif was_indexing:
            was_indexing = False
            # An edit of a few files is told by the page, not by the terminal.
            if total > _FEW:
                click.echo(_summary(realm, progress, now - began_at), err=True)


async def _on_terminal(source: ProgressSource, realm: Realm) -> None:
    """A bar for each run of more than a few files."""
    from rich.markup import escape

    bar: Any = None
    task: Any = None
    began_at = 0.0
    try:
        async for progress in source.follow(realm.url):
            if progress.state == "indexing" and progress.total > _FEW:
                if bar is None:
                    bar, began_at = _bar(), time.monotonic()
                    bar.start()
                    task = bar.add_task(
                        escape(realm.name), total=progress.total, rate="", errors="", current=""
                    )
                bar.update(
                    task,
                    completed=progress.done,
                    total=progress.total,
                    rate=_rate(progress),
                    errors=_errors(progress),
                    current=escape(progress.current or ""),
                )
            elif bar is not None and progress.state == "idle":
                bar.stop()
                bar = None
                click.echo(_summary(realm, progress, time.monotonic() - began_at), err=True)
    finally:
        if bar is not None:
            bar.stop()


_FEW = 5


def _bar() -> Any:
    # rich costs a fifth of a second: only who indexes on a terminal pays for it.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    return Bars(
        TextColumn("  indexing [bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}[red]{task.fields[errors]}"),
        TimeRemainingColumn(),
        # The last column, for it is cut where the terminal ends.
        TextColumn("[dim]{task.fields[current]}", table_column=Column(no_wrap=True)),
        console=Console(stderr=True),
        transient=True,
    )


def _line(realm: Realm, progress: Progress) -> str:
    counted = f"{progress.done} of {progress.total} indexed, {_rate(progress)}"
    current = f", at {progress.current}" if progress.current else ""
    return f"  {realm.name}: {counted}{_errors(progress)}{current}"


def _summary(realm: Realm, progress: Progress, seconds: float) -> str:
    return f"  {realm.name}: {progress.done} indexed in {seconds:.1f} s{_errors(progress)}"


def _errors(progress: Progress) -> str:
    count = int(str(progress.to_json().get("errors") or 0))
    return f", {count} in error" if count else ""


def _rate(progress: Progress) -> str:
    return f"{progress.to_json().get('rate', 0)} a second"
