"""Options that several commands take, each written once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

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
