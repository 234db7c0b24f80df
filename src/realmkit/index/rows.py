"""From a batch to the statements that write it: decided here, run by the store.

What the index has already is not written again: most edits leave an entry's stylesheets,
dependencies and searches as they were.

A good visit replaces everything known of its entry. A failed visit of an entry that
was good before replaces only the error and what the failure looked for, so the last
good artefacts stay and a repair finds its way back here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter

from realmkit.cards.code_refs import ModuleNames
from realmkit.db import Params, Statement, load_sql
from realmkit.index.artefacts import Batch, Html, NewEntry, StoredQuery
from realmkit.index.before import Before, Edge, Key
from realmkit.index.json_text import storable, to_json
from realmkit.index.names import LONGEST_NAME, alias_of, name_of
from realmkit.index.search_docs import shortened

# None of the statements that are run once a row differs between the databases.
SQL = load_sql(__package__ or "", "writing.sql")

_REMOVED = ("entries", "html", "styles", "queries", "query_targets", "dependencies")


def statements_of(
    batch: Batch,
    *,
    before: Mapping[Key, Before],
    generation: int,
    now_ms: int,
    names: ModuleNames,
    own_keys: Mapping[str, str],
) -> list[Statement]:
    """The statements of one commit, in order. `before` is what the index has of its URLs,
    `own_keys` what the definitions are called that searches name."""
    rows = _Rows()
    # What was removed has nothing left to keep, good or the same.
    gone = set(batch.removed)
    for url in batch.removed:
        for table in _REMOVED:
            rows.add(f"remove_{table}", (batch.realm_url, url))
        if name_of(url, "module", names) != url:
            rows.add("clear_definitions", (alias_of(url, names),))
    for entry in batch.entries:
        known = None if entry.url in gone else before.get((entry.url, entry.type))
        if entry.error is not None and known is not None and known.was_good:
            _keep_good(rows, batch.realm_url, entry, generation, now_ms)
            _put_dependencies(rows, batch.realm_url, entry, names)
        else:
            _replace(rows, batch.realm_url, entry, known, generation, now_ms, names)
            if not entry.is_only_read:
                _put_queries(rows, (batch.realm_url, entry.url, entry.type), entry, own_keys)
    for module, definitions in batch.definitions.items():
        rows.add("clear_definitions", (module,))
        for name, definition in definitions.items():
            rows.add("put_definition", (module, name, batch.realm_url, to_json(definition)))
    return rows.statements()


def _keep_good(rows: _Rows, realm_url: str, entry: NewEntry, generation: int, now: int) -> None:
    key = (realm_url, entry.url, entry.type)
    rows.add("clear_error_dependencies", key)
    rows.add(
        "put_error",
        (
            *key,
            to_json(entry.error),
            to_json(entry.diagnostics),
            entry.last_modified,
            entry.content_hash,
            now,
            generation,
        ),
    )


def _replace(
    rows: _Rows,
    realm_url: str,
    entry: NewEntry,
    known: Before | None,
    generation: int,
    now: int,
    names: ModuleNames,
) -> None:
    key = (realm_url, entry.url, entry.type)
    documents = (
        alias_of(entry.url, names),
        to_json(entry.pristine_doc),
        _search_doc(entry),
        to_json(list(entry.types)),
        to_json(list(entry.display_names)),
        storable(entry.icon_html),
    )
    seen = (
        to_json(entry.diagnostics),
        entry.last_modified,
        entry.resource_created_at,
        entry.content_hash,
        now,
        generation,
    )
    if entry.error is None:
        rows.add("put_good", (*key, *documents, *seen))
    else:
        rows.add("put_never_good", (*key, *documents, to_json(entry.error), *seen))
    if entry.is_only_read:
        _put_dependencies(rows, realm_url, entry, names)
        return
    rendered = list(renderings(entry.html))
    if known and known.renderings - {(format, type_key) for format, type_key, _ in rendered}:
        rows.add("clear_html", key)
    for format, type_key, html in rendered:
        rows.add("put_html", (*key, format, type_key, storable(html)))
    if known is None or known.styles != frozenset(entry.styles):
        _put_styles(rows, key, entry, known)
    if known and known.runs_searches:
        rows.add("clear_queries", key)
        rows.add("clear_query_targets", key)
    if known is None or known.edges != frozenset(_edges(entry, names)):
        if known and known.edges:
            rows.add("clear_dependencies", key)
        _put_dependencies(rows, realm_url, entry, names)


def _put_styles(
    rows: _Rows, key: tuple[str, str, str], entry: NewEntry, known: Before | None
) -> None:
    if known and known.styles:
        rows.add("clear_styles", key)
    for style_id, css in entry.styles.items():
        rows.add("put_style", (style_id, storable(css)))
        rows.add("put_entry_style", (*key, style_id))


def _put_queries(
    rows: _Rows, key: tuple[str, str, str], entry: NewEntry, own_keys: Mapping[str, str]
) -> None:
    for query in StoredQuery.of_entry(key[0], entry):
        rows.add(
            "put_query",
            (
                *key,
                query.position,
                to_json(query.realms),
                to_json(query.query),
                to_json(query.target_types),
                query.ids_hash,
            ),
        )
        for target in {own_keys.get(each, each): None for each in query.target_types}:
            rows.add("put_query_target", (storable(target), *key, query.position))


def _put_dependencies(rows: _Rows, realm_url: str, entry: NewEntry, names: ModuleNames) -> None:
    for edge in _edges(entry, names):
        rows.add("put_dependency", (realm_url, entry.url, entry.type, *edge))


def _edges(entry: NewEntry, names: ModuleNames) -> list[Edge]:
    """What an entry rests on, each name once."""
    name = name_of(entry.url, entry.type, names)
    # Nearly all are called by their URL, which need not be kept twice.
    kept = "" if name == entry.url else name
    edges: dict[str, Edge] = {}
    for dependency in entry.dependencies:
        kind = dependency.kind if entry.error is None else "error"
        url = names.fold(dependency.url)
        if url != name and len(url.encode("utf-8", "replace")) <= LONGEST_NAME:
            edges.setdefault(url, (url, kind, kept))
    return list(edges.values())


def renderings(html: Html) -> Iterator[tuple[str, str, str]]:
    """(format, type key, html) of every rendering; the type key is empty where there is one."""
    for format, rendered in html.items():
        if isinstance(rendered, str):
            yield format, "", rendered
        else:
            for type_key, text in rendered.items():
                yield format, type_key, text


class _Rows:
    """Parameters by statement. Statements run in the order of the `.sql` file's needs:
    everything that forgets comes before everything that puts."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Params]] = {}

    def add(self, name: str, params: Params) -> None:
        self._rows.setdefault(name, []).append(params)

    def statements(self) -> list[Statement]:
        ordered = sorted(self._rows, key=lambda name: name.startswith("put_"))
        # Stylesheets are shared by realms; commits that meet there lock them in one order.
        self._rows.get("put_style", []).sort(key=itemgetter(0))
        return [(SQL[name], self._rows[name]) for name in ordered]


def _search_doc(entry: NewEntry) -> str | None:
    if entry.type == "instance" and entry.pristine_doc is not None:
        return shortened(entry.search_doc, entry.pristine_doc)
    return to_json(entry.search_doc)
