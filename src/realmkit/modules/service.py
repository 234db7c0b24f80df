"""Source in, browser module out: the one door to the module path.

The edge asks `serve` for a module, `manifest` for a realm's versions and
`serve_icon`, `serve_inert` for the modules that are no files. The indexer asks
`manifest`, `resolve` and `problems_of`. Both may be asked at any time: what changed
on disk is noticed by the change log, and by a `stat` when the log was not heard.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.db import Database
from realmkit.files import FileStore
from realmkit.modules.served import Manifest, ModuleProblem, ServedModule
from realmkit.modules.transpiler import TranspilerPool


class ModuleService:
    """Serves the modules of every mounted realm.

    `stores` are the realms' file stores, the base realm's included (its realm's name is
    `base`). `static` is the folder with `host/manifest.json`, `icons.json` and
    `transpiler/`.
    """

    def __init__(
        self,
        *,
        public_url: str,
        stores: Iterable[FileStore],
        changes: ChangeLog,
        db: Database,
        transpiler: TranspilerPool,
        static: Path,
    ) -> None:
        raise NotImplementedError

    def mount(self, store: FileStore) -> None:
        """Serve the modules of one more realm."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Stop the transpiler pool; waits at most a second."""
        raise NotImplementedError

    async def serve(self, realm: Realm, path: str, version: str | None = None) -> ServedModule:
        """Answer a module GET for the realm-relative `path`, extension or none.

        Raises `NotFound` (no such module), `TranspileError` (406). A missing import is
        no error here: the body is served and the browser meets the 404.
        """
        raise NotImplementedError

    async def serve_map(self, realm: Realm, path: str, version: str | None = None) -> ServedModule:
        """The source map of a module, with the author's source inside."""
        raise NotImplementedError

    async def serve_icon(self, name: str, version: str | None = None) -> ServedModule:
        """The icon module `/_icons/<name>`. Raises `NotFound` with a near miss."""
        raise NotImplementedError

    def serve_inert(self, names: Sequence[str]) -> ServedModule:
        """The module `/_inert?names=a,b`: one inert class for each name."""
        raise NotImplementedError

    async def manifest(self, realm: Realm) -> Manifest:
        """The realm's modules and versions. Reads only what changed since the last call."""
        raise NotImplementedError

    async def canonical_path(self, realm: Realm, path: str) -> str | None:
        """The realm-relative path with extension that `path` means, or None."""
        raise NotImplementedError

    async def problems_of(self, module_url: str) -> Sequence[ModuleProblem]:
        """Why the module at this URL may not be imported; empty when it may."""
        raise NotImplementedError

    def on_change(self, realm_url: str, paths: Iterable[str]) -> None:
        """Forget what is known of these paths. Cheap, synchronous, safe to repeat."""
        raise NotImplementedError
