"""A realm of products as large as one likes, indexed without rendering anything.

Cards have thirty fields: texts, numbers, booleans, dates, a composite, plurals of values
and of composites, and a link on a searchable route. The same number gives the same cards.
Every fifth is of a subclass, so a search by type has more than one type to look at.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from realmkit.index import Batch, Dependency, IndexStore, NewEntry

PUBLIC_URL = "http://bench.test"
REALM = f"{PUBLIC_URL}/shop/"
PRODUCT = {"module": f"{REALM}product", "name": "Product"}
SPECIAL = {"module": f"{REALM}product", "name": "Special"}
MAKER = {"module": f"{REALM}maker", "name": "Maker"}
CARD_DEF = {"module": "@cardstack/base/card-api", "name": "CardDef"}
CARDS_A_COMMIT = 1_000

_SYLLABLES = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu".split()
WORDS = [
    first + second + third
    for first in _SYLLABLES
    for second in _SYLLABLES[5:15]
    for third in ("n", "r", "st", "lia", "ton")
]
CITIES = [f"{word.title()}ville" for word in WORDS[:200]]
TAGS = WORDS[300:500]
MAKERS = 500


def card(number: int) -> dict[str, Any]:
    """The search doc of one product."""
    pick = random.Random(number)
    maker = pick.randrange(MAKERS)
    return {
        "name": f"{pick.choice(WORDS).title()} {pick.choice(WORDS)} {number}",
        "sku": f"SKU-{number:07}",
        "brand": pick.choice(WORDS[500:550]).title(),
        "color": pick.choice(["red", "green", "blue", "black", "white", "grey", "gold", "pink"]),
        "status": pick.choice(["draft", "open", "sold", "archived"]),
        "city": pick.choice(CITIES),
        "country": pick.choice(WORDS[600:650]).title(),
        "material": pick.choice(WORDS[650:680]),
        "category": pick.choice(WORDS[680:720]),
        "season": pick.choice(["spring", "summer", "autumn", "winter"]),
        "code": f"{pick.randrange(16**8):08x}",
        "barcode": str(pick.randrange(10**12, 10**13)),
        "contact": f"{pick.choice(WORDS)}@{pick.choice(WORDS)}.example",
        "summary": " ".join(pick.choices(WORDS, k=12)),
        "price": pick.randrange(100, 1_000_000) / 100,
        "cost": pick.randrange(100, 500_000) / 100,
        "weight": pick.randrange(1, 50_000),
        "stock": pick.randrange(0, 500),
        "rating": pick.randrange(1, 6),
        "year": pick.randrange(1990, 2027),
        "isActive": pick.random() < 0.8,
        "isOnSale": pick.random() < 0.1,
        "released": f"20{pick.randrange(10, 27)}-0{pick.randrange(1, 10)}-1{pick.randrange(10)}",
        "checked": f"20{pick.randrange(10, 27)}-1{pick.randrange(3)}-0{pick.randrange(1, 10)}",
        "archivedOn": "2026-01-02" if pick.random() < 0.05 else None,
        "address": {"street": f"{pick.choice(WORDS)} road", "zip": str(pick.randrange(10**5))},
        "tags": pick.sample(TAGS, 3),
        "sizes": [pick.randrange(30, 50) for _ in range(2)],
        "reviews": [
            {"author": pick.choice(WORDS), "stars": pick.randrange(1, 6)} for _ in range(2)
        ],
        "maker": {
            "id": f"{REALM}Maker/{maker}",
            "name": f"{WORDS[maker].title()} {maker}",
            "city": CITIES[maker % len(CITIES)],
        },
    }


async def seed(index: IndexStore, cards: int) -> None:
    """Commit the definitions and `cards` cards, as an indexer would."""
    definitions: dict[str, dict[str, Mapping[str, Any]]] = {}
    for described in DESCRIBED:
        ref = described["codeRef"]
        definitions.setdefault(ref["module"], {})[ref["name"]] = described
    await index.commit(Batch(REALM, definitions=definitions))
    entries = map(entry, range(cards))
    while some := list(islice(entries, CARDS_A_COMMIT)):
        await index.commit(Batch(REALM, some))


def entry(number: int) -> NewEntry:
    """One product as a visit leaves it, less its HTML."""
    ref = SPECIAL if number % 5 == 0 else PRODUCT
    chain = [SPECIAL, PRODUCT, CARD_DEF] if number % 5 == 0 else [PRODUCT, CARD_DEF]
    id = f"{REALM}Product/{number:07}"
    doc = card(number)
    maker = doc["maker"]["id"]
    resource = {
        "type": "card",
        "id": id,
        "attributes": {name: value for name, value in doc.items() if name != "maker"},
        "relationships": {"maker": {"links": {"self": maker}}},
        "meta": {"adoptsFrom": ref},
    }
    return NewEntry(
        f"{id}.json",
        "instance",
        pristine_doc=resource,
        search_doc={**doc, "id": id, "_cardType": ref["name"], "_title": doc["name"]},
        types=[f"{one['module']}/{one['name']}" for one in chain],
        display_names=[one["name"] for one in chain],
        dependencies=[
            Dependency(PRODUCT["module"], "module"),
            Dependency(CARD_DEF["module"], "module"),
            Dependency(f"{maker}.json", "instance"),
        ],
        last_modified=1_700_000_000 + number % 10_000,
        resource_created_at=1_600_000_000 + number,
        content_hash=f"{number:064x}",
    )


def _fields() -> Iterator[tuple[str, dict[str, Any]]]:
    plain = {str: "string", float: "number", int: "number", bool: "boolean"}
    for name, value in card(0).items():
        if name in ("address", "reviews", "maker"):
            continue
        is_plural = isinstance(value, list)
        one = value[0] if isinstance(value, list) else value
        yield name, _plain(plain.get(type(one), "date"), is_plural=is_plural)
    yield "address", _composite("contains", "Address")
    yield "reviews", _composite("containsMany", "Review")
    yield "maker", {"type": "linksTo", "card": MAKER, "searchable": True}


def _plain(value_type: str, *, is_plural: bool = False) -> dict[str, Any]:
    return {
        "type": "containsMany" if is_plural else "contains",
        "card": {"module": f"@cardstack/base/{value_type}", "name": "default"},
        "isPrimitive": True,
        "valueType": value_type,
    }


def _composite(kind: str, name: str) -> dict[str, Any]:
    return {"type": kind, "card": {"module": PRODUCT["module"], "name": name}}


def _described(
    kind: str, chain: Sequence[Mapping[str, str]], fields: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": kind,
        "codeRef": chain[0],
        "displayName": chain[0]["name"],
        "types": [f"{one['module']}/{one['name']}" for one in chain],
        "fields": fields,
    }


_PRODUCT_FIELDS = dict(_fields())
DESCRIBED = [
    _described("card-def", [PRODUCT, CARD_DEF], _PRODUCT_FIELDS),
    _described("card-def", [SPECIAL, PRODUCT, CARD_DEF], _PRODUCT_FIELDS),
    _described("card-def", [MAKER, CARD_DEF], {"name": _plain("string"), "city": _plain("string")}),
    _described(
        "field-def",
        [{"module": PRODUCT["module"], "name": "Address"}],
        {"street": _plain("string"), "zip": _plain("string")},
    ),
    _described(
        "field-def",
        [{"module": PRODUCT["module"], "name": "Review"}],
        {"author": _plain("string"), "stars": _plain("number")},
    ),
]
