"""Options that several commands take, each written once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from realmkit.config import CacheBounds

DEFAULT_STATE = Path(".realmkit")
DEFAULT_PORT = 4201

F = TypeVar("F", bound=Callable[..., Any])


def state_option(help_text: str) -> Callable[[F], F]:
    """`--state DIR`, given to the command as `state_dir`."""
    return click.option(
        "--state",
        "state_dir",
        type=click.Path(path_type=Path, file_okay=False),
        default=DEFAULT_STATE,
        show_default=True,
        metavar="DIR",
        help=help_text,
    )


def served_port_option(help_text: str) -> Callable[[F], F]:
    """`--port` of a command that does not listen there itself."""
    return click.option(
        "--port",
        type=click.IntRange(1, 65535),
        default=DEFAULT_PORT,
        show_default=True,
        help=help_text,
    )


def render_timeout_option(command: F) -> F:
    """`--render-timeout SECONDS`."""
    return click.option(
        "--render-timeout",
        type=click.FloatRange(min=0.1),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="How long one card may take to render.",
    )(command)


def database_option(command: F) -> F:
    """`--database URL`."""
    return click.option(
        "--database",
        metavar="URL",
        help="A database instead of the state folder's file: postgresql://host/name.",
    )(command)


def cache_options(command: F) -> F:
    """`--cache-size MB` and `--cache-age DAYS`, given as `cache_size` and `cache_age`."""
    size = click.option(
        "--cache-size",
        type=click.IntRange(min=1),
        default=512,
        show_default=True,
        metavar="MB",
        help="How much compiled modules may take in the database; as much again, descriptions.",
    )
    age = click.option(
        "--cache-age",
        type=click.FloatRange(min=0.01),
        default=30,
        show_default=True,
        metavar="DAYS",
        help="How long they are kept there.",
    )
    return size(age(command))


def cache_bounds(cache_size: int, cache_age: float) -> CacheBounds:
    """What `cache_options` mean."""
    from realmkit.config import CacheBounds

    return CacheBounds(max_bytes=cache_size * 1024 * 1024, max_age_s=cache_age * 24 * 3600)
