"""A realm in a temporary folder, over a real SQLite file."""

from collections.abc import Mapping
from pathlib import Path

from realmkit.config import Realm

ATLAS = "http://127.0.0.1:4201/atlas/"


class HeldClock:
    """A clock that moves when told to."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self.ms = now_ms

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


def realm_in(folder: Path, *, name: str = "atlas", is_writable: bool = True) -> Realm:
    folder.mkdir(exist_ok=True)
    return Realm(f"http://127.0.0.1:4201/{name}/", folder, name, is_writable)


def fill(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files as somebody else would: without asking the store."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)


def contents(root: Path) -> dict[str, str]:
    """Every file below `root`, temporary and ignored ones too."""
    return {
        file.relative_to(root).as_posix(): file.read_text()
        for file in sorted(root.rglob("*"))
        if file.is_file()
    }
