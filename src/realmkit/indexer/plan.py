"""What a run has to do: changes and dependents in, ordered work out.

Nothing here reads or writes; it is tested with lists. The order is modules, then the
realm's configuration, which may adopt one, then instances with their dependencies first
where those are known, then other files. Cycles are fine: whatever order is left over is
alphabetical.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from realmkit.changes import Change, ChangeKind
from realmkit.files.paths import kind_of

CONFIG_PATHS = ("realm.json", ".realm.json")


@dataclass(frozen=True)
class Work:
    """Realm-relative paths to visit, each once, and the paths that are gone."""

    modules: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    """`.json` files, configuration first; whether one is an instance shows when it is read."""
    files: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def visits(self) -> int:
        return len(self.modules) + len(self.json) + len(self.files)

    def __bool__(self) -> bool:
        return bool(self.visits or self.removed)


def as_left(changes: Iterable[Change]) -> tuple[list[str], list[str]]:
    """(paths that changed, paths that are gone), each as its last change left it."""
    last = {change.path: change.operation for change in changes}
    gone = [path for path, operation in last.items() if operation == "removed"]
    return [path for path, operation in last.items() if operation != "removed"], gone


def plan(
    paths: Iterable[str],
    gone: Iterable[str] = (),
    dependencies: Mapping[str, Collection[str]] | None = None,
) -> Work:
    """Turn paths to visit, and paths that are gone, into ordered work.

    `dependencies` maps paths to paths, as far as the index knows them.
    """
    removed = set(gone)
    by_kind: dict[ChangeKind, list[str]] = {"module": [], "json": [], "file": []}
    for path in sorted(set(paths) - removed):
        by_kind[kind_of(path)].append(path)
    ordered = in_dependency_order(by_kind["json"], dependencies or {})
    return Work(
        modules=tuple(by_kind["module"]),
        json=tuple(sorted(ordered, key=lambda path: path not in CONFIG_PATHS)),
        files=tuple(by_kind["file"]),
        removed=tuple(sorted(removed)),
    )


def in_dependency_order(
    paths: Sequence[str], dependencies: Mapping[str, Collection[str]]
) -> list[str]:
    """Return `paths` with each one's dependencies before it, as far as cycles allow.

    Paths that nothing orders keep their place relative to each other.
    """
    among = set(paths)
    unmet = {path: (set(dependencies.get(path, ())) & among) - {path} for path in paths}
    dependents: dict[str, list[str]] = {}
    for path in paths:
        for dependency in unmet[path]:
            dependents.setdefault(dependency, []).append(path)
    place = {path: number for number, path in enumerate(paths)}
    ordered: list[str] = []
    ready = [path for path in paths if not unmet[path]]
    while ready:
        ordered.extend(ready)
        freed: list[str] = []
        for path in ready:
            for dependent in dependents.get(path, ()):
                unmet[dependent].discard(path)
                if not unmet[dependent]:
                    freed.append(dependent)
        ready = sorted(freed, key=place.__getitem__)
    # What is left lies on a cycle or behind one.
    placed = set(ordered)
    return ordered + [path for path in paths if path not in placed]


def in_batches(paths: Sequence[str], page_count: int, largest: int = 12) -> list[Sequence[str]]:
    """Cut `paths` into batches so that every page gets some, and none gets too many at once."""
    if not paths:
        return []
    size = max(1, min(largest, -(-len(paths) // max(1, page_count))))
    return [paths[start : start + size] for start in range(0, len(paths), size)]
