"""What `realmkit check` finds, and how it is told.

A finding has `realm`, `file`, `line`, `column`, `reason`, and `breaks` where the mistake
is in another file than the card that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import orjson

from realmkit.cards.addresses import card_id

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
    findings += await _refused_searches(app, realm)
    return sorted(findings, key=lambda one: (one["realm"], one["file"], one["line"] or 0))


async def _refused_searches(app: App, realm: Realm) -> list[Finding]:
    """What fields ask that this server cannot answer: a mistake in a definition, as a rule."""
    files = await app.stations.index.indexed_files(realm.url)
    ids = [card_id(one.url) for one in files if one.type == "instance" and not one.has_error]
    findings: list[Finding] = []
    for start in range(0, len(ids), _CARDS_AT_ONCE):
        cards = await app.stations.search.many_cards.documents(ids[start : start + _CARDS_AT_ONCE])
        for card in cards["data"]:
            definition = await _definition_of(app, realm, card)
            for key, relationship in card["relationships"].items():
                for error in (relationship.get("meta") or {}).get("errors", ()):
                    # Another server may be away for a while.
                    if error["realm"].startswith(app.settings.public_url):
                        said = f"the search of `{_field(key)}` is refused: {error['message']}"
                        finding = _finding(realm, f"{card['id']}.json", said)
                        if definition:
                            finding |= {"file": definition, "breaks": finding["file"]}
                        findings.append(finding)
    return findings


async def _definition_of(app: App, realm: Realm, card: Mapping[str, Any]) -> str | None:
    """The file of the module that a card adopts from, if it lies in the card's realm."""
    module = str(card["meta"]["adoptsFrom"]["module"])
    path = realm.path_of(urljoin(card["id"], module))
    return await app.stations.mounted[realm.name].files.resolve(path) if path else None


def _field(key: str) -> str:
    """A field's path without the places in lists on the way."""
    return ".".join(name for name in key.split(".") if not name.isdigit())


def _of_error(realm: Realm, url: str, error: Mapping[str, Any]) -> Finding:
    meta = error.get("meta") or {}
    reason = str(error.get("detail") or error.get("message") or error.get("title") or "error")
    # A card that fails because of a module is told where in that module.
    file = str(meta.get("file") or "")
    finding = _finding(realm, url, reason)
    if file and file != finding["file"]:
        finding |= {"file": file, "breaks": finding["file"]}
    return {**finding, "line": meta.get("line"), "column": meta.get("column")}


def _finding(realm: Realm, url: str, reason: str) -> Finding:
    return {
        "realm": realm.name,
        "file": realm.path_of(url) or url,
        "line": None,
        "column": None,
        # The realm's address means nothing here: its port was free for this one run.
        "reason": reason.strip().partition("\n")[0].replace(realm.url, "./").rstrip("."),
    }


def as_lines(findings: Sequence[Mapping[str, Any]]) -> list[str]:
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


def as_json(finding: Mapping[str, Any]) -> str:
    return orjson.dumps(finding).decode()
