"""After whatever happened to realms, their index is what a first index of the same files gives.

A seeded series of edits of two realms, on disk and by the API, with the server killed, stopped
and started in between, then one more server with an empty database as the measure. What is
compared is what readers get: entries, their dependencies, HTML, styles, definitions and the rows
of searches. The cards of `homes` adopt, link to and search those of `people`.
"""

import asyncio
import os
import random
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.support.fleet import Process, serving
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer

from realmkit.db import Database, open_database

ROUNDS = int(os.environ.get("REALMKIT_CONVERGENCE_ROUNDS", "1"))
FIRST_SEED = int(os.environ.get("REALMKIT_CONVERGENCE_SEED", "1"))
STEPS = 24

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(400)]

CARD_JSON = "application/vnd.card+json"
MARK = """\
{"data": {"type": "card", "meta": {
  "adoptsFrom": {"module": "@cardstack/base/card-api", "name": "CardDef"}
}}}
"""

# Definitions, each in the versions that a realm may come to have. `None`: there is no such file.
PLACE = """
import { CardDef, FieldDef, contains, field, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import { Person } from './person';
export class Place extends CardDef {
  static displayName = 'Place';
  @field name = contains(StringField);
  @field people = linksToMany(() => Person, { query: { filter: { eq: { city: '$this.name' } } } });
  static isolated = <template><h1><@fields.name /></h1><@fields.people @format="fitted" />
    <style scoped>h1 { color: SHADE }</style></template>;
}
"""
PERSON = """
import { CardDef, contains, field, linksTo, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import { Mood } from './mood';
export class Person extends CardDef {
  static displayName = 'Person';
  @field name = contains(StringField);
  @field city = contains(StringField);
  @field mood = contains(Mood);
  @field boss = linksTo(() => Person, { searchable: true });
  @field friends = linksToMany(() => Person);
  @field cardTitle = contains(StringField, {
    computeVia: function () { return `${this.name}WORDS${this.boss ? this.boss.name : ''}`; },
  });
  static isolated = <template><h2><@fields.name /></h2><@fields.boss @format="embedded" />
    <@fields.friends @format="atom" /></template>;
  static embedded = <template><b><@fields.cardTitle /></b></template>;
}
"""
MOOD = """
import { FieldDef, contains, field } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import { word } from './words/word';
export class Mood extends FieldDef {
  @field feeling = contains(StringField);
  static embedded = <template>{{word}}: <@fields.feeling /></template>;
}
"""
HOME = """
import { CardDef, contains, field, linksTo, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import { Person } from 'PEOPLEperson';
export class Home extends CardDef {
  static displayName = 'Home';
  @field name = contains(StringField);
  @field owner = linksTo(() => Person);
  @field namesakes = linksToMany(() => Person, {
    query: { realm: 'PEOPLE', filter: { eq: { name: '$this.name' } }, page: { size: 2 } },
  });
  static isolated = <template><@fields.owner @format="embedded" />EXTRA
    <@fields.namesakes @format="atom" /></template>;
}
"""
VERSIONS: dict[str, list[str | None]] = {
    "homes/home.gts": [HOME.replace("EXTRA", ""), HOME.replace("EXTRA", "<hr />")],
    "people/place.gts": [PLACE.replace("SHADE", "red"), PLACE.replace("SHADE", "teal"), "class {"],
    "people/person.gts": [
        PERSON.replace("WORDS", " of "),
        PERSON.replace("WORDS", " under "),
        PERSON.replace("WORDS", " ").replace("@field city", "@field town"),
        PERSON.replace("return `", "throw new Error('no'); return `"),
        None,
    ],
    "people/mood.gts": [MOOD, MOOD.replace("{{word}}: ", ""), None],
    "people/words/word.ts": [
        "export const word = 'Feels';\n",
        "export const word: string = 'Is';\n",
        "export const word = 'Throws';\nthrow new Error('not today');\n",
        None,
    ],
    "people/words/word.js": [None, None, None, "export const word = 'Plain';\n"],
    "people/notes.md": ["# Notes\n\nOf [Ann](./Person/p1).\n", "---\ntitle: Other\n---\n", None],
    "people/.gitignore": [None, None, "Place/\n", "*.md\n"],
}
REALMS = ["people", "homes"]
PEOPLE = [f"people/Person/p{number}" for number in range(6)]
PLACES = [f"people/Place/q{number}" for number in range(3)]
HOMES = [f"homes/Home/h{number}" for number in range(3)]
CARDS = [*PEOPLE, *PLACES, *HOMES]
NAMES = ["Ann", "Bob", "Ceryl", "Dora"]
CITIES = ["Ghent", "Lyon", None]


class Realms:
    """The files of two realms under one seed, the server that has them, and what may happen."""

    def __init__(self, root: Path, process: Process, seed: int) -> None:
        self.root = root
        self.process = process
        self.url = f"http://127.0.0.1:{process.port}/"
        self.told: list[str] = []
        self._random = random.Random(seed)
        self._happenings: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (10, self.write_card),
            (3, self.remove_card),
            (3, self.rename_card),
            (10, self.edit_definition),
            (4, self.patch),
            (2, self.delete),
            (1, self.move_folder),
            (2, self.spoil_card),
            (2, self.kill),
            (1, self.stop),
            (2, self.settle),
        ]

    @property
    def is_up(self) -> bool:
        return self.process.process.returncode is None

    async def happen(self) -> None:
        """One thing, by the seed; it is noted in `told`."""
        weights = [weight for weight, _ in self._happenings]
        [(_, happening)] = self._random.choices(self._happenings, weights)
        await happening()

    def begin(self) -> None:
        """Every definition in its first version, and every card."""
        for path in VERSIONS:
            self._put(path, VERSIONS[path][0])
        for id in CARDS:
            self._put(f"{id}.json", self._card(id))

    def mend(self) -> None:
        """Now and then all definitions are good again, so that there is something to compare."""
        for path in VERSIONS:
            self._put(path, VERSIONS[path][0])

    async def write_card(self) -> None:
        id = self._random.choice(CARDS)
        self._put(f"{id}.json", self._card(id))

    async def remove_card(self) -> None:
        self._put(f"{self._random.choice(CARDS)}.json", None)

    async def rename_card(self) -> None:
        old, new = self._random.sample(PEOPLE, 2)
        if (self.root / f"{old}.json").exists():
            self._tell(f"rename {old} {new}")
            (self.root / f"{old}.json").replace(self.root / f"{new}.json")

    async def spoil_card(self) -> None:
        self._put(f"{self._random.choice(PEOPLE)}.json", '{"data": {"type": "card", ')

    async def edit_definition(self) -> None:
        path = self._random.choice(list(VERSIONS))
        self._put(path, self._random.choice(VERSIONS[path]))

    async def move_folder(self) -> None:
        self._tell("move words")
        here, there = self.root / "people/words", self.root / "people/spare"
        if there.exists() and not here.exists():
            here, there = there, here
        if here.exists() and not there.exists():
            here.rename(there)

    async def patch(self) -> None:
        id = self._random.choice(PEOPLE)
        name = self._random.choice(NAMES)
        data: dict[str, Any] = {"type": "card", "attributes": {"name": name}}
        if self._random.random() < 0.5:
            boss = self._random.choice([*PEOPLE, None])
            data["relationships"] = {"boss": {"links": {"self": boss and f"{self.url}{boss}"}}}
        await self._ask("PATCH", id, {"data": data})

    async def delete(self) -> None:
        await self._ask("DELETE", self._random.choice(PEOPLE), None)

    async def kill(self) -> None:
        if self.is_up:
            self._tell("kill")
            await self.process.kill()
        else:
            await self.start()

    async def stop(self) -> None:
        if self.is_up:
            self._tell("stop")
            await self.process.stop()

    async def start(self) -> None:
        """Have a server that answers, the one that is there or a new one."""
        if not self.is_up:
            self._tell("start")
            await self.process.start()
        await self.process.until_answering("/_health")

    async def settle(self) -> None:
        """Wait until the index has what lies on disk now: a new card in each realm, written last,
        and after that nothing."""
        await self.start()
        self._tell("settle")
        self.forget_marks()
        number = self._random.randrange(10**9)
        for realm in REALMS:
            self._put(f"{realm}/Mark/m{number}.json", MARK)
        calm = 0
        async with asyncio.timeout(100):
            while calm < 4:
                await asyncio.sleep(0.1)
                states = [await self._state(realm, f"Mark/m{number}") for realm in REALMS]
                calm = calm + 1 if set(states) == {"idle"} else 0

    def forget_marks(self) -> None:
        for realm in REALMS:
            shutil.rmtree(self.root / realm / "Mark", ignore_errors=True)

    async def _state(self, realm: str, mark: str) -> str | None:
        """What the indexer does, once it has the mark."""
        client = self.process.client
        query = {"filter": {"eq": {"id": f"{self.url}{realm}/{mark}"}}}
        found = (await client.request("QUERY", f"/{realm}/_search", json=query)).json()
        info = (await client.get(f"/{realm}/_info")).json()
        if not found.get("data") or "data" not in info:
            return None
        return info["data"]["attributes"]["indexing"]["state"]

    def _card(self, id: str) -> str:
        pick = self._random.choice
        links: dict[str, Any] = {}
        if id in HOMES:
            attributes: dict[str, Any] = {"name": pick(NAMES)}
            links["owner"] = self._link(pick([*PEOPLE, None]))
            ref = {"module": "../home", "name": "Home"}
        elif id in PLACES:
            attributes = {"name": pick(CITIES)}
            ref = {"module": "../place", "name": "Place"}
        else:
            attributes = {"name": pick(NAMES), "city": pick(CITIES), "mood": {"feeling": "calm"}}
            links["boss"] = self._link(pick([*PEOPLE, None]))
            for number in range(self._random.randrange(3)):
                links[f"friends.{number}"] = self._link(pick(CARDS))
            ref = {"module": "../person", "name": "Person"}
        data = {
            "type": "card",
            "attributes": attributes,
            "relationships": links,
            "meta": {"adoptsFrom": ref},
        }
        return orjson.dumps({"data": data}, option=orjson.OPT_INDENT_2).decode()

    def _link(self, target: str | None) -> dict[str, Any]:
        return {"links": {"self": target and f"{self.url}{target}"}}

    def _put(self, path: str, text: str | None) -> None:
        file = self.root / path
        text = text and text.replace("PEOPLE", f"{self.url}people/")
        if text == (file.read_text() if file.exists() else None):
            return
        self._tell(f"{'remove' if text is None else 'write'} {path}")
        if text is None:
            file.unlink()
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    async def _ask(self, method: str, id: str, body: Any) -> None:
        await self.start()
        headers = {"Accept": CARD_JSON, "Content-Type": CARD_JSON}
        answer = await self.process.client.request(
            method, f"/{id}", headers=headers, content=orjson.dumps(body) if body else None
        )
        self._tell(f"{method} {id}: {answer.status_code}")
        # A server that has just begun may say that it is not ready.
        assert answer.status_code < 500 or answer.status_code == 503, answer.text

    def _tell(self, what: str) -> None:
        self.told.append(what)


# A card that failed keeps what its last good visit left. What a search found is shown as it was
# when its ids last changed: a card that only a search leads to is no dependency.
COMPARED = {
    "entries": """
        select url, type, has_error, file_alias, content_hash,
               case when has_error = 1 then error_doc end,
               case when has_error = 0 then types end,
               case when has_error = 0 then display_names end,
               case when has_error = 0 then pristine_doc end,
               case when has_error = 0 then search_doc end,
               case when has_error = 0 then icon_html end
        from entries""",
    "dependencies": """
        select d.url, d.type, dependency, kind, name from index_dependencies d
        join entries e on e.url = d.url and e.type = d.type and e.has_error = 0""",
    "queries": """
        select q.url, q.type, position, realms, query, ids_hash from query_dependencies q
        join entries e on e.url = q.url and e.type = q.type and e.has_error = 0""",
    "html": """
        select h.url, h.type, format, type_key, html from prerendered_html h
        join entries e on e.url = h.url and e.type = h.type and e.has_error = 0
        where not exists (select 1 from query_dependencies q where q.url = h.url)""",
    "styles": """
        select es.url, es.type, css from entry_styles es join styles on id = style_id
        join entries e on e.url = es.url and e.type = es.type and e.has_error = 0
        where not exists (select 1 from query_dependencies q where q.url = es.url)""",
    "definitions": """
        select module_url, name, definition from definitions d
        where not exists (
          select 1 from entries e where e.type = 'module' and e.has_error = 1
          and e.file_alias = d.module_url
        )""",
    "searched": """
        select se.url, se.type, s.types, s.health, title_words
        from search_entries se join shelves s on s.shelf_id = se.shelf_id
        join entries e on e.url = se.url and e.type = se.type and e.has_error = 0""",
    "values": """
        select se.url, se.type, path, element, kind, number, text, folded
        from search_values v join search_entries se on se.entry_id = v.entry_id
        join entries e on e.url = se.url and e.type = se.type and e.has_error = 0
        join search_paths p on p.path_id = v.path_id and path not in ('createdAt', 'lastModified')""",
}


async def readable(db: Database) -> dict[str, list[Any]]:
    """What readers get from an index, in an order of its own, without times and counts of runs."""
    tables: dict[str, list[Any]] = {}
    for name, sql in COMPARED.items():
        rows = await db.read(sql)
        tables[name] = sorted(
            (tuple(_plain(value) for value in row) for row in rows if "/Mark/" not in str(row[0])),
            key=repr,
        )
    return tables


def _plain(value: Any) -> Any:
    """A value of either database; JSON as what it says, however it is written."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value[:1] in ("{", "["):
        value = orjson.loads(value)
    if isinstance(value, dict | list):
        return orjson.dumps(_lasting(value), option=orjson.OPT_SORT_KEYS).decode()
    return value


def _lasting(value: Any) -> Any:
    """JSON without the times of files: when one was first seen, and last had other content."""
    if isinstance(value, list):
        return [_lasting(one) for one in value]
    if isinstance(value, dict):
        return {
            key: _lasting(one)
            for key, one in value.items()
            if key not in ("createdAt", "lastModified", "resourceCreatedAt")
        }
    return value


async def at(url: str) -> dict[str, list[Any]]:
    db = await open_database(url)
    try:
        return await readable(db)
    finally:
        await db.close()


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + ROUNDS))
async def test_the_index_is_that_of_the_files_whatever_happened(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, seed: int
) -> None:
    port = free_port()
    for name in REALMS:
        (tmp_path / name).mkdir()

    async with served(tmp_path, database_url, port, tmp_path / "state") as process:
        realms = Realms(tmp_path, process, seed)
        realms.begin()
        for step in range(STEPS):
            if step % 12 == 11:
                realms.mend()
            await realms.happen()
        await realms.settle()
    found = await at(database_url)

    measure = f"sqlite://{tmp_path / 'measure.db'}"
    if not database_url.startswith("sqlite"):
        postgres: PostgresServer = request.getfixturevalue("postgres")
        measure = await postgres.new_database()
    realms.forget_marks()
    async with served(tmp_path, measure, port, tmp_path / "fresh") as process:
        await Realms(tmp_path, process, seed).settle()
    expected = await at(measure)

    assert expected["entries"], "there is nothing to compare"
    for table, rows in expected.items():
        wrong, missing = set(found[table]) - set(rows), set(rows) - set(found[table])
        assert (wrong, missing) == (set(), set()), (
            f"seed {seed}, {table}, after: {'; '.join(realms.told)}\n"
            + "".join(f"- {row}\n" for row in sorted(wrong, key=repr)[:5])
            + "".join(f"+ {row}\n" for row in sorted(missing, key=repr)[:5])
        )


def served(
    root: Path, database: str, port: int, state: Path
) -> AbstractAsyncContextManager[Process]:
    url = f"http://127.0.0.1:{port}"
    return serving(root / "people", database, port, url, state, f"homes={root / 'homes'}")
