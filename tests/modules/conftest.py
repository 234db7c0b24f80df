"""A realm and a base realm on disk, a real database, a real transpiler.

The host's manifest and the icons are small ones of our own, so that a test can say what
the runtime offers.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Realm, static_dir
from realmkit.db import Database, open_database
from realmkit.files import FileStore
from realmkit.modules import ModuleService, ServedModule, TranspilerPool

PUBLIC_URL = "http://realm.test"

HOST = {
    "@ember/component": ["setComponentTemplate"],
    "@ember/component/template-only": ["default"],
    "@ember/template-factory": ["createTemplateFactory"],
    "decorator-transforms/runtime-esm": ["c", "f", "g", "i", "m", "n", "p"],
    "@glimmer/component": ["default"],
    "@realmkit/card-api": ["BaseDef", "CardDef", "Component", "contains", "field"],
}

BASE = {
    "card-api.gts": ("export { CardDef, Component, contains, field } from '@realmkit/card-api';\n"),
    "string.gts": (
        "import { CardDef } from './card-api';\n"
        "export class StringField extends CardDef {}\n"
        "export default StringField;\n"
    ),
}


@dataclass
class House:
    """One process: its database, its realms and its module service."""

    service: ModuleService
    db: Database
    realm: Realm
    base: Realm
    files: FileStore
    changes: ChangeLog

    def put(self, path: str, text: str) -> None:
        """Change a file behind everybody's back."""
        target = self.realm.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    async def save(self, path: str, text: str) -> None:
        """Change a file through the store."""
        await self.files.write(path, text.encode())

    async def get(self, path: str, version: str | None = None) -> ServedModule:
        return await self.service.serve(self.realm, path, version)

    async def text(self, path: str) -> str:
        return (await self.get(path)).body.decode()

    async def version(self, path: str) -> str:
        manifest = await self.service.manifest(self.realm)
        return manifest.modules[self.realm.url + path].version

    async def problems(self, path: str) -> list[str]:
        manifest = await self.service.manifest(self.realm)
        return [each.detail for each in manifest.modules[self.realm.url + path].errors]

    async def follow(self, address: str) -> ServedModule:
        """What a browser gets for an address found in a module."""
        parts = urlsplit(address)
        version = parse_qs(parts.query).get("v", [None])[0]
        realm = self.base if parts.path.startswith("/base/") else self.realm
        path = realm.path_of(f"{PUBLIC_URL}{parts.path}")
        assert path is not None
        return await self.service.serve(realm, path, version)


@asynccontextmanager
async def opened(
    folder: Path,
    program: Path | None = None,
    database: str | None = None,
    *,
    is_coordinated: bool = True,
) -> AsyncGenerator[House]:
    """A house whose realms and static files lie in `folder`, and so does its own database."""
    static = make_static(folder)
    db = await open_database(database or folder / "state" / "realmkit.db")
    changes = ChangeLog(db)
    realm = Realm(f"{PUBLIC_URL}/atlas/", folder / "atlas", "atlas")
    base = Realm(f"{PUBLIC_URL}/base/", folder / "base", "base", is_writable=False)
    stores = [FileStore(each, db, changes) for each in (realm, base)]
    service = ModuleService(
        public_url=PUBLIC_URL,
        stores=stores,
        changes=changes,
        db=db,
        transpiler=TranspilerPool(
            program or static_dir() / "transpiler" / "transpiler.mjs", size=1
        ),
        static=static,
        is_coordinated=is_coordinated,
    )
    try:
        yield House(service, db, realm, base, stores[0], changes)
    finally:
        await service.stop()
        await db.close()


def make_static(folder: Path) -> Path:
    static = folder / "static"
    (static / "host").mkdir(parents=True, exist_ok=True)
    modules = {
        specifier: {"file": f"m/{index}-abc.js", "exports": exports}
        for index, (specifier, exports) in enumerate(HOST.items())
    }
    (static / "host" / "manifest.json").write_bytes(orjson.dumps({"modules": modules}))
    (static / "icons.json").write_bytes(
        orjson.dumps({"map-pin": '<path d="M9 11"/>', "users": '<path d="M9 7"/>'})
    )
    (folder / "atlas").mkdir(exist_ok=True)
    (folder / "base").mkdir(exist_ok=True)
    for path, text in BASE.items():
        (folder / "base" / path).write_text(text)
    return static


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        yield house
