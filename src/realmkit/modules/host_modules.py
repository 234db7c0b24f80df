"""The modules that are not card source: what the browser's runtime bundle offers.

`manifest.json`, written by the build, maps each bare specifier that card code may import
to a small file with a hash of its content in its name, and lists its export names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from realmkit.config import SetupError
from realmkit.modules.compiled import short_hash


@dataclass(frozen=True, slots=True)
class HostModule:
    """`file` is relative to `/_host/`; its name changes with its content."""

    specifier: str
    file: str
    exports: frozenset[str]


class HostModules:
    """The runtime's modules by specifier, read from `manifest` on first use."""

    def __init__(self, manifest: Path) -> None:
        self._manifest = manifest

    @cached_property
    def version(self) -> str:
        """Changes when any of the modules does."""
        return short_hash(*sorted(module.file for module in self.by_specifier.values()))

    @cached_property
    def by_specifier(self) -> Mapping[str, HostModule]:
        try:
            built: dict[str, Any] = orjson.loads(self._manifest.read_bytes())
        except OSError as exc:
            raise SetupError("The browser's files are not built: run `make setup`.") from exc
        return {
            specifier: HostModule(specifier, module["file"], frozenset(module["exports"]))
            for specifier, module in built["modules"].items()
        }
