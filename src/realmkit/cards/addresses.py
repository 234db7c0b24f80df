"""Card ids and links as text: absolute and relative, with and without `.json`."""

import posixpath
from urllib.parse import quote, urljoin, urlsplit

from realmkit.errors import BadRequest


def card_id(url: str) -> str:
    """The id of the card whose instance file or id is `url`: absolute, without `.json`."""
    return url.removesuffix(".json")


def instance_url(id: str) -> str:
    """The URL of the file of the card `id`."""
    return id if id.endswith(".json") else f"{id}.json"


def resolve_link(link: str, relative_to: str) -> str:
    """Return the absolute URL of a link found in the resource at `relative_to`."""
    try:
        return urljoin(relative_to, link)
    except ValueError as exc:
        raise BadRequest(f"`{link}` is not a link: {exc}") from exc


def relative_reference(url: str, relative_to: str) -> str:
    """Write `url` relative to `relative_to`, beginning with `./` or `../`.

    URLs of different origins have no relative form; then `url` comes back as it is.
    """
    target, source = urlsplit(url), urlsplit(relative_to)
    if (target.scheme, target.netloc) != (source.scheme, source.netloc):
        return url
    folder = posixpath.dirname(source.path) or "/"
    path = posixpath.relpath(target.path or "/", folder)
    if target.path.endswith("/") and not path.endswith("/"):
        path += "/"
    if not path.startswith("."):
        path = f"./{path}"
    return path + (f"?{target.query}" if target.query else "")


def path_segment(text: str) -> str:
    """`text` as one segment of a URL path."""
    return quote(text, safe="")
