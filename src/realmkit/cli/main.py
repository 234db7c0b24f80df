"""The `realmkit` command: what a person types, and how they hear what went wrong.

Every command is a file of its own that is imported when it is called, so that
`--help` answers at once. A mistake is one readable line on stderr: exit code 2 for
a command that was typed wrong, 1 for anything that stands in its way.
"""

import sys
from importlib import import_module
from typing import ClassVar

import click

from realmkit.config import SetupError
from realmkit.errors import RealmkitError


class _Commands(click.Group):
    """Commands by name: the module under `realmkit.cli`, and the line `--help` shows."""

    lines: ClassVar[dict[str, str]] = {
        "serve": "Serve folders of cards as realms, live.",
        "check": "Index a folder once and print every error in it.",
        "index": "Bring the index of folders up to date, then stop.",
        "forget": "Remove what is kept of a realm that is served no more.",
        "search": "Search the cards of a folder or of a running server.",
        "version": "Print the version.",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lines:
            return None
        return import_module(f"realmkit.cli.{cmd_name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.lines.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.lines and not args[0].startswith("-"):
            from realmkit.cards.near_miss import did_you_mean

            hint = did_you_mean(args[0], self.lines) or " `realmkit --help` lists them."
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    epilog="Each command has a --help of its own, with examples.",
)
def cli() -> None:
    """A realm server: folders of linked, typed cards, served and kept live.

    \b
    A realm is a folder. It holds card definitions (.gts) and cards (.json):
        realmkit serve my-cards            open http://127.0.0.1:4201 and look around
        realmkit check my-cards            is everything in it in order?
        realmkit search my-cards france    find a card from the terminal
    """


def main() -> None:
    """The console script."""
    try:
        status = cli.main(prog_name="realmkit", standalone_mode=False)
    except click.ClickException as exc:
        _say(exc)
        sys.exit(exc.exit_code)
    except SetupError as exc:
        click.echo(f"realmkit: {exc}", err=True)
        sys.exit(1)
    except RealmkitError as exc:
        click.echo(f"realmkit: {exc.detail}", err=True)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


def _say(exc: click.ClickException) -> None:
    """One line, with a pointer to the help of the command that was typed wrong."""
    line = f"realmkit: {exc.format_message()}"
    if isinstance(exc, click.UsageError) and exc.ctx and exc.ctx.info_name:
        line += f" (see `{exc.ctx.command_path} --help`)"
    click.echo(line, err=True)
