"""From the outcome of a visit to an entry of the index.

Whatever happened to a module or a card, exactly one entry comes of it: artefacts, or
an error in the JSON:API shape together with the URLs whose repair would mend it. Every
file, those included, has an entry as a file; one that was looked into rests on the module
of its definition.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from realmkit.cards.code_refs import BASE_PREFIX, CARD_DEF, ModuleNames, is_code_ref
from realmkit.errors import RealmkitError
from realmkit.extraction import FileFacts, FileKind, kind_of_file
from realmkit.files import StoredFile
from realmkit.index import Dependency, EntryType, NewEntry, QueryDependency
from realmkit.prerender import CardError, ModuleDescription, VisitResult

FILE_API = BASE_PREFIX + "file-api"
"""The module that every extract of a file rests on, as the peer names it."""


def instance_entry(
    result: VisitResult,
    stored: StoredFile,
    names: ModuleNames,
    document: Mapping[str, Any],
    place: Mapping[str, Any],
) -> NewEntry:
    """The entry of a visited card. `document` is its resource as stored, kept when it failed.

    `place` is what is known of where its fault is: file, line, column, frame.
    """
    error = result.error if result.is_error else None
    return NewEntry(
        url=result.url,
        type="instance",
        pristine_doc=result.resource or {**document, "id": result.id},
        search_doc=result.search_doc,
        types=result.types,
        display_names=result.display_names,
        icon_html=result.icon_html,
        error=_error_object(error, place) if error else None,
        html={
            name: rendered
            for name, rendered in msgspec.structs.asdict(result.html).items()
            if rendered
        },
        styles=result.styles,
        dependencies=[
            *_dependencies(result, names),
            *(_dependencies_of_error(error, names) if error else ()),
        ],
        queries=[
            QueryDependency(query.query, query.realms, target_types(query.query, names), query.ids)
            for query in result.queries
        ],
        diagnostics=_diagnostics(result),
        **_seen(stored),
    )


def module_entry(
    url: str, description: ModuleDescription, stored: StoredFile, names: ModuleNames
) -> NewEntry:
    """The entry of a described module."""
    error = description.error
    dependencies = [
        Dependency(names.resolve_module(dependency), "module")
        for dependency in description.dependencies
    ]
    return NewEntry(
        url=url,
        type="module",
        search_doc=None,
        error=_error_object(error) if error else None,
        dependencies=[*dependencies, *(_dependencies_of_error(error, names) if error else ())],
        diagnostics={
            "exports": description.exports,
            **({"stack": error.stack} if error and error.stack else {}),
        },
        **_seen(stored),
    )


def file_entry(
    url: str, facts: FileFacts, *, is_card: bool = False, is_extract: bool = False
) -> NewEntry:
    """The entry of a file as a file. A card's document has one too, beside its own.

    An extract tells what was found in the bytes by the file's definition, and rests on the
    definition's module and `file-api`, always. Of a card's document or a module nothing is
    extracted: they are cards and modules first.
    """
    search_doc = facts.search_doc(url)
    if is_card:
        search_doc["_isCardInstanceFile"] = True
    return NewEntry(
        url=url,
        type="file",
        pristine_doc=facts.resource(url),
        search_doc=search_doc,
        types=facts.kind.types,
        display_names=facts.kind.labels,
        dependencies=_dependencies_of_extract(facts.kind) if is_extract else (),
        diagnostics={"extractionError": facts.note} if facts.note else None,
        last_modified=facts.modified_at,
        resource_created_at=facts.created_at,
        content_hash=facts.content_hash,
    )


def faulty_entry(
    url: str,
    type: EntryType,
    error: RealmkitError,
    stored: StoredFile | None = None,
    document: Mapping[str, Any] | None = None,
) -> NewEntry:
    """The entry of a file that could not be visited at all."""
    pristine = {**document, "id": url.removesuffix(".json")} if document else None
    seen = _seen(stored) if stored else {}
    return NewEntry(
        url,
        type,
        pristine_doc=pristine,
        error=error.to_error_object(),
        dependencies=_dependencies_of_extract(kind_of_file(url)) if type == "file" else (),
        **seen,
    )


def target_types(query: object, names: ModuleNames) -> list[str]:
    """The type keys whose instances can change the answer of a stored query.

    The definitions the query names, wherever it names them; without any, every card.
    """
    found = {names.resolve(ref).type_key for ref in _code_refs_in(query)}
    return sorted(found) or [CARD_DEF.type_key]


def _code_refs_in(value: object) -> Iterable[Mapping[str, Any]]:
    """Code refs below the members `type` and `on`, which are the only ones that select."""
    if isinstance(value, list):
        for member in value:
            yield from _code_refs_in(member)
    elif isinstance(value, Mapping):
        for name, member in value.items():
            if name in ("type", "on") and is_code_ref(member):
                yield member
            else:
                yield from _code_refs_in(member)


def _dependencies(result: VisitResult, names: ModuleNames) -> Iterable[Dependency]:
    for url in result.dependencies.modules:
        yield Dependency(names.resolve_module(url), "module")
    for url in result.dependencies.instances:
        if url != result.url:
            yield Dependency(names.fold(url), "instance")
    for url in result.dependencies.files:
        yield Dependency(names.fold(url), "file")


def _dependencies_of_extract(kind: FileKind) -> list[Dependency]:
    return [Dependency(module, "module") for module in dict.fromkeys((FILE_API, kind.ref.module))]


def _dependencies_of_error(error: CardError, names: ModuleNames) -> Iterable[Dependency]:
    for url in error.dependencies:
        if url.endswith(".json"):
            yield Dependency(names.fold(url), "instance")
        else:
            # A missing module is named as the import would have found it; whichever
            # extension it is created with, this is the name it will have.
            yield Dependency(names.resolve_module(url), "module")


def _error_object(
    error: CardError, place: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    # Clients read this; the trace is for whoever looks into the index.
    kept = {**place, **({"additional": error.additional} if error.additional else {})}
    status, title = str(error.status), error.title or "Card Does Not Render"
    # A thrown value may have no text at all; an error that says nothing helps nobody.
    detail = error.message or f"{title}, and nothing more was said."
    return {
        "status": status,
        "title": title,
        "detail": detail,
        **({"meta": kept} if kept else {}),
    }


def _diagnostics(result: VisitResult) -> dict[str, Any]:
    diagnostics: dict[str, Any] = {"ms": round(result.ms, 1)}
    if result.error and result.error.stack:
        diagnostics["stack"] = result.error.stack
    if touched := result.dependencies.query_only:
        diagnostics["queryOnly"] = msgspec.to_builtins(touched)
    if result.broken_links:
        diagnostics["brokenLinks"] = msgspec.to_builtins(result.broken_links)
    return diagnostics


def _seen(stored: StoredFile) -> dict[str, Any]:
    return {
        "last_modified": stored.modified_at,
        "resource_created_at": stored.created_at,
        "content_hash": stored.content_hash,
    }
