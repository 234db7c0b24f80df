"""Who may talk to a server that has no permissions yet.

Pages from anywhere may read. Only pages of this server may write, and only
through a host name that is really ours: a name that an attacker points at
127.0.0.1 (DNS rebinding) is refused before anything is looked up. Of our own pages
those that render for the index may not write either.
"""

import ipaddress
from urllib.parse import urlsplit

from realmkit.prerender import RENDERING_AGENT

READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})

_ALLOWED_HEADERS = ", ".join(
    [
        "Accept",
        "Authorization",
        "Cache-Control",
        "Content-Type",
        "If-Match",
        "If-None-Match",
        "If-Range",
        "Last-Event-ID",
        "Range",
        "X-Boxel-Client-Request-Id",
        "X-Boxel-Consuming-Realm",
        "X-Boxel-Disable-Module-Cache",
        "X-Boxel-During-Prerender",
        "X-Boxel-Job-Id",
        "X-Boxel-Job-Priority",
        "X-Boxel-Logging-Correlation-Id",
        "X-Filename",
        "X-HTTP-Method-Override",
        "X-Realmkit-Seq",
    ]
)
_EXPOSED_HEADERS = ", ".join(
    [
        "Accept-Ranges",
        "Content-Range",
        "ETag",
        "Last-Modified",
        "Location",
        "X-Boxel-Cache",
        "X-Boxel-Canonical-Path",
        "X-Boxel-Realm-Public-Readable",
        "X-Boxel-Realm-Url",
        "X-Created",
        "X-Realmkit-Cache-Layer",
        "X-Realmkit-Seq",
    ]
)

# On every answer.
SHARED_HEADERS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": _EXPOSED_HEADERS,
    "x-content-type-options": "nosniff",
}

# On the answer to a preflight. POST is there for QUERY by method override.
PREFLIGHT_HEADERS = {
    **SHARED_HEADERS,
    "access-control-allow-methods": "GET, HEAD, POST, QUERY, OPTIONS",
    "access-control-allow-headers": _ALLOWED_HEADERS,
    "access-control-max-age": "86400",
}


def is_our_host(host: str, public_url: str) -> bool:
    """True when a Host header names this machine's loopback or the public address."""
    name = _host_name(host)
    if name is None:
        return False
    return name == (urlsplit(public_url).hostname or "").lower() or is_loopback(name)


def is_loopback(name: str) -> bool:
    """True for `localhost` and every loopback address."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def may_write(origin: str | None, host: str, public_url: str) -> bool:
    """True for a client that is no web page, and for a page of this very server.

    `host` has passed `is_our_host`, so a page under that name came from us.
    """
    if origin is None:
        return True
    origin = origin.lower()
    return origin in (_origin_of(public_url), f"http://{host.lower()}", f"https://{host.lower()}")


def is_rendering(user_agent: str) -> bool:
    """True for whatever a Chromium that renders sends, also from frames and workers of card code."""
    return user_agent.endswith(RENDERING_AGENT)


def is_public_spelling(host: str, public_url: str) -> bool:
    """True when the browser already uses the public address, and not another loopback name."""
    return host.lower() == urlsplit(public_url).netloc.lower()


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _host_name(host: str) -> str | None:
    """The name without its port and brackets, or None for something that is no host."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.netloc != host or "@" in host:
        return None
    return parts.hostname.lower()
