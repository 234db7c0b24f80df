"""Which modules a realm has, and which file a path without extension means.

A module's identity is its URL without extension. Where two files differ only in their
extension, the first of `.js .gjs .ts .gts` has that identity, and the others keep theirs.
Declarations (`.d.ts`) are no modules.
"""

from collections.abc import Iterable, Iterator

from realmkit.cards.code_refs import MODULE_EXTENSIONS, ModuleNames, is_module_path
from realmkit.config import Realm


def stem(path: str) -> str:
    """The path without its executable extension, if it has one."""
    found = (path.removesuffix(each) for each in MODULE_EXTENSIONS if path.endswith(each))
    return next(found, path)


def possible_files(path: str) -> tuple[str, ...]:
    """The files that `path`, with or without extension, may mean, the preferred one first."""
    return (path,) if is_module_path(path) else tuple(path + each for each in MODULE_EXTENSIONS)


class Revision:
    """Counts what was noticed to differ, in all realms together, for cheap comparison.

    `modules` counts every difference, `files` those in which files there are.
    """

    __slots__ = ("files", "modules")

    def __init__(self) -> None:
        self.modules = 0
        self.files = 0

    def module_differs(self) -> None:
        self.modules += 1

    def files_differ(self) -> None:
        self.modules += 1
        self.files += 1


class ModulePaths:
    """The realm-relative paths of a realm's modules."""

    def __init__(self, realm: Realm, names: ModuleNames, revision: Revision) -> None:
        self.realm = realm
        self._names = names
        self._revision = revision
        self._paths: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __contains__(self, path: str) -> bool:
        return path in self._paths

    def replace(self, paths: Iterable[str]) -> None:
        found = {path for path in paths if is_module_path(path)}
        if found != self._paths:
            self._paths = found
            self._revision.files_differ()

    def add(self, path: str) -> None:
        if is_module_path(path) and path not in self._paths:
            self._paths.add(path)
            self._revision.files_differ()

    def remove(self, path: str) -> None:
        if path in self._paths:
            self._paths.remove(path)
            self._revision.files_differ()

    def find(self, path: str) -> str | None:
        """The module file that `path`, with or without extension, means."""
        return next((each for each in possible_files(path) if each in self._paths), None)

    def url_of(self, path: str) -> str:
        """The module URL of a module file: its identity, folded for the base realm."""
        bare = stem(path)
        own = bare if self.find(bare) in (path, None) else path
        return self._names.fold(self.realm.url_of(own))
