"""What `matches` asks: words, "phrases", OR, -not and prefix*, read from one text.

Words that stand side by side must all be there; OR separates alternatives. A word that
punctuation divides, as in `well-known`, is a phrase.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from realmkit.errors import BadRequest
from realmkit.query.words import stem, words_of

MAX_CHARACTERS = 2_000
MAX_TERMS = 64

_TOKEN = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Stems that follow one another; a word is a phrase of one."""

    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a word or of its stem."""

    start: str


Term = Phrase | Prefix


@dataclass(frozen=True, slots=True)
class Alternative:
    """Terms that must be there, and terms that must not. Never both empty."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What a text asks for: one of these. None means that nothing can match."""

    alternatives: tuple[Alternative, ...]

    @property
    def stems(self) -> tuple[str, ...]:
        """Every stem that is wanted somewhere, each once."""
        wanted = [term for each in self.alternatives for term in each.wanted]
        phrases = [term.stems for term in wanted if isinstance(term, Phrase)]
        return tuple(dict.fromkeys(one for stems in phrases for one in stems))


def read_words(text: str, pointer: str) -> Words:
    """Read what `matches` was given. Raises `BadRequest` for a text beyond all measure."""
    if len(text) > MAX_CHARACTERS:
        raise BadRequest(f"`matches` takes at most {MAX_CHARACTERS:,} characters.", pointer=pointer)
    alternatives: list[Alternative] = []
    wanted: list[Term] = []
    unwanted: list[Term] = []
    terms = 0
    for minus, quoted, bare in _TOKEN.findall(text):
        if bare == "OR" and not minus:
            alternatives += _alternative(wanted, unwanted)
            wanted, unwanted = [], []
            continue
        found = list(_quoted(quoted) if quoted or not bare else _bare(bare))
        terms += sum(len(term.stems) if isinstance(term, Phrase) else 1 for term in found)
        (unwanted if minus else wanted).extend(found)
    alternatives += _alternative(wanted, unwanted)
    if terms > MAX_TERMS:
        raise BadRequest(f"`matches` takes at most {MAX_TERMS} words.", pointer=pointer)
    return Words(tuple(alternatives))


def _alternative(wanted: Sequence[Term], unwanted: Sequence[Term]) -> list[Alternative]:
    if not wanted and not unwanted:
        return []
    return [Alternative(tuple(wanted), tuple(unwanted))]


def _quoted(text: str) -> Iterator[Term]:
    if words := words_of(text):
        yield Phrase(tuple(map(stem, words)))


def _bare(text: str) -> Iterator[Term]:
    words = words_of(text)
    if not words:
        return
    if not text.endswith("*"):
        yield Phrase(tuple(map(stem, words)))
        return
    *before, start = words
    if before:
        yield Phrase(tuple(map(stem, before)))
    yield Prefix(start)
