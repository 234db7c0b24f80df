"""Rendering in a real browser: Chromium, its warm pages, and the calls into them."""

from realmkit.prerender.results import (
    HUNG,
    LOST,
    BrokenLink,
    CardError,
    CardHTML,
    CardSource,
    Dependencies,
    ModuleDescription,
    StoredQuery,
    VisitResult,
)
from realmkit.prerender.visit import Prerenderer

__all__ = [
    "HUNG",
    "LOST",
    "BrokenLink",
    "CardError",
    "CardHTML",
    "CardSource",
    "Dependencies",
    "ModuleDescription",
    "Prerenderer",
    "StoredQuery",
    "VisitResult",
]
