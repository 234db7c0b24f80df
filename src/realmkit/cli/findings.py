"""What `realmkit check` finds, and how it is told.

A finding has `realm`, `file`, `line`, `column`, `reason`, and `breaks` where the mistake
is in another file than the card that shows it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from realmkit.cards.addresses import card_id, instance_url
from realmkit.cards.code_refs import ModuleNames

if TYPE_CHECKING:
    from realmkit.app import App
    from realmkit.config import Realm

Finding = dict[str, Any]

_CARDS_AT_ONCE = 500


async def findings_in(app: App, realm: Realm) -> list[Finding]:
    """Entries in error, links that lead nowhere and searches that are refused, by file."""
    index = app.stations.index
    findings = [_of_error(realm, one.url, one.error) for one in await index.errors(realm.url)]
    for url, links in await index.broken_links(realm.url):
        findings += [
            _finding(
                realm,
                url,
                f"the link `{link.get('field')}` leads nowhere: "
                f"{link.get('target')} ({link.get('reason')})",
            )
            for link in links
        ]
    async for card, field, reason in _refused_searches(app, realm):
        definition = await _definition_of(app, realm, card)
        said = f"the search of `{field}` is refused: {reason}"
        findings.append(_finding(realm, instance_url(card["id"]), said, mistaken=definition))
    return sorted(findings, key=lambda one: (one["realm"], one["file"], one["line"] or 0))


async def _refused_searches(
    app: App, realm: Realm
) -> AsyncGenerator[tuple[Mapping[str, Any], str, str], None]:
    """Cards with a field whose search this server cannot answer, and why: as a rule a mistake
    in a definition. What other servers say is left out, for they may be away for a while."""
    served = {one.url for one in app.settings.realms}
    files = await app.stations.index.indexed_files(realm.url)
    ids = [card_id(one.url) for one in files if one.type == "instance" and not one.has_error]
    for start in range(0, len(ids), _CARDS_AT_ONCE):
        cards = await app.stations.search.many_cards.documents(ids[start : start + _CARDS_AT_ONCE])
        for card in cards["data"]:
            for key, relationship in card["relationships"].items():
                errors = (relationship.get("meta") or {}).get("errors", ())
                for error in (one for one in errors if one["realm"] in served):
                    yield card, _field(key), error["message"]


async def _definition_of(app: App, realm: Realm, card: Mapping[str, Any]) -> str | None:
    """The file of the module that a card adopts from, if it lies in the card's realm."""
    names = ModuleNames(app.settings.public_url)
    path = realm.path_of(names.resolve_module(card["meta"]["adoptsFrom"]["module"], card["id"]))
    return await app.stations.mounted[realm.name].files.resolve(path) if path else None


def _field(key: str) -> str:
    """A field's path without the places in lists on the way."""
    return ".".join(name for name in key.split(".") if not name.isdigit())


def _of_error(realm: Realm, url: str, error: Mapping[str, Any]) -> Finding:
    meta = error.get("meta") or {}
    reason = str(error.get("detail") or error.get("message") or error.get("title") or "error")
    # A card that fails because of a module is told where in that module.
    finding = _finding(realm, url, reason, mistaken=meta.get("file"))
    return {**finding, "line": meta.get("line"), "column": meta.get("column")}


def _finding(realm: Realm, url: str, reason: str, *, mistaken: str | None = None) -> Finding:
    """What shows at `url`; the mistake may be in another file."""
    shown = realm.path_of(url) or url
    file = mistaken or shown
    return {
        "realm": realm.name,
        "file": file,
        "line": None,
        "column": None,
        # The realm's address means nothing here: its port was free for this one run.
        "reason": reason.strip().partition("\n")[0].replace(realm.url, "./").rstrip("."),
        **({"breaks": shown} if file != shown else {}),
    }


def lines_for_people(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for what is said of one place, with what it breaks elsewhere."""
    broken: dict[str, list[str]] = {}
    for finding in findings:
        others = broken.setdefault(f"{_place(finding)}  {finding['reason']}", [])
        if "breaks" in finding:
            others.append(finding["breaks"])
    return [f"{line}{_told(others)}" for line, others in broken.items()]


def _told(broken: Sequence[str]) -> str:
    if not broken:
        return ""
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f" ({broken[0]}{more})"


def _place(finding: Mapping[str, Any]) -> str:
    place = str(finding["file"])
    if finding["line"] is not None:
        place += f":{finding['line']}"
        if finding["column"] is not None:
            # Editors count columns from one.
            place += f":{finding['column'] + 1}"
    return place


def json_line(finding: Mapping[str, Any]) -> str:
    return orjson.dumps(finding).decode()
