"""What an import specifier means: a realm's module, the host's, an icon, or nothing.

Every spelling of the base realm means the same module. A specifier that leads nowhere
becomes `Missing`, with the URL it would have had and the nearest thing that exists, so
that the author reads one sentence and knows what to type.
"""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.near_miss import nearest_name
from realmkit.modules.host_modules import HostModule, HostModules
from realmkit.modules.icons import ICON_PREFIX, IconLibrary
from realmkit.modules.inert import is_inert
from realmkit.modules.paths import ModulePaths, stem


@dataclass(frozen=True, slots=True)
class RealmModule:
    """A module file of a mounted realm. `url` is its identity."""

    realm_url: str
    path: str
    url: str


@dataclass(frozen=True, slots=True)
class Icon:
    name: str


@dataclass(frozen=True, slots=True)
class Inert:
    """A command or tool of the peer's host, answered by a class that does nothing."""

    specifier: str


@dataclass(frozen=True, slots=True)
class External:
    """A module of another server; imported as it is written."""

    url: str


@dataclass(frozen=True, slots=True)
class Missing:
    """`url` is the identity the module would have; `nearest` is spelt as the author would."""

    url: str
    nearest: str | None


Target = RealmModule | HostModule | Icon | Inert | External | Missing


class Resolver:
    def __init__(
        self,
        names: ModuleNames,
        realms: Mapping[str, ModulePaths],
        host: HostModules,
        icons: IconLibrary,
    ) -> None:
        """`realms` is keyed by realm URL and may grow."""
        self._names = names
        self._realms = realms
        self._host = host
        self._icons = icons

    def resolve(self, specifier: str, importer: str) -> Target:
        """`importer` is the address of the file that imports, or its identity."""
        if module := self._host.by_specifier.get(specifier):
            return module
        if specifier.startswith(ICON_PREFIX):
            return self._icon(specifier.removeprefix(ICON_PREFIX))
        if is_inert(specifier):
            return Inert(specifier)
        address = self._address(specifier, importer)
        if address is None:
            return Missing(specifier, self._nearest_bare(specifier))
        for paths in self._realms.values():
            path = paths.realm.path_of(address)
            if path is None:
                continue
            if found := paths.find(path):
                return RealmModule(paths.realm.url, found, paths.url_of(found))
            identity = self._names.fold(paths.realm.url_of(stem(path)))
            return Missing(identity, self._nearest_path(specifier, path, importer, paths))
        own = f"{self._names.public_url}/"
        # Of this server and in no realm, unless it is one of the server's own files.
        if address.startswith(own) and not address.startswith(f"{own}_"):
            return Missing(address, None)
        return External(address)

    def _icon(self, name: str) -> Icon | Missing:
        if name in self._icons:
            return Icon(name)
        nearest = self._icons.nearest(name)
        return Missing(ICON_PREFIX + name, nearest and ICON_PREFIX + nearest)

    # An absolute URL, or None for a bare specifier.
    def _address(self, specifier: str, importer: str) -> str | None:
        address = self._names.to_url(specifier)
        if "://" in address:
            return address
        if not specifier.startswith(("./", "../", "/")):
            return None
        return urljoin(self._names.to_url(importer), specifier)

    def _nearest_path(
        self, specifier: str, path: str, importer: str, paths: ModulePaths
    ) -> str | None:
        nearest = nearest_name(stem(path), (stem(each) for each in paths))
        if nearest is None:
            return None
        if not specifier.startswith("."):
            return self._names.fold(paths.realm.url_of(nearest))
        asker = paths.realm.path_of(self._names.to_url(importer)) or ""
        relative = posixpath.relpath(nearest, posixpath.dirname(asker) or ".")
        return relative if relative.startswith(".") else f"./{relative}"

    def _nearest_bare(self, specifier: str) -> str | None:
        return nearest_name(specifier, self._host.by_specifier)


def nearest_export(name: str, exports: Iterable[str]) -> str | None:
    """The export that was probably meant; the only one there is, if nothing is alike."""
    names = [each for each in exports if each != "default"]
    return nearest_name(name, names) or (names[0] if len(names) == 1 else None)
