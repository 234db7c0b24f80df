"""What a realm calls itself: the name in its `realm.json`.

The file is read each time, because it is small and a person may edit it. A realm
without the file, or with one that says nothing, is called by its folder's name.
"""

from typing import Any, cast

import orjson

from realmkit.errors import RealmkitError
from realmkit.http.stations import MountedRealm

CONFIG_PATHS = ("realm.json", ".realm.json")


async def title_of(mounted: MountedRealm) -> str:
    """The realm's own name. Both a plain object and a card document are understood."""
    for path in CONFIG_PATHS:
        try:
            file = await mounted.files.read(path)
            said = orjson.loads(file.content)
        except (RealmkitError, orjson.JSONDecodeError):
            continue
        if name := _name_in(said):
            return name
    return mounted.realm.name


def _name_in(said: object) -> str | None:
    if not isinstance(said, dict):
        return None
    config = cast("dict[str, Any]", said)
    data = config.get("data")
    attributes = cast("dict[str, Any]", data).get("attributes") if isinstance(data, dict) else None
    for place in (config, attributes):
        name = cast("dict[str, Any]", place).get("name") if isinstance(place, dict) else None
        if isinstance(name, str) and name.strip():
            return name.strip()
    return None
