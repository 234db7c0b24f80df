"""Bodies of searches that make sense, that almost do, and that make none.

More than CI asks: `REALMKIT_FUZZED_BODIES=200000 pytest -k is_our_bug tests/search tests/http`.
"""

import os
import random
from typing import Any

from .people import EMPLOYEE, PERSON

BODIES = int(os.environ.get("REALMKIT_FUZZED_BODIES", "10000"))
"""In all: three of ten for each database, and two of ten over HTTP for each."""

TEXTS = [
    *["", "'", '"', "\\", "%", "_", "*", "a*", '"a', "NEAR(", "OR", "-", "-a", "((", "a:b", ":*"],
    *[
        "'; drop table entries; --",
        "$1",
        "$",
        "{",
        "[]",
        "visits[]",
        "a.b",
        ".",
        "é",
        "\u2028",
        "𝄞",
    ],
    *["Ann", "name", "http://h/people/ann", "1e999", "NaN", "9" * 400, "x" * 3_000, "�", "\x01"],
]
NUMBERS = [0, -1, 1.5, 2**53, 2**63, -(2**64), 1e300, 1e308, True, False, None]
MEMBERS = (
    "filter sort page realms realm fields scope html type on eq in contains range matches every any"
    " not item path by direction size number card format renderType module name gt gte lt lte"
).split()
PATHS = (
    "name age tags visits visits.cost owner.name friends.tags id _title boss.name isGood born met"
    " mail phone kind"
).split()


def anything(pick: random.Random, depth: int) -> Any:
    kind = pick.random()
    if depth == 0 or kind < 0.3:
        return pick.choice([*TEXTS, *NUMBERS])
    if kind < 0.5:
        return [anything(pick, depth - 1) for _ in range(pick.randrange(4))]
    if kind < 0.6:
        return pick.choice([PERSON, EMPLOYEE])
    names = [*MEMBERS, *PATHS, *TEXTS]
    return {pick.choice(names): anything(pick, depth - 1) for _ in range(pick.randrange(4))}


def almost_a_filter(pick: random.Random, depth: int) -> Any:
    if pick.random() < 0.05:
        return anything(pick, 2)
    operators = ["eq", "in", "contains", "range", "matches"]
    if depth:
        operators += ["every", "any", "not", "item"] * 2
    operator = pick.choice(operators)
    path, text = pick.choice(PATHS), pick.choice(TEXTS)
    value = pick.choice([*TEXTS, *NUMBERS, PERSON])
    operand: Any = {
        "eq": lambda: {path: value},
        "in": lambda: {path: [value, text, None]},
        "contains": lambda: {path: text},
        "range": lambda: {path: {pick.choice(["gt", "lte", "x"]): value}},
        "matches": lambda: f"{text} {pick.choice(TEXTS)}",
        "every": lambda: [almost_a_filter(pick, depth - 1) for _ in range(pick.randrange(3))],
        "any": lambda: [almost_a_filter(pick, depth - 1) for _ in range(pick.randrange(3))],
        "not": lambda: almost_a_filter(pick, depth - 1),
        "item": lambda: {"path": path, "eq": {pick.choice(["place", "cost"]): value}},
    }[operator]()
    return {**({"on": PERSON} if pick.random() < 0.7 else {}), operator: operand}


def body(number: int) -> Any:
    pick = random.Random(number)
    if pick.random() < 0.3:
        return anything(pick, 4)
    asked: dict[str, Any] = {"filter": almost_a_filter(pick, 3)}
    if pick.random() < 0.3:
        asked["sort"] = [{"by": pick.choice([*PATHS, "lastModified", "cardURL"]), "on": PERSON}]
    if pick.random() < 0.3:
        asked["page"] = {"size": pick.choice([1, 500, *NUMBERS]), "number": pick.choice([0, 1, 7])}
    if pick.random() < 0.05:
        asked[pick.choice(MEMBERS)] = anything(pick, 2)
    return asked


def numbers_of(database: str, *, over_http: bool) -> range:
    """Which bodies are asked where; no two places ask the same."""
    tenth = BODIES // 10
    at = 0 if database == "sqlite" else 5
    return (
        range((at + 3) * tenth, (at + 5) * tenth)
        if over_http
        else range(at * tenth, (at + 3) * tenth)
    )
