"""What a realm says about itself: `_info`, `_types`, `_mtimes`, `_dependencies`, `_indexing-errors`."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from realmkit.cards.addresses import card_id
from realmkit.errors import BadRequest
from realmkit.http import answers
from realmkit.http.negotiation import CARD
from realmkit.http.realm_titles import title_of
from realmkit.http.seqs import wait_until_indexed
from realmkit.http.stations import MountedRealm, Stations


class Reports:
    """Small JSON:API documents, all read from the index."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def info(self, request: Request, mounted: MountedRealm) -> Response:
        """The realm's name, its counts, and what its indexer is doing."""
        await wait_until_indexed(request, self._stations, mounted.realm)
        realm = mounted.realm
        counts = await self._stations.index.counts(realm.url)
        attributes = {
            "name": await title_of(mounted),
            "backgroundURL": None,
            "iconURL": None,
            "showAsCatalog": None,
            "visibility": "public",
            "realmUserId": None,
            "publishable": None,
            "lastPublishedAt": None,
            "isWritable": realm.is_writable,
            "indexing": self._stations.progress.get(realm.url).to_json(),
            "counts": {
                "instances": counts.instances,
                "modules": counts.modules,
                "files": counts.files,
                "errors": counts.errors,
            },
        }
        return answers.document(
            {"data": {"type": "realm-info", "id": realm.url, "attributes": attributes}}
        )

    async def types(self, request: Request, mounted: MountedRealm) -> Response:
        """How many instances each type has, by display name."""
        await wait_until_indexed(request, self._stations, mounted.realm)
        summaries = await self._stations.index.types_summary(mounted.realm.url)
        data = [
            {
                "type": "card-type-summary",
                "id": summary.type_key,
                "attributes": {
                    "displayName": summary.display_name,
                    "total": summary.total,
                    "iconHTML": summary.icon_html,
                    "kind": "instance",
                },
            }
            for summary in summaries
        ]
        return answers.document({"data": data}, media_type=CARD)

    async def mtimes(self, request: Request, mounted: MountedRealm) -> Response:
        """Unix seconds by URL of every file the realm serves."""
        realm = mounted.realm
        mtimes = {
            realm.url_of(file.path): file.mtime_ns // 1_000_000_000
            for file in await mounted.files.walk()
        }
        return answers.document(
            {"data": {"type": "mtimes", "id": realm.url, "attributes": {"mtimes": mtimes}}}
        )

    async def dependencies(self, request: Request, mounted: MountedRealm) -> Response:
        """What the entries at `?url=` rest on; an unknown URL has none."""
        url = request.query_params.get("url")
        if not url:
            raise BadRequest("`_dependencies` needs `?url=`, the URL of a card or a module.")
        await wait_until_indexed(request, self._stations, mounted.realm)
        type = request.query_params.get("type")
        entries = await self._stations.index.dependencies(url)
        data = [
            {
                "type": "dependencies",
                "id": entry.url,
                "attributes": {
                    "canonicalUrl": entry.url,
                    "realmUrl": entry.realm_url,
                    "entryType": entry.type,
                    "hasError": entry.has_error,
                    "dependencies": entry.dependencies,
                    "queryOnly": entry.query_only,
                },
            }
            for entry in entries
            if type in (None, "", entry.type)
        ]
        return answers.document({"data": data})

    async def indexing_errors(self, request: Request, mounted: MountedRealm) -> Response:
        """Every finding of the last visits: entries in error, and links that lead nowhere."""
        await wait_until_indexed(request, self._stations, mounted.realm)
        realm = mounted.realm
        data: list[dict[str, Any]] = [
            _finding("indexing-error", finding.url, {"entryType": finding.type, **finding.error})
            for finding in await self._stations.index.errors(realm.url)
        ]
        for url, links in await self._stations.index.broken_links(realm.url):
            data += [_finding("broken-link", url, link) for link in links]
        return answers.document({"data": data})


def _finding(kind: str, url: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "id": card_id(url), "attributes": {"url": url, **attributes}}
