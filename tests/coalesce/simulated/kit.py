"""The classes under test, as they are or with a guard taken out of their source."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from tests.coalesce.simulated.connection import Connection

from realmkit.db import load_sql

MODULES = (
    "realmkit.db.completion",
    "realmkit.db.hints",
    "realmkit.db.postgres_notifier",
    "realmkit.coalesce.generations",
    "realmkit.coalesce.memory",
    "realmkit.coalesce.single_flight",
    "realmkit.coalesce.generation_table",
    "realmkit.coalesce.coordinator",
    "realmkit.coalesce.layered",
    "realmkit.coalesce.sweeping",
)
NAMES = (
    *("completed", "Hints", "Generations", "MemoryCache", "SingleFlight", "Coordinator", "Row"),
)
# Every command is answered or fails, and a lost connection is noticed: no time limit ends.
_UNHURRIED = ModuleType("asyncio")
vars(_UNHURRIED).update(vars(asyncio), timeout=lambda _: nullcontext())
SILENT = logging.Logger("silent", logging.CRITICAL)


@dataclass(frozen=True)
class Edit:
    """A text that stands once in a module (or in the table's statement), and what replaces it."""

    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Kit:
    LayeredCache: Any
    Coordinator: Any
    GenerationTable: Any
    PostgresNotifier: Any
    CacheSweeper: Any
    statements: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Statements of the table that are other than in its file."""


def real() -> Kit:
    """The classes that serve."""
    return without(())


def without(edits: Sequence[Edit]) -> Kit:
    """The classes with every edit made. Fails when a text does not stand there once."""
    statements: dict[str, str] = {}
    built: dict[str, ModuleType] = {}
    for edit in edits:
        if edit.where not in MODULES:
            sql = load_sql("realmkit.coalesce", "module_transpile_cache.sql")
            statements[edit.where] = _edited(statements.get(edit.where, sql[edit.where]), edit)
    for name in MODULES:
        file = import_module(name).__file__
        assert file is not None
        source = Path(file).read_text()
        for edit in edits:
            if edit.where == name:
                source = _edited(source, edit)
        module = ModuleType(name)
        module.__package__ = name.rpartition(".")[0]
        # A dataclass looks for its module by name while it is made.
        before = sys.modules[name]
        sys.modules[name] = module
        try:
            exec(compile(source, file, "exec"), module.__dict__)
        finally:
            sys.modules[name] = before
        built[name] = module
    # Each module imported the others as they serve; now it gets them as they were built.
    made = {
        name: vars(module)[name]
        for module in built.values()
        for name in NAMES
        if vars(module).get(name) is not None and vars(module)[name].__module__ == module.__name__
    }
    for module in built.values():
        if "logger" in vars(module):
            vars(module)["logger"] = SILENT
        vars(module).update({name: each for name, each in made.items() if name in vars(module)})
    return _kit(built, statements)


def _kit(modules: Mapping[str, ModuleType], statements: Mapping[str, str]) -> Kit:
    notifier = modules["realmkit.db.postgres_notifier"]
    vars(notifier).update(AsyncConnection=Connection, asyncio=_UNHURRIED)
    return Kit(
        modules["realmkit.coalesce.layered"].LayeredCache,
        modules["realmkit.coalesce.coordinator"].Coordinator,
        modules["realmkit.coalesce.generation_table"].GenerationTable,
        notifier.PostgresNotifier,
        modules["realmkit.coalesce.sweeping"].CacheSweeper,
        statements,
    )


def _edited(text: str, edit: Edit) -> str:
    assert text.count(edit.before) == 1, f"`{edit.before}` is not once in {edit.where}"
    return text.replace(edit.before, edit.after)
