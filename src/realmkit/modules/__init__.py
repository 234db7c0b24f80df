"""Source to browser module: resolve, transpile, cache, version, serve."""

from realmkit.modules.served import Manifest, ManifestModule, ModuleProblem, ServedModule
from realmkit.modules.service import ModuleService
from realmkit.modules.transpiler import TranspilerPool

__all__ = [
    "Manifest",
    "ManifestModule",
    "ModuleProblem",
    "ModuleService",
    "ServedModule",
    "TranspilerPool",
]
