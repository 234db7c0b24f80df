"""What is wrong with a module before anybody imports it: told to its author in a sentence.

A browser says of a missing import only that a fetch failed, and of a missing name not even
who asked. Here both are found from the imports and exports alone, through `export *` and
across realms, and named with their importer, line and nearest thing that exists.
"""

from collections.abc import Mapping

from realmkit.modules.host_modules import HostModule
from realmkit.modules.resolve import Icon, Missing, RealmModule, Target, nearest_export
from realmkit.modules.served import ModuleProblem
from realmkit.modules.snapshot import Edge, Module

Modules = Mapping[str, Module]


def problems_of(module: Module, modules: Modules) -> tuple[ModuleProblem, ...]:
    """The problems `module` has by itself; `modules` are all that are known."""
    error = module.known.compiled.error
    if error is not None:
        return (compile_problem(module),)
    found: list[ModuleProblem] = []
    for edge in module.edges:
        if not edge.is_eager:
            continue
        if isinstance(edge.target, Missing):
            found.append(_missing_module(module, edge, edge.target))
        else:
            found += _missing_names(module, edge, modules)
    # A re-export asks twice for what its author wrote once.
    return tuple(dict.fromkeys(found))


def compile_problem(module: Module) -> ModuleProblem:
    """Why the module's source does not compile, naming its file and place."""
    error = module.known.compiled.error
    assert error is not None
    # Editors count columns from one.
    column = (error.column or 0) + 1
    place = f" (line {error.line}, column {column})" if error.line is not None else ""
    return ModuleProblem(
        title="Module Does Not Compile",
        detail=f"`/{module.known.path}` does not compile: {error.message}{place}",
        module=module.url,
        file=module.known.path,
        line=error.line,
        column=error.column,
        frame=error.frame,
    )


def _missing_module(module: Module, edge: Edge, target: Missing) -> ModuleProblem:
    hint = f" Did you mean `{target.nearest}`?" if target.nearest else ""
    return ModuleProblem(
        title="Module Not Found",
        detail=f"`{edge.asked.specifier}` was not found, imported by `/{module.known.path}`.{hint}",
        module=target.url,
        importer=module.url,
        file=module.known.path,
        line=edge.asked.line,
        column=edge.asked.column,
    )


def _missing_names(module: Module, edge: Edge, modules: Modules) -> list[ModuleProblem]:
    exports = exports_of(edge.target, modules)
    if exports is None:
        return []
    found: list[ModuleProblem] = []
    for name in edge.asked.names:
        if name == "*" or name in exports:
            continue
        nearest = nearest_export(name, exports)
        hint = f" Did you mean `{nearest}`?" if nearest else ""
        found.append(
            ModuleProblem(
                title="Export Not Found",
                detail=(
                    f"`{name}` is not exported by `{edge.asked.specifier}`, "
                    f"imported by `/{module.known.path}`.{hint}"
                ),
                module=edge.target.url if isinstance(edge.target, RealmModule) else module.url,
                importer=module.url,
                file=module.known.path,
                line=edge.asked.line,
                column=edge.asked.column,
            )
        )
    return found


def exports_of(target: Target, modules: Modules) -> frozenset[str] | None:
    """The names a target exports, `export *` followed; None when they cannot be known."""
    if isinstance(target, HostModule):
        return target.exports
    if isinstance(target, Icon):
        return frozenset({"default"})
    if isinstance(target, RealmModule):
        return _realm_exports(target.url, modules)
    return None


def _realm_exports(url: str, modules: Modules) -> frozenset[str] | None:
    names: set[str] = set()
    seen: set[str] = set()
    waiting = [url]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        module = modules.get(each)
        if module is None or module.known.compiled.error is not None:
            return None
        # `export *` passes on everything but the default.
        own = module.known.compiled.exports
        names.update(own if each == url else (name for name in own if name != "default"))
        for edge in _stars(module):
            if isinstance(edge.target, RealmModule):
                waiting.append(edge.target.url)
            elif isinstance(edge.target, HostModule):
                names.update(edge.target.exports - {"default"})
            else:
                return None
    return frozenset(names)


def _stars(module: Module) -> list[Edge]:
    stars = set(module.known.compiled.export_stars)
    return [
        edge
        for edge in module.edges
        if edge.asked.kind == "reexport"
        and edge.asked.specifier in stars
        and edge.asked.names == ("*",)
    ]
