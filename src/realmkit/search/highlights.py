"""Where the words of a full text search stand in what it found.

Each result's `meta.matches` lists the fields that have them, as `{path, pieces}`: the
pieces are an excerpt cut where matches begin and end, so every second piece is one. They
are made from search docs and our own notion of a word, not from a database's.
"""

import re
from collections.abc import Sequence
from typing import Any

import orjson

from realmkit.db import Dialect
from realmkit.index.search_docs import restored
from realmkit.query.dialects import DIALECTS
from realmkit.query.matching import Prefix, Words
from realmkit.query.words import readable_texts, stem, words_of
from realmkit.search.found import Found
from realmkit.search.known import GENERATION
from realmkit.search.one_state import IndexState
from realmkit.search.served import Resource

MOST_FIELDS = 3
MOST_PIECES = 7
CHARACTERS_AROUND = 60

# $1 is a JSON array of [realm URL, URL, type].
_DOCS = """\
SELECT i.realm_url, i.url, i.type, i.search_doc, i.pristine_doc, {generation} FROM {listed} wanted
CROSS JOIN entries i WHERE i.realm_url = wanted.value ->> 0 AND i.url = wanted.value ->> 1
AND i.type = wanted.value ->> 2"""
_WORD = re.compile(r"\w+")


async def add_highlights(
    state: IndexState, dialect: Dialect, words: Words, results: Sequence[tuple[Found, Resource]]
) -> None:
    """Write `matches` into the `meta` of every result: one statement, whatever their number."""
    if not results:
        return
    wanted = [(entry.realm_url, entry.url, entry.type) for entry, _ in results]
    sql = _DOCS.format(listed=DIALECTS[dialect].listed("$1"), generation=GENERATION)
    rows = await state.read(sql, (orjson.dumps(wanted).decode(),), least=len(wanted))
    docs = {tuple(place): restored(doc, resource) or {} for *place, doc, resource in rows}
    for entry, resource in results:
        doc = docs.get((entry.realm_url, entry.url, entry.type), {})
        resource["meta"]["matches"] = highlights(doc, words)


def highlights(doc: dict[str, object], words: Words) -> list[dict[str, Any]]:
    """The first fields of a search doc with a wanted word in them."""
    stems = frozenset(words.stems)
    starts = tuple(
        term.start
        for each in words.alternatives
        for term in each.wanted
        if isinstance(term, Prefix)
    )
    found: dict[str, list[str]] = {}
    for path, text in readable_texts(doc):
        if len(found) == MOST_FIELDS:
            break
        # Most texts have none of the words, and are asked once, not word by word.
        if path in found or not _has_wanted(text, stems, starts):
            continue
        places = [
            each.span() for each in _WORD.finditer(text) if _has_wanted(each.group(), stems, starts)
        ]
        if places:
            found[path] = _pieces(text, places)
    return [{"path": path, "pieces": pieces} for path, pieces in found.items()]


def _has_wanted(text: str, stems: frozenset[str], starts: tuple[str, ...]) -> bool:
    for one in words_of(text):
        if stem(one) in stems:
            return True
        if starts and (one.startswith(starts) or stem(one).startswith(starts)):
            return True
    return False


def _pieces(text: str, places: Sequence[tuple[int, int]]) -> list[str]:
    """An excerpt around the first places: what is before, a match, what is between, a match..."""
    pieces: list[str] = []
    at = max(places[0][0] - CHARACTERS_AROUND, 0)
    for start, end in places:
        if start - at > 2 * CHARACTERS_AROUND or len(pieces) >= MOST_PIECES - 1:
            break
        pieces += [text[at:start], text[start:end]]
        at = end
    pieces[0] = f"…{pieces[0]}" if places[0][0] > CHARACTERS_AROUND else pieces[0]
    rest = text[at : at + CHARACTERS_AROUND]
    return [*pieces, f"{rest}…" if len(text) > at + CHARACTERS_AROUND else rest]
