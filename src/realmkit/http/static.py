"""The built browser files under `/_host/`, and the page the indexer renders in.

File names carry a hash of their content, so every answer is immutable. Files are
read once, compressed once for each coding that is asked for, and kept in memory: together
they are a few megabytes.
A rebuild while the server runs is noticed by the manifest's modification time.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import NotFound, TryLater
from realmkit.extraction import type_of_file
from realmkit.http import answers, conditional, negotiation
from realmkit.http.content_codings import choose_coding, coded_etag
from realmkit.http.negotiation import JAVASCRIPT, with_charset
from realmkit.http.pages import HostFiles
from realmkit.modules.codings import Codings

_NOT_BUILT = "The browser files are not built. Run `make setup`."
_COMPRESSIBLE = (".js", ".mjs", ".css", ".json", ".map", ".svg")


@dataclass(frozen=True)
class _File:
    codings: Codings
    is_worth_compressing: bool
    media_type: str
    etag: str


def prerender_policy(public_url: str, allowed_hosts: Collection[str]) -> str:
    """The Content-Security-Policy of a page that renders: it asks this server, and hosts that
    a setting allows.

    Whoever writes a card could otherwise make the page ask addresses of private networks.
    Modules may come from anywhere by `https`.
    """
    allowed = [f"{scheme}://{_any_port(host)}" for host in allowed_hosts for scheme in _SCHEMES]
    own = " ".join(["'self'", public_url, *allowed])
    scripts = f"script-src {own} https: blob: data: 'unsafe-inline' 'unsafe-eval'"
    return f"default-src {own} blob: data: 'unsafe-inline'; {scripts}; form-action 'none'"


def _any_port(host: str) -> str:
    return host if ":" in host else f"{host}:*"


_SCHEMES = ("http", "https")


class HostStatic:
    """Serves `folder`, which `npm run build` fills. `policy` is the prerender page's."""

    def __init__(self, folder: Path, policy: str) -> None:
        self._policy = policy
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._manifest: dict[str, Any] = {}
        self._manifest_mtime_ns = 0

    async def get(self, request: Request, name: str) -> Response:
        """`/_host/<name>`: a built file, or the prerender page."""
        if name == "prerender":
            return self._prerender_page()
        file = await self._file(name)
        coding = choose_coding(
            negotiation.lines_of(request.headers, "accept-encoding"),
            is_worth_it=file.is_worth_compressing,
        )
        headers = {"cache-control": answers.IMMUTABLE, "vary": "Accept-Encoding"}
        if coding not in (None, "identity"):
            headers["content-encoding"] = coding
        return answers.validated(
            request,
            await file.codings.get(coding or "identity"),
            media_type=file.media_type,
            etag=coded_etag(file.etag, coding or "identity"),
            headers=headers,
        )

    def host_files(self) -> HostFiles:
        """The URLs a page for people names. Raises `TryLater` when nothing is built."""
        manifest = self._current_manifest()
        return HostFiles(
            script=f"/_host/{manifest['page']}",
            style=f"/_host/{manifest['pageCss']}",
            runtime=f"/_host/{manifest['runtime']}",
        )

    def _prerender_page(self) -> Response:
        script = f"/_host/{self._current_manifest()['prerender']}"
        body = (
            '<!doctype html><html><head><meta charset="utf-8"><title>prerender</title>'
            "<script>globalThis.__boxelRenderContext = true</script>"
            f'<script type="module" src="{script}"></script></head><body></body></html>'
        )
        headers = {"cache-control": answers.NO_STORE, "content-security-policy": self._policy}
        return Response(body, media_type="text/html", headers=headers)

    def _current_manifest(self) -> dict[str, Any]:
        path = self._folder / "manifest.json"
        try:
            mtime_ns = path.stat().st_mtime_ns
            if mtime_ns != self._manifest_mtime_ns:
                self._manifest = cast("dict[str, Any]", orjson.loads(path.read_bytes()))
                self._manifest_mtime_ns = mtime_ns
                self._files.clear()
        except (OSError, orjson.JSONDecodeError) as exc:
            raise TryLater(_NOT_BUILT, title="Not Built") from exc
        return self._manifest

    async def _file(self, name: str) -> _File:
        if file := self._files.get(name):
            return file
        file = await asyncio.to_thread(self._read, name)
        self._files[name] = file
        return file

    def _read(self, name: str) -> _File:
        path = (self._folder / name).resolve() if "\0" not in name else self._folder
        try:
            # Nothing outside the folder, and none of what npm or git may have left in it.
            relative = path.relative_to(self._folder.resolve())
            if any(part.startswith(".") for part in relative.parts):
                raise NotFound(f"`/_host/{name}` was not found.")
            body = path.read_bytes()
        except (OSError, ValueError) as exc:
            raise NotFound(f"`/_host/{name}` was not found.") from exc
        codings = Codings(body)
        worth_it = path.suffix in _COMPRESSIBLE and codings.is_worth_compressing
        media_type = JAVASCRIPT if path.suffix in (".js", ".mjs") else type_of_file(name)
        return _File(codings, worth_it, with_charset(media_type), conditional.etag_of(body))
