"""Answering a search, whoever is asked: one realm or the server for several.

A question of a job (`X-Boxel-Job-Id` with `X-Boxel-Consuming-Realm`) is worked out
once: the answer is kept until the job ends, carries an ETag, and is 304 for a page that
holds it. Everybody else gets the state of the moment, which nobody may keep.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import BadRequest, NotFound, RealmkitError, UpstreamFailed
from realmkit.http import answers, conditional, origins
from realmkit.http.negotiation import CARD
from realmkit.http.stations import Stations
from realmkit.http.walks import is_during_prerender, view_of, walk_for
from realmkit.query import Page, Query
from realmkit.query.parse import MAX_PAGE_SIZE

_JOB_ID = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")
_PRIORITY = "x-boxel-job-priority"
_REALM_URL = re.compile(r"https?://[!-~]{1,2040}")


class SearchAnswers:
    """Runs searches and writes their answers."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def answer(
        self, request: Request, realm_urls: Sequence[str], body: Mapping[str, Any]
    ) -> Response:
        """The page of results of the query `body` over `realm_urls`. Raises `BadRequest`."""
        job_id = job_of(request)
        if job_id is None or not self._may_have_it_kept(request):
            document = await self._search(request, realm_urls, body)
            return answers.document(document, media_type=CARD)
        kept = self._stations.job_answers
        query = {name: value for name, value in body.items() if name != "realms"}
        view = {"view": view_of(request), "priority": request.headers.get(_PRIORITY, "").strip()}
        key = await kept.key(realm_urls, query, view)
        etag = f'"{job_id}-{key}"'
        headers = {"cache-control": answers.NO_STORE, "etag": f"W/{etag}"}
        content = await kept.get(job_id, key)
        if content is None:
            document = await self._search(request, realm_urls, body)
            content = orjson.dumps(document)
            # A realm that failed may answer the next time.
            if "errors" not in document["meta"]:
                await kept.put(job_id, key, content)
        elif conditional.is_held(request.headers, etag):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=CARD, headers=headers)

    def _may_have_it_kept(self, request: Request) -> bool:
        """Pages of other origins may ask, and have nothing written."""
        origin, host = (request.headers.get(name) for name in ("origin", "host"))
        return origins.may_write(origin, host or "", self._stations.settings.public_url)

    async def _search(
        self, request: Request, realm_urls: Sequence[str], body: Mapping[str, Any]
    ) -> dict[str, Any]:
        engine = self._stations.search
        query = within_bounds(engine.parse(body), request)
        _check_realms(query, body, realm_urls)
        page = await engine.search_everywhere(realm_urls, body, query, walk_for(request))
        if len(page.errors) == len(realm_urls):
            raise _nobody_answered(page.errors)
        return page.to_document()


def _check_realms(query: Query, body: Mapping[str, Any], realm_urls: Sequence[str]) -> None:
    """Raises `BadRequest` when a realm's own search is asked for another realm."""
    for realm_url in query.realms or ():
        if realm_url not in realm_urls:
            raise BadRequest(
                f"{realm_url[:300]} is not searched here, only {realm_urls[0]} is. "
                "`/_federated-search` searches any realms.",
                pointer="/realm" if "realm" in body else "/realms",
            )


def _nobody_answered(errors: Sequence[Mapping[str, Any]]) -> RealmkitError:
    """What to say when none of the realms could be asked: there is nothing to show."""
    said = " ".join(str(error["message"]) for error in errors)
    is_unknown = all(error.get("status") == 404 for error in errors)
    return NotFound(said, pointer="/realms") if is_unknown else UpstreamFailed(said)


def within_bounds(query: Query, request: Request) -> Query:
    """A query that asks for no page gets as much as a page may hold, unless a card that renders
    asks: what it shows is all there is."""
    shows_all = is_during_prerender(request) and not query.page.number
    if query.page.size is not None or shows_all:
        return query
    return replace(query, page=Page(query.page.number, MAX_PAGE_SIZE))


def job_of(request: Request) -> str | None:
    """The job that asks, if it names itself well: an id `n.n` and the realm it works for."""
    job_id = request.headers.get("x-boxel-job-id", "").strip()
    realm_url = request.headers.get("x-boxel-consuming-realm", "").strip()
    is_well_named = _JOB_ID.fullmatch(job_id) and _REALM_URL.fullmatch(realm_url)
    return job_id if is_well_named else None
