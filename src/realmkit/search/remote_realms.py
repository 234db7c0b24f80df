"""Cards of realms that other servers hold: fetched for links, searched for fields.

All that one layer of a walk wants of a realm is one request, `QUERY <realm>_cards` with
ids and searches. Which realm a card lies in is learnt from answers; until then its first
folder is taken for one, as it is on servers like this one. Who does not know the request
is asked as `plain_peers` does, and not tried again for a while.

Only what was asked for is taken, and only if it says that it is that; a server speaks for
its own realms alone. Requests say that they are a server's (`X-Realmkit-Asked-By`), and
whoever is asked that way answers from what it holds: links that lead in circles between
servers end there.
"""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, cast

from realmkit.cards.addresses import card_id
from realmkit.search.other_servers import (
    JSONClient,
    RemoteSearch,
    Replies,
    TooLarge,
    Unreachable,
)
from realmkit.search.plain_peers import Answers, PlainPeers
from realmkit.search.remote_resources import checked_resource
from realmkit.search.served import Resource

IDS_A_REQUEST = 1_000
SEARCHES_A_REQUEST = 100
NOT_SPOKEN = (400, 404, 405, 406, 415, 501)
"""How a server answers that does not know the request, or not this realm."""
PLAIN_FOR_S = 600.0
MOST_PLAIN = 10_000

_FIRST_FOLDER = re.compile(r"https?://[^/?#]*/(?:[^/?#]*/)?")

_Key = tuple[str, str]
"""Type and id."""


@dataclass(slots=True)
class _Question:
    """What is asked of one realm; searches go by their place among all."""

    ids: list[str] = field(default_factory=list[str])
    searches: dict[int, Mapping[str, Any]] = field(default_factory=dict[int, Mapping[str, Any]])


@dataclass(slots=True)
class _Answer:
    resources: Answers = field(default_factory=dict[str, "Resource | Unreachable"])
    found: dict[int, list[Resource] | Unreachable] = field(
        default_factory=dict[int, "list[Resource] | Unreachable"]
    )


class _NotSpoken(Exception):
    """The server does not answer this request, or not with such an answer."""


class RemoteRealms:
    """`OtherServers` over HTTP."""

    def __init__(self, client: JSONClient) -> None:
        self._client = client
        self._peers = PlainPeers(client)
        self._plain: dict[str, float] = {}

    async def ask(self, ids: Sequence[str], searches: Sequence[RemoteSearch]) -> Replies:
        questions: dict[str, _Question] = {}
        for place, search in enumerate(searches):
            questions.setdefault(search.realm_url, _Question()).searches[place] = search.query
        searched = sorted(questions, key=len, reverse=True)
        for id in dict.fromkeys(ids):
            realm_url = self._peers.realm_of(id) or next(
                (url for url in searched if id.startswith(url)), _first_folder(id)
            )
            questions.setdefault(realm_url, _Question()).ids.append(id)
        answers = await asyncio.gather(
            *(self._ask(realm_url, question) for realm_url, question in questions.items())
        )
        whole = _whole(answers)
        return Replies(whole.resources, [whole.found[place] for place in range(len(searches))])

    async def resources(self, ids: Sequence[str]) -> Mapping[str, Resource | Unreachable]:
        return (await self.ask(ids, ())).resources

    async def search(self, realm_url: str, query: Mapping[str, Any]) -> list[Resource]:
        return await self._peers.search(realm_url, query)

    async def _ask(self, realm_url: str, question: _Question) -> _Answer:
        is_web = realm_url.startswith(("http://", "https://"))
        if is_web and self._plain.get(realm_url, 0.0) < time.monotonic():
            try:
                return await self._together(realm_url, question)
            except _NotSpoken:
                if len(self._plain) >= MOST_PLAIN:
                    self._plain.clear()
                self._plain[realm_url] = time.monotonic() + PLAIN_FOR_S
        return await self._apart(realm_url, question)

    # In one request.

    async def _together(self, realm_url: str, question: _Question) -> _Answer:
        parts = (self._request(realm_url, part) for part in _parts(question))
        return _whole(await asyncio.gather(*parts))

    async def _request(self, realm_url: str, question: _Question) -> _Answer:
        body = {"ids": question.ids, "searches": list(question.searches.values())}
        try:
            document, headers = await self._client.ask("QUERY", f"{realm_url}_cards", body)
        except Unreachable as exc:
            halves = _halves(question)
            if halves and (isinstance(exc, TooLarge) or exc.status == 413):
                answers = [await self._request(realm_url, half) for half in halves]
                return _whole(answers)
            is_nonsense = exc.type == "unknown" and not isinstance(exc, TooLarge)
            if exc.status in NOT_SPOKEN or is_nonsense:
                raise _NotSpoken from exc
            return _refused(question, exc)
        answer = _read(document, realm_url, question)
        self._peers.remember(headers.get("x-boxel-realm-url"), realm_url)
        return answer

    # In as many as it takes.

    async def _apart(self, realm_url: str, question: _Question) -> _Answer:
        searches = (self._searched(realm_url, query) for query in question.searches.values())
        resources, found = await asyncio.gather(
            self._by_id(realm_url, question.ids), asyncio.gather(*searches)
        )
        return _Answer(resources, dict(zip(question.searches, found, strict=True)))

    async def _searched(
        self, realm_url: str, query: Mapping[str, Any]
    ) -> list[Resource] | Unreachable:
        try:
            return await self._peers.search(realm_url, query)
        except Unreachable as exc:
            return exc

    async def _by_id(self, place: str, ids: Sequence[str]) -> Answers:
        """Cards of one realm, or of one folder of which nobody knows whether it is a realm."""
        answers: Answers = {}
        waiting = list(ids)
        while waiting:
            realm_url = self._peers.realm_of(waiting[0])
            if realm_url is None:
                first = waiting.pop(0)
                answers[first] = await self._peers.get(first)
                if waiting and self._peers.realm_of(first) is None:
                    return answers | await self._peers.one_by_one(waiting)
                continue
            inside = [id for id in waiting if self._peers.realm_of(id) == realm_url]
            waiting = [id for id in waiting if id not in inside]
            if realm_url == place:
                answers |= await self._peers.of_realm(realm_url, inside)
            else:
                # A realm that has just introduced itself may know more than its folder did.
                answers |= (await self._ask(realm_url, _Question(inside))).resources
        return answers


def _first_folder(id: str) -> str:
    match = _FIRST_FOLDER.match(id)
    return match[0] if match else id


def _parts(question: _Question) -> list[_Question]:
    """One, as long as it is not more than a request may ask."""
    ids, searches = question.ids, list(question.searches.items())
    return [
        _Question(some or [], dict(others or ()))
        for some, others in zip_longest(
            (ids[at : at + IDS_A_REQUEST] for at in range(0, len(ids), IDS_A_REQUEST)),
            (
                searches[at : at + SEARCHES_A_REQUEST]
                for at in range(0, len(searches), SEARCHES_A_REQUEST)
            ),
        )
    ]


def _halves(question: _Question) -> list[_Question]:
    """The same in two requests; nothing if it cannot be less."""
    ids, searches = question.ids, list(question.searches.items())
    if len(ids) + len(searches) < 2:
        return []
    middle, center = (len(ids) + 1) // 2, len(searches) // 2
    return [
        _Question(ids[:middle], dict(searches[:center])),
        _Question(ids[middle:], dict(searches[center:])),
    ]


def _whole(answers: Sequence[_Answer]) -> _Answer:
    whole = _Answer()
    for answer in answers:
        whole.resources |= answer.resources
        whole.found |= answer.found
    return whole


def _refused(question: _Question, exc: Unreachable) -> _Answer:
    return _Answer(dict.fromkeys(question.ids, exc), dict.fromkeys(question.searches, exc))


def _read(document: object, realm_url: str, question: _Question) -> _Answer:
    """What an answer says of what was asked. Raises `_NotSpoken` if it is no such answer."""
    members = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    data, searches = members.get("data"), members.get("searches")
    if not isinstance(data, list) or not isinstance(searches, list):
        raise _NotSpoken
    if len(cast("list[object]", searches)) != len(question.searches):
        raise _NotSpoken
    resources = _resources(cast("list[object]", data), realm_url)
    missing = _missing(members)
    answer = _Answer()
    for id in question.ids:
        answer.resources[id] = (
            resources.get(("card", card_id(id)))
            or resources.get(("file-meta", id))
            or missing.get(card_id(id))
            or Unreachable("network", f"{card_id(id)} was not found.", 404)
        )
    for place, said in zip(question.searches, cast("list[object]", searches), strict=True):
        answer.found[place] = _found(said, resources, realm_url)
    return answer


def _resources(data: Sequence[object], realm_url: str) -> dict[_Key, Resource | Unreachable]:
    resources: dict[_Key, Resource | Unreachable] = {}
    for one in data:
        try:
            resource = checked_resource(one, realm_url)
        except Unreachable as exc:
            if isinstance(one, dict):
                said = cast("dict[str, Any]", one)
                resources[str(said.get("type")), str(said.get("id"))] = exc
        else:
            resources[resource["type"], resource["id"]] = resource
    return resources


def _missing(members: Mapping[str, Any]) -> dict[str, Unreachable]:
    meta = members.get("meta")
    listed = cast("Any", meta).get("missing") if isinstance(meta, dict) else None
    missing: dict[str, Unreachable] = {}
    for one in cast("list[object]", listed) if isinstance(listed, list) else []:
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            said = cast("dict[str, Any]", one)
            id, status = card_id(said["id"]), str(said.get("status"))
            detail = str(said.get("detail") or said.get("title") or "It is broken.")[:500]
            detail = f"{id} was not found." if status == "404" else detail
            missing[id] = Unreachable("network", detail, _status(said))
    return missing


def _found(
    said: object, resources: Mapping[_Key, Resource | Unreachable], realm_url: str
) -> list[Resource] | Unreachable:
    members = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    errors, data = members.get("errors"), members.get("data")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        error = cast("dict[str, Any]", errors[0])
        detail = str(error.get("detail") or error.get("title") or "It failed.")[:500]
        return Unreachable("unknown", detail, _status(error))
    if not isinstance(data, list):
        return Unreachable("unknown", f"{realm_url} answered a search with no list of results.")
    found: list[Resource] = []
    for one in cast("list[object]", data):
        named = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
        key = (str(named.get("type")), str(named.get("id")))
        resource = resources.get(key)
        if not key[1].startswith(realm_url):
            return Unreachable("unknown", f"{realm_url} answered with a card of another realm.")
        if not isinstance(resource, dict):
            return resource or Unreachable(
                "unknown", f"{realm_url} names {key[1][:300]} and does not tell what it is."
            )
        found.append(resource)
    return found


def _status(error: Mapping[str, Any]) -> int | None:
    status = str(error.get("status"))
    return int(status) if re.fullmatch("[1-5][0-9]{2}", status) else None
