"""What to do when a call into a page ended without an answer.

Pure decisions: which card is named as the culprit, and in which groups the
others are asked again. Every decision names a card or makes the groups smaller
or uses up the one retry, so asking again always comes to an end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Group:
    """Items (by URL) asked for in one call. `retried` says the call was cut short before."""

    urls: tuple[str, ...]
    retried: bool = False


@dataclass
class Heard:
    """What the page said while it worked."""

    started: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    @property
    def in_hand(self) -> list[str]:
        return [url for url in self.started if url not in self.done]


@dataclass(frozen=True)
class Verdict:
    """`culprit` becomes an error result; `again` are the groups to ask for next."""

    culprit: str | None
    again: tuple[Group, ...] = ()


def after_hanging(group: Group, heard: Heard) -> Verdict:
    """The page was silent for longer than one card may take."""
    return _name_or_split(group, heard)


def after_losing(group: Group, heard: Heard) -> Verdict:
    """The page or its browser is gone. The first time nobody is blamed for that."""
    if not group.retried:
        return Verdict(None, (Group(group.urls, retried=True),))
    return _name_or_split(group, heard)


def after_stopping(group: Group, answered: Sequence[str]) -> Verdict:
    """The page answered for the first few and may not be asked again."""
    rest = tuple(url for url in group.urls if url not in set(answered))
    if answered:
        return Verdict(None, (Group(rest),) if rest else ())
    return after_losing(group, Heard())


def _name_or_split(group: Group, heard: Heard) -> Verdict:
    suspects = [url for url in heard.in_hand if url in group.urls]
    if len(group.urls) == 1:
        return Verdict(group.urls[0])
    if len(suspects) == 1:
        rest = tuple(url for url in group.urls if url != suspects[0])
        return Verdict(suspects[0], (Group(rest),))
    # Nobody said which one it was: ask for each suspect alone.
    suspects = suspects or [url for url in group.urls if url not in heard.done]
    rest = tuple(url for url in group.urls if url not in suspects)
    alone = tuple(Group((url,), retried=True) for url in suspects)
    if not suspects:
        # All were done and yet no answer came: halve until one is left.
        middle = len(group.urls) // 2
        return Verdict(None, (Group(group.urls[:middle]), Group(group.urls[middle:])))
    return Verdict(None, ((Group(rest),) if rest else ()) + alone)
