"""Icons as modules: `@cardstack/boxel-icons/<name>` is a component that draws one.

The drawings come from the icon packages Tabler and Lucide, gathered by the build into one
file. An icon's module is compiled from a generated template like any other, so it needs no
compiler in the browser, and takes attributes such as `width`, `height` and `class`.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import orjson

from realmkit.cards.near_miss import nearest_name
from realmkit.config import SetupError
from realmkit.errors import NotFound

ICON_PREFIX = "@cardstack/boxel-icons/"

_OUTLINE = (
    'fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round"'
)
_FILLED = 'fill="currentColor"'


class IconLibrary:
    """The drawings by name, read from the built `icons.json` on first use."""

    def __init__(self, drawings: Path) -> None:
        self._file = drawings

    def __contains__(self, name: str) -> bool:
        return name in self._drawings

    def source(self, name: str) -> str:
        """The `.gts` source of an icon's module. Raises `NotFound` with a near miss."""
        drawing = self._drawings.get(name)
        if drawing is None:
            nearest = self.nearest(name)
            hint = f" Did you mean `{nearest}`?" if nearest else ""
            raise NotFound(f"There is no icon `{name}`.{hint}")
        style = _FILLED if name.endswith("-filled") else _OUTLINE
        return (
            '<template><svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" '
            f'viewBox="0 0 24 24" {style} ...attributes>{drawing}</svg></template>'
        )

    def nearest(self, name: str) -> str | None:
        """The icon that was probably meant."""
        return nearest_name(name, self._drawings)

    @cached_property
    def _drawings(self) -> Mapping[str, str]:
        try:
            return orjson.loads(self._file.read_bytes())
        except OSError as exc:
            raise SetupError("The icons are not built: run `make setup`.") from exc
