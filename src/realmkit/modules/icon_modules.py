"""Serving icons: a drawing, compiled once, at a versioned address like any other module."""

from realmkit.cards.code_refs import ModuleNames
from realmkit.coalesce import LayeredCache
from realmkit.modules.compiled import Compiled, short_hash
from realmkit.modules.host_modules import HostModules
from realmkit.modules.icons import IconLibrary
from realmkit.modules.resolve import Resolver
from realmkit.modules.served import ServedModule, javascript, redirect
from realmkit.modules.snapshot import Addresses, Edge
from realmkit.modules.sources import ModuleSource
from realmkit.modules.transpiler import TranspilerPool


class IconModules:
    def __init__(
        self,
        names: ModuleNames,
        icons: IconLibrary,
        host: HostModules,
        cache: LayeredCache[Compiled],
        transpiler: TranspilerPool,
    ) -> None:
        self._icons = icons
        self._host = host
        self._cache = cache
        self._transpiler = transpiler
        self._folder = f"{names.public_url}/_icons/"
        self._addresses = Addresses(names, self.version)
        # Its modules import from the host alone.
        self._resolver = Resolver(names, {}, host, icons)
        self._versions: dict[str, str] = {}
        self._served: dict[tuple[str, bool], ServedModule] = {}

    def version(self, name: str) -> str:
        """Covers the drawing, the compiler and the runtime that the module imports from."""
        version = self._versions.get(name)
        if version is None:
            source = self._icons.source(name)
            version = short_hash(source, self._transpiler.version, self._host.version)
            self._versions[name] = version
        return version

    async def serve(self, name: str, version: str | None) -> ServedModule:
        """Raises `NotFound` with a near miss."""
        current = self.version(name)
        if version is not None and version != current:
            return redirect(f"{self._folder}{name}?v={current}")
        key = (name, version is not None)
        served = self._served.get(key)
        if served is None:
            text = await self._text(name)
            served = javascript(text.encode(), is_immutable=version is not None)
            self._served[key] = served.as_hit()
        return served

    async def _text(self, name: str) -> str:
        source = self._icons.source(name)
        path = f"{name}.gts"

        async def read() -> ModuleSource:
            return ModuleSource(source, short_hash(source))

        async def compile(_: ModuleSource) -> Compiled:
            return await self._transpiler.transpile(path, source)

        found = await self._cache.get(
            self._folder, path, self._transpiler.version, read=read, make=compile
        )
        edges = (
            Edge(asked, self._resolver.resolve(asked.specifier, self._folder + path))
            for asked in found.value.imports
        )
        return found.value.assemble([self._addresses.of(edge, {}) for edge in edges])
