"""What a folder of a realm holds, as a JSON:API directory resource."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from realmkit.http import answers
from realmkit.http.stations import MountedRealm


class Listings:
    """Answers the files and folders directly inside a folder, sorted, ignored ones left out."""

    async def get(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """`path` is empty for the root, else it ends with a slash."""
        realm = mounted.realm
        relationships: dict[str, Any] = {}
        for child in await mounted.files.list(path):
            relationships[child.name] = {
                "links": {"related": realm.url_of(path + child.name)},
                "meta": child.meta,
            }
        resource = {
            "type": "directory",
            "id": realm.url_of(path),
            "relationships": dict(sorted(relationships.items())),
        }
        return answers.document({"data": resource})
