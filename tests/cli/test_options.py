"""What options of `serve` come to."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from realmkit.cli import serve
from realmkit.config import Settings


def settings_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *options: str, **environment: str
) -> Settings:
    """The settings that a server would run with."""
    chosen: list[Settings] = []

    async def note(settings: Settings, listener: Any) -> None:
        listener.close()
        chosen.append(settings)

    monkeypatch.setattr(serve, "_serve", note)
    (tmp_path / "atlas").mkdir(exist_ok=True)
    asked = [str(tmp_path / "atlas"), "--port", "0", "--state", str(tmp_path / "state"), *options]
    ended = CliRunner().invoke(serve.command, asked, env=environment)
    assert ended.exit_code == 0, ended.output
    return chosen[0]


def test_modules_get_as_much_memory_as_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = settings_of(tmp_path, monkeypatch)
    asked = settings_of(tmp_path, monkeypatch, "--module-memory", "7")
    said = settings_of(tmp_path, monkeypatch, REALMKIT_MODULE_MEMORY="8")

    sizes = [each.module_memory_bytes // 1024 // 1024 for each in (plain, asked, said)]
    assert sizes == [64, 7, 8]


def test_servers_coordinate_unless_they_are_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = settings_of(tmp_path, monkeypatch)
    asked = settings_of(tmp_path, monkeypatch, "--no-coordination")
    said = settings_of(tmp_path, monkeypatch, REALMKIT_COORDINATION="0")

    assert [each.is_coordinated for each in (plain, asked, said)] == [True, False, False]
