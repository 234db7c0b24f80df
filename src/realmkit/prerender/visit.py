"""Render cards and describe modules in leased pages, whatever the cards do.

A visit is one call into a warm page for many cards. The page says which card
it is at through a binding, so a card that never finishes can be named: it
becomes an error result, its page is retired, and the rest of the batch goes on
in a fresh one. A Chromium that dies takes no card with it the first time.
"""

from collections.abc import Sequence
from pathlib import Path

from realmkit.prerender.results import CardSource, ModuleDescription, VisitResult


class Prerenderer:
    """The browser, its pages and the calls into them; owned by the app.

    `origin` is the server's public URL; pages boot at `<origin>/_host/prerender`.
    Nothing is launched before the first visit or description asks for it.
    """

    def __init__(
        self,
        origin: str,
        chromium: Path,
        *,
        page_limit: int = 2,
        render_timeout_s: float = 30.0,
        boot_timeout_s: float = 15.0,
    ) -> None:
        raise NotImplementedError

    async def start(self) -> None:
        """Own the browser and the pages from here on. Cheap: nothing is launched yet."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Close every page, kill Chromium's process group and remove its profile."""
        raise NotImplementedError

    async def visit(
        self,
        cards: Sequence[CardSource],
        *,
        epoch: str,
        job_id: str,
        formats: Sequence[str] | None = None,
    ) -> list[VisitResult]:
        """Render `cards` in one leased page and return one result per card, in order.

        Raises `PrerenderUnavailable` when no browser can be had; never for a card.
        """
        raise NotImplementedError

    async def describe(self, module_urls: Sequence[str], *, epoch: str) -> list[ModuleDescription]:
        """Import `module_urls` in one leased page and return one description per URL, in order."""
        raise NotImplementedError
