"""Where the words of a full text search stand in what it found.

Each result's `meta.matches` lists the fields that have them, as `{path, pieces}`: the
pieces are an excerpt cut where matches begin and end, so every second piece is one. They
are made from search docs and our own notion of a word, not from a database's.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from realmkit.index.search_docs import restored
from realmkit.query.matching import Prefix, Words
from realmkit.query.words import readable_texts, stem, words_of
from realmkit.search.found import Found
from realmkit.search.served import Resource

MOST_FIELDS = 3
MOST_PIECES = 7
CHARACTERS_AROUND = 60

_WORD = re.compile(r"\w+")


def add_highlights(
    words: Words, results: Sequence[tuple[Found, Resource]], search_docs: Sequence[str | None]
) -> None:
    """Write `matches` into the `meta` of every result, whose search doc is given as kept."""
    is_wanted = wanted_by(words)
    for (entry, resource), search_doc in zip(results, search_docs, strict=True):
        doc = restored(search_doc, entry.resource) or {}
        resource["meta"]["matches"] = highlights(doc, is_wanted)


def highlights(doc: Mapping[str, object], is_wanted: Callable[[str], bool]) -> list[dict[str, Any]]:
    """The first fields of a search doc with a wanted word in them: the title, then the card's
    own, then those further in. PostgreSQL does not keep the order of an object's members."""
    texts = sorted(readable_texts(doc), key=_place)
    # Most texts have none of the words, and few words of a card are wanted.
    all_of_them = set(words_of("\n".join(text for _, text in texts)))
    wanted = set(filter(is_wanted, all_of_them))
    found: dict[str, list[str]] = {}
    for path, text in texts:
        if len(found) == MOST_FIELDS:
            break
        if path in found or (text.isascii() and not any(map(text.lower().__contains__, wanted))):
            continue
        places = [
            each.span()
            for each in _WORD.finditer(text)
            if not wanted.isdisjoint(words_of(each.group()))
        ]
        if places:
            found[path] = _pieces(text, places)
    return [{"path": path, "pieces": pieces} for path, pieces in found.items()]


def _place(read: tuple[str, str]) -> tuple[bool, int, str]:
    path, _ = read
    return path != "_title", path.count("."), path


def wanted_by(words: Words) -> Callable[[str], bool]:
    """Whether a word is one of those that are wanted; what it has said is remembered."""
    stems = frozenset(words.stems)
    starts = tuple(
        term.start
        for each in words.alternatives
        for term in each.wanted
        if isinstance(term, Prefix)
    )

    @cache
    def is_wanted(word: str) -> bool:
        stemmed = stem(word)
        return stemmed in stems or (
            bool(starts) and (word.startswith(starts) or stemmed.startswith(starts))
        )

    return is_wanted


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
