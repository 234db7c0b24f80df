"""The names by which files are depended on.

A module is named without its extension, an instance by its `.json` file, any other
file by its URL; modules of the base realm begin with `@cardstack/base/`. A change
names a file; whoever depends on it may have written any of these.
"""

from __future__ import annotations

from collections.abc import Iterable

from realmkit.cards.code_refs import MODULE_EXTENSIONS, ModuleNames, trim_executable_extension
from realmkit.index.artefacts import EntryType

LONGEST_NAME = 1_200
"""In bytes. No file has a longer one, so nothing is lost by forgetting who depends on it."""


def alias_of(url: str, names: ModuleNames) -> str:
    """The URL without an executable extension or `.json`, base realm folded."""
    return trim_executable_extension(names.fold(url)).removesuffix(".json")


def name_of(url: str, type: EntryType, names: ModuleNames) -> str:
    """What an entry is called in the dependencies of others."""
    folded = names.fold(url)
    return trim_executable_extension(folded) if type == "module" else folded


def names_of_changed(urls: Iterable[str], names: ModuleNames) -> list[str]:
    """Every name under which one of `urls` may be depended on, sorted.

    Card ids without `.json` and modules without extension are understood as well.
    """
    found: set[str] = set()
    for url in urls:
        folded = names.fold(url.partition("#")[0].partition("?")[0])
        alias = alias_of(url, names)
        found |= {folded, alias}
        if not folded.endswith((".json", *MODULE_EXTENSIONS)):
            found.add(f"{folded}.json")
    return sorted(found)
