"""`realmkit version`."""

import click


@click.command("version")
def command() -> None:
    """Print the version."""
    from importlib.metadata import version

    click.echo(version("realmkit"))
