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


class IgnoreRules:
    """The rules of one folder. `.gitignore` files are read when first needed, until `reload`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._specs: dict[str, GitIgnoreSpec | None] = {}

    def reload(self) -> None:
        """Read the `.gitignore` files again."""
        self._specs.clear()

    def is_ignored(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether the realm-relative `path`, or a folder it lies in, is ignored."""
        folder, _, name = path.rpartition("/")
        if folder and self.is_ignored(folder, is_folder=True):
            return True
        return self.is_ignored_in(folder, name, is_folder)

    def is_ignored_in(self, folder: str, name: str, is_folder: bool) -> bool:
        """Whether `name` in `folder` is ignored, given that `folder` is not."""
        if _NEVER.fullmatch(name) and name not in ORDINARY_DOTFILES:
            return True
        path = f"{folder}/{name}" if folder else name
        above = folder
        while True:
            # The nearest file that has something to say decides.
            if spec := self._spec(above):
                inside = path[len(above) + 1 :] if above else path
                verdict = spec.check_file(inside + "/" if is_folder else inside).include
                if verdict is not None:
                    return verdict
            if not above:
                return False
            above = above.rpartition("/")[0]

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            self._specs[folder] = self._read(folder)
        return self._specs[folder]

    def _read(self, folder: str) -> GitIgnoreSpec | None:
        try:
            text = (self._root / folder / ".gitignore").read_text("utf-8", "replace")
        except OSError:
            return None
        # A line that is no pattern must not bring back what the others take out.
        spec = GitIgnoreSpec.from_lines([line for line in text.splitlines() if _is_pattern(line)])
        return spec if len(spec) else None


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
