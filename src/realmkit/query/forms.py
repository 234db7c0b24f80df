"""The form in which a search doc has a field's values, and how what is asked is brought to it.

A document says a moment as `2026-11-23T09:30:00.000Z` and an address as `Ann@X.com`; the
search doc has `2026-11-23T09:30` and `ann@x.com`, so that values compare. The classes of
the base realm write it that way (`queryableValue`); here the same is done to the values
of filters and of tokens, by the value type that a field's definition names.
"""

import re
from datetime import datetime, timedelta
from typing import Literal

Form = Literal["date", "datetime", "email", "phone-number"]

_DAY = r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
_TIME = r"(?:[T ](\d\d):(\d\d)(?::([0-5]\d)(?:\.\d{1,9})?)?(?:Z|([+-])(\d\d):?([0-5]\d))?)?"
_MOMENT = re.compile(rf"{_DAY}{_TIME})?)?", re.ASCII)
_NO_PHONE = re.compile(r"[^0-9+]")


def in_form(text: str, form: Form) -> str | None:
    """`text` as the search doc has it; None where that is null, or for what is no date."""
    match form:
        case "date":
            return day_of(text)
        case "datetime":
            return minute_of(text)
        case "email":
            return text.strip().lower() or None
        case "phone-number":
            return _NO_PHONE.sub("", text) or None


def day_of(text: str) -> str | None:
    """The day that a date or a moment begins with, as it is written there; None for no date.

    A year or a month by itself is its first day.
    """
    moment = _local(text)
    return None if moment is None else moment.date().isoformat()


def minute_of(text: str) -> str | None:
    """The minute of a moment, in UTC; None for no moment. Without a zone it is UTC already."""
    moment, match = _local(text), _MOMENT.fullmatch(text)
    if moment is None or match is None:
        return None
    sign, hours, minutes = match.group(7, 8, 9)
    if sign:
        if int(hours) > 23:
            return None
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        try:
            moment = moment - offset if sign == "+" else moment + offset
        except OverflowError:
            return None
    return moment.isoformat(timespec="minutes")


def _local(text: str) -> datetime | None:
    """What a text says, without its zone and its seconds."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part or 1) for part in match.group(1, 2, 3))
    hour, minute = (int(part or 0) for part in match.group(4, 5))
    try:
        return datetime(year, month, day, hour, minute)
    except ValueError:
        return None
