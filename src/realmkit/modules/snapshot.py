"""Every module that is known at one moment: imports resolved, versions computed, checked.

Built from what the realms' sources know, by plain functions, whenever that differs from
before. A snapshot never changes; whoever holds one reads one consistent state.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from realmkit.cards.code_refs import ModuleNames
from realmkit.modules.compiled import Import, short_hash
from realmkit.modules.graph import reachable, versions
from realmkit.modules.host_modules import HostModule
from realmkit.modules.inert import inert_names, inert_version
from realmkit.modules.resolve import External, Icon, Inert, Missing, RealmModule, Target
from realmkit.modules.served import ModuleProblem
from realmkit.modules.sources import KnownModule


@dataclass(frozen=True, slots=True)
class Edge:
    """An import and what it means."""

    asked: Import
    target: Target

    @property
    def is_eager(self) -> bool:
        """Whether the importer cannot be evaluated without it."""
        return self.asked.kind != "dynamic"


@dataclass(frozen=True)
class Module:
    """A known module with its imports resolved. `url` is its identity, `address` where it is.

    `own_hash` covers what is served for it, except for the versions of what it imports.
    """

    url: str
    address: str
    realm_url: str
    known: KnownModule
    edges: tuple[Edge, ...]
    own_hash: str

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """The identities of the realm modules it imports, once each, in order."""
        return _identities(self.edges)

    @cached_property
    def eager_imports(self) -> tuple[str, ...]:
        """Those of them that it cannot be evaluated without."""
        return _identities(edge for edge in self.edges if edge.is_eager)


def _identities(edges: Iterable[Edge]) -> tuple[str, ...]:
    targets = (edge.target for edge in edges)
    return tuple(dict.fromkeys(each.url for each in targets if isinstance(each, RealmModule)))


class Addresses:
    """Where the browser finds what an import means."""

    def __init__(self, names: ModuleNames, icon_version: Callable[[str], str]) -> None:
        self._names = names
        self._icon_version = icon_version

    def of(self, edge: Edge, versions: Mapping[str, str]) -> str:
        """The specifier as it is served; a realm module's has its version, if it is known."""
        target = edge.target
        public_url = self._names.public_url
        match target:
            case RealmModule(url=url):
                version = versions.get(url)
                address = self._names.to_url(url)
                return f"{address}?v={version}" if version else address
            case HostModule(file=file):
                return f"{public_url}/_host/{file}"
            case Icon(name=name):
                return f"{public_url}/_icons/{quote(name)}?v={self._icon_version(name)}"
            case Inert():
                names = inert_names(edge.asked.names)
                listed = quote(",".join(names), safe=",$")
                return f"{public_url}/_inert?names={listed}&v={inert_version(names)}"
            case External(url=url):
                return url
            case Missing(url=url):
                return self._names.to_url(url)

    def own_hash(self, known: KnownModule, edges: Iterable[Edge], transpiler_version: str) -> str:
        """Covers a module's own text, the addresses of what is no realm module included.

        The versions of the realm modules it imports come from the graph.
        """
        imports = (f"{edge.asked.specifier} {self.of(edge, {})}" for edge in edges)
        return short_hash(transpiler_version, known.source_hash, known.path, *imports)


class Snapshot:
    """The modules by identity. `check` finds the problems a module has by itself."""

    def __init__(
        self,
        modules: Iterable[Module],
        addresses: Addresses,
        check: Callable[[Module, Mapping[str, Module]], tuple[ModuleProblem, ...]],
    ) -> None:
        self.modules = {module.url: module for module in modules}
        self.versions = versions(
            {url: module.own_hash for url, module in self.modules.items()},
            self._all_edges,
        )
        self._addresses = addresses
        self._check = check

    def href(self, url: str) -> str:
        """The versioned address of a known module."""
        return f"{self.modules[url].address}?v={self.versions[url]}"

    def addresses(self, module: Module) -> list[str]:
        """The address of each of the module's imports, in their order."""
        return [self._addresses.of(edge, self.versions) for edge in module.edges]

    def graph_of(self, url: str) -> tuple[str, ...]:
        """The address of a module and of everything it cannot do without, its own first.

        Empty for a module that is not known or has problems: it is never imported.
        """
        if url not in self.modules or self.problems(url):
            return ()
        needed = [url, *sorted(reachable([url], self._eager_edges) - {url})]
        found = dict.fromkeys(self.href(each) for each in needed)
        for each in needed:
            for edge in self.modules[each].edges:
                if edge.is_eager and not isinstance(edge.target, External | RealmModule):
                    found[self._addresses.of(edge, self.versions)] = None
        return tuple(found)

    def behind(self, url: str) -> list[Module]:
        """A module and all that its version covers, itself first."""
        others = sorted(reachable([url], self._all_edges) - {url})
        return [self.modules[each] for each in (url, *others)]

    def problems(self, url: str) -> tuple[ModuleProblem, ...]:
        """The module's own problems, then those of everything it cannot do without."""
        own = self._own_problems
        if not own:
            return ()
        needed = reachable([url], self._eager_edges) - {url}
        return (
            *own.get(url, ()),
            *(problem for each in sorted(needed) for problem in own.get(each, ())),
        )

    @cached_property
    def _own_problems(self) -> dict[str, tuple[ModuleProblem, ...]]:
        checked = {url: self._check(module, self.modules) for url, module in self.modules.items()}
        return {url: problems for url, problems in checked.items() if problems}

    @cached_property
    def _all_edges(self) -> dict[str, list[str]]:
        return self._edges(lambda module: module.imports)

    @cached_property
    def _eager_edges(self) -> dict[str, list[str]]:
        return self._edges(lambda module: module.eager_imports)

    def _edges(self, imports: Callable[[Module], tuple[str, ...]]) -> dict[str, list[str]]:
        # A module that is still being looked at has no edges to it yet; whoever needs it
        # waits for it, and gets a later snapshot.
        return {
            url: [each for each in imports(module) if each in self.modules]
            for url, module in self.modules.items()
        }
