"""A realm whose cards have query-backed fields, for tests of served documents."""

from typing import Any

import orjson
from tests.support.server import Server

from realmkit.http.negotiation import CARD, SOURCE

AS_CARD = {"Accept": CARD, "Content-Type": CARD}
RENDERING = {**AS_CARD, "X-Boxel-During-Prerender": "1"}
SHEEP = """\
import { CardDef, FieldDef, field, contains, containsMany, linksTo, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Stay extends FieldDef {
  @field place = contains(StringField);
  @field host = linksTo(() => Sheep);
}
export class Sheep extends CardDef {
  @field name = contains(StringField);
  @field colour = contains(StringField);
  @field tags = containsMany(StringField);
  @field stays = containsMany(Stay);
  @field mother = linksTo(() => Sheep);
  @field friends = linksToMany(() => Sheep);
  @field flock = linksToMany(() => Sheep, { query: { filter: { eq: { colour: '$this.colour' } } } });
  @field leader = linksTo(() => Sheep, { query: { filter: { eq: { colour: '$this.colour' } } } });
}
"""


class Herd:
    """Cards of the definition `Sheep`, in the realm of a server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = server.client

    @staticmethod
    async def of(server: Server) -> "Herd":
        herd = Herd(server)
        if not (server.root / "sheep.gts").exists():
            await herd.write("sheep.gts", SHEEP)
        return herd

    async def write(self, path: str, text: str) -> None:
        """Put a file into the realm, and wait until it is indexed."""
        answer = await self.client.post(f"/people/{path}", content=text, headers={"Accept": SOURCE})
        assert answer.status_code == 204, answer.text
        await self.server.indexed()

    async def settled(self) -> None:
        """Wait until cards whose searches find others now were visited again."""
        await self.server.app.indexer.settle()

    def id(self, name: str) -> str:
        return f"{self.server.realm_url}Sheep/{name}"

    def document(self, name: str, **members: Any) -> dict[str, Any]:
        adopts = {"module": f"{self.server.realm_url}sheep", "name": "Sheep"}
        return {"data": {"type": "card", "lid": name, "meta": {"adoptsFrom": adopts}, **members}}

    async def add(self, name: str, headers: dict[str, str] = AS_CARD, **members: Any) -> Any:
        """POST a sheep; the answer."""
        answer = await self.client.post(
            "/people/", content=orjson.dumps(self.document(name, **members)), headers=headers
        )
        assert answer.status_code == 201, answer.text
        return answer

    async def get(self, name: str, headers: dict[str, str] = AS_CARD) -> Any:
        return await self.client.get(self.id(name), headers=headers)

    async def patch(
        self, name: str, data: dict[str, Any], headers: dict[str, str] = AS_CARD
    ) -> Any:
        body = orjson.dumps({"data": {"type": "card", **data}})
        return await self.client.patch(self.id(name), content=body, headers=headers)

    def stored(self, name: str) -> dict[str, Any]:
        """The resource in the card's file."""
        file = self.server.root / "Sheep" / f"{name}.json"
        return orjson.loads(file.read_bytes())["data"]
