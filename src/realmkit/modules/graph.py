"""Versions of modules, from the hashes of sources and the imports between them.

A module's version covers its own source and everything it imports, however indirectly,
so a versioned address may be cached for ever. Modules that import each other in a circle
change together: the circle is hashed as one. Plain functions over plain mappings.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from realmkit.modules.compiled import short_hash

Edges = Mapping[str, Sequence[str]]
"""Module -> the modules it imports. Every module mentioned is a key."""


def versions(own: Mapping[str, str], edges: Edges) -> dict[str, str]:
    """The version of each module, given the hash of what each is by itself."""
    found: dict[str, str] = {}
    for group in strong_groups(edges):
        members = sorted(group)
        inside = set(members)
        outside = {
            found[each] for member in members for each in edges[member] if each not in inside
        }
        hashes = tuple((member, own[member]) for member in members)
        found.update(zip(members, _of_group(hashes, tuple(sorted(outside))), strict=True))
    return found


# From one snapshot to the next nearly all groups stay as they are.
@lru_cache(maxsize=20_000)
def _of_group(members: tuple[tuple[str, str], ...], outside: tuple[str, ...]) -> tuple[str, ...]:
    """The versions of a group's members, from the hash of each and the versions they import."""
    of_group = short_hash(*(f"{member} {own}" for member, own in members), "", *outside)
    return tuple(short_hash(member, of_group) for member, _ in members)


def reachable(start: Iterable[str], edges: Edges) -> set[str]:
    """Everything that can be reached from `start`, itself included."""
    seen = set(start)
    waiting = list(seen)
    while waiting:
        for each in edges[waiting.pop()]:
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return seen


def strong_groups(edges: Edges) -> list[list[str]]:
    """The strongly connected groups, each after the groups it imports (Tarjan, 1972).

    Without recursion, because a chain of imports may be longer than Python's stack.
    """
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_modules: list[str] = []
    is_open: set[str] = set()
    groups: list[list[str]] = []

    def enter(module: str) -> tuple[str, Iterator[str]]:
        order[module] = lowest[module] = len(order)
        open_modules.append(module)
        is_open.add(module)
        return module, iter(edges[module])

    def close(module: str) -> list[str]:
        group: list[str] = []
        while not group or group[-1] != module:
            group.append(open_modules.pop())
        is_open.difference_update(group)
        return group

    for root in edges:
        if root in order:
            continue
        path = [enter(root)]
        while path:
            module, rest = path[-1]
            for each in rest:
                if each not in order:
                    path.append(enter(each))
                    break
                if each in is_open:
                    lowest[module] = min(lowest[module], order[each])
            else:
                path.pop()
                if path:
                    importer = path[-1][0]
                    lowest[importer] = min(lowest[importer], lowest[module])
                if lowest[module] == order[module]:
                    groups.append(close(module))
    return groups
