"""Which files of a folder are not the realm's.

Dotfiles, `node_modules` and what editors leave behind while they save are never part
of a realm; `.gitignore` files, at any depth, take out more. What is ignored is not
listed, not indexed, not served and not written. `.gitignore` itself is an ordinary
file, and so is `.realm.json`.
"""

from __future__ import annotations

import re
from pathlib import Path

from pathspec import GitIgnoreSpec

ORDINARY_DOTFILES = frozenset({".gitignore", ".realm.json"})

_NEVER = re.compile(
    r"""
      \..+                  # dotfiles, vim's swap files, emacs' locks, our own temporary files
    | node_modules
    | .*~                   # backups
    | \#.*\#                # emacs, unsaved
    | 4913                  # vim trying whether it may write
    | .*\.(?:tmp|swp|swx|swo|part|crswap)
    | .*___jb_(?:tmp|old)___
    """,
    re.VERBOSE,
)


def is_rules(path: str) -> bool:
    """Whether the file at `path` says what is ignored."""
    return path.rpartition("/")[2] == ".gitignore"


# Of a folder that has no `.gitignore`, or one that says nothing.
_NO_RULES = GitIgnoreSpec.from_lines([])

_Rules = list[tuple[int, GitIgnoreSpec]]
"""Of each folder above a path that has rules, outermost first: where the path goes on inside it,
and the rules."""


class IgnoreRules:
    """The rules of one folder. `.gitignore` files are read when first needed, until `reload`.

    Nothing is remembered of a folder that is not there: anybody may ask for any name.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._specs: dict[str, GitIgnoreSpec] = {}

    def reload(self) -> None:
        """Read the `.gitignore` files again."""
        # Others may be reading on their threads. They finish with what they began with, and
        # what they still store there is kept by nobody.
        self._specs = {}

    def is_ignored(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether the realm-relative `path`, or a folder it lies in, is ignored."""
        if any(_is_never_ours(name) for name in path.split("/")):
            return True
        asked = f"{path}/" if is_folder else path
        # A pattern that fits a folder fits all that is in it: rules that have nothing to say of
        # a path have nothing to say of a folder above it.
        rules = [
            (at, spec)
            for at, spec in self._rules_down_to(path)
            if spec.check_file(asked[at:]).include is not None
        ]
        if not rules:
            return False
        # Nothing brings back what is in an ignored folder.
        return _is_taken_out(asked, rules) or any(
            _is_taken_out(path[: slash.end()], rules) for slash in re.finditer("/", path)
        )

    def is_ignored_in(self, folder: str, name: str, is_folder: bool) -> bool:
        """Whether `name` in `folder` is ignored, given that `folder` is not."""
        if _is_never_ours(name):
            return True
        path = f"{folder}/{name}" if folder else name
        return _is_taken_out(f"{path}/" if is_folder else path, self._rules_down_to(path))

    def _rules_down_to(self, path: str) -> _Rules:
        found: _Rules = []
        at = 0
        # Until a folder is not there: nor is anything below it.
        while (spec := self._spec(path[:at])) is not None:
            if spec:
                found.append((at, spec))
            at = path.find("/", at) + 1
            if not at:
                break
        return found

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        """The rules in a folder, which is named with its slash; None if it is not there."""
        # Taken before the file is read, so that a reload meanwhile is not undone.
        specs = self._specs
        if folder in specs:
            return specs[folder]
        spec = self._read(folder)
        if spec is not None:
            specs[folder] = spec
        return spec

    def _read(self, folder: str) -> GitIgnoreSpec | None:
        real = self._root / folder
        try:
            text = (real / ".gitignore").read_text("utf-8", "replace")
        except OSError:
            return _NO_RULES if _is_there(real) else None
        # A line that is no pattern must not bring back what the others take out.
        return GitIgnoreSpec.from_lines([line for line in text.splitlines() if _is_pattern(line)])


def _is_never_ours(name: str) -> bool:
    return bool(_NEVER.fullmatch(name)) and name not in ORDINARY_DOTFILES


def _is_taken_out(path: str, rules: _Rules) -> bool:
    """What the nearest rules that have something to say of `path` say; a folder ends in a slash."""
    for at, spec in reversed(rules):
        if at < len(path):
            verdict = spec.check_file(path[at:]).include
            if verdict is not None:
                return verdict
    return False


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:
        return False


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
