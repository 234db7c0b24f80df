"""Guessing what somebody meant to write, for error messages."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return ` Did you mean "x"?`, ready to append to a sentence, or nothing."""
    nearest = nearest_name(name, candidates)
    return f' Did you mean "{nearest}"?' if nearest else ""


def nearest_name(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate closest to `name`, if one is close."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None
