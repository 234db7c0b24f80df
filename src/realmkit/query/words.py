"""Words as full text compares them, the same for both databases.

Texts become words here, without accents and case, and words become English stems;
what the databases keep and are asked is already in this form, so neither's own notion
of a word matters. Fields are apart by a gap that no phrase crosses.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, cast

# As many as PostgreSQL keeps places for: of one entry, and of one word in it.
MAX_PLACES = 16_000
MAX_PLACES_OF_WORD = 255
MAX_WORD_CHARACTERS = 64
MAX_WORDS_OF_TITLE = 1_000
MAX_BYTES = 1_000_000
"""Of an entry's words and their places together, as PostgreSQL counts them: it takes 1,048,575."""

_WORD = re.compile(r"[^\W_]+")
# A picture inside a text. Its letters are nobody's words, and would use up their places.
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/=_-]{255,}")
_ADDRESS = re.compile(r"(?:https?|data|file):\S+$", re.IGNORECASE)
_UNREAD = ("id", "_cardType", "_title")

_stemming = threading.Lock()


@dataclass(frozen=True, slots=True)
class EntryWords:
    """What is kept of an entry: stems by place, and the words that are not their own stems."""

    places: Mapping[str, Sequence[int]]
    words: frozenset[str]
    title: tuple[str, ...]
    """The stems of the title, for ranking."""


def words_of(text: str) -> list[str]:
    """The words of a text in order, normalised."""
    read = _ENCODED.sub(" ", text)
    return [word for word in _WORD.findall(_plain(read)) if len(word) <= MAX_WORD_CHARACTERS]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The stem of a normalised word."""
    with _stemming:
        return cast("str", _stemmer().stemWord(word))


@cache
def _stemmer() -> Any:
    # With it come the stemmers of thirty languages, which a start need not wait for.
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def readable_texts(doc: Mapping[str, object]) -> list[tuple[str, str]]:
    """(path, text) of what `matches` reads in a search doc: the title first, then every text
    that is no id and no address."""
    title = doc.get("_title")
    found = [("_title", title)] if isinstance(title, str) else []
    _add_texts(doc, "", found)
    return found


def entry_words(doc: Mapping[str, object]) -> EntryWords:
    """The words of a search doc, as far as both databases have room for them."""
    title = doc.get("_title")
    places: dict[str, list[int]] = {}
    words: set[str] = set()
    room = MAX_BYTES
    for place, word in _placed_words(doc):
        stemmed = stem(word)
        if stemmed not in places:
            room -= len(stemmed.encode()) + 3
        if stemmed != word and word not in words:
            room -= len(word.encode()) + 1
        room -= 2
        if room < 0:
            break
        if stemmed != word:
            words.add(word)
        held = places.setdefault(stemmed, [])
        if len(held) < MAX_PLACES_OF_WORD:
            held.append(place)
    title_words = words_of(title)[:MAX_WORDS_OF_TITLE] if isinstance(title, str) else []
    return EntryWords(places, frozenset(words), tuple(dict.fromkeys(map(stem, title_words))))


def _placed_words(doc: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    """The words of a search doc, each with its place, for as many places as are kept."""
    place = 0
    for _, text in readable_texts(doc):
        for word in words_of(text):
            place += 1
            if place > MAX_PLACES:
                return
            yield place, word
        place += 1


def _add_texts(
    value: Mapping[str, object] | Sequence[object], path: str, found: list[tuple[str, str]]
) -> None:
    members = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    for name, member in cast("Iterable[tuple[str | None, object]]", members):
        if name in _UNREAD:
            continue
        if isinstance(member, str):
            if ":" not in member or not _ADDRESS.match(member):
                found.append((_below(path, name), member))
        elif isinstance(member, (dict, list)):
            _add_texts(cast("Sequence[object]", member), _below(path, name), found)


def _below(path: str, name: str | None) -> str:
    """The path of a member; elements of a list have the list's."""
    return path if name is None else f"{path}.{name}" if path else name


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in spread if unicodedata.category(each) != "Mn")
