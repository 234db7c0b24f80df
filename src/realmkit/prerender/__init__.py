"""Rendering in a real browser: Chromium, its warm pages, and the calls into them."""

from realmkit.prerender.chromium import RENDERING_AGENT
from realmkit.prerender.results import (
    HUNG,
    LOST,
    BrokenLink,
    CardError,
    CardHTML,
    CardSource,
    CommandResult,
    Dependencies,
    FileExtract,
    FileToExtract,
    ModuleDescription,
    StoredQuery,
    Touched,
    VisitResult,
)
from realmkit.prerender.visit import BACKGROUND, FOR_PEOPLE, Prerenderer

__all__ = [
    "BACKGROUND",
    "FOR_PEOPLE",
    "HUNG",
    "LOST",
    "RENDERING_AGENT",
    "BrokenLink",
    "CardError",
    "CardHTML",
    "CardSource",
    "CommandResult",
    "Dependencies",
    "FileExtract",
    "FileToExtract",
    "ModuleDescription",
    "Prerenderer",
    "StoredQuery",
    "Touched",
    "VisitResult",
]
