"""How Chromium is launched."""

from pathlib import Path

import pytest

from realmkit.config import find_chromium
from realmkit.prerender.browser import Browser

pytestmark = pytest.mark.anyio


async def test_where_there_is_no_sandbox_chromium_runs_without_it(tmp_path: Path):
    strict = tmp_path / "chromium"
    strict.write_text(
        "#!/bin/sh\n"
        f'for each in "$@"; do [ "$each" = --no-sandbox ] && exec {find_chromium()} "$@"; done\n'
        'echo "FATAL: No usable sandbox! Use another kernel." >&2\n'
        "exit 1\n"
    )
    strict.chmod(0o755)
    browser = Browser(strict, is_sandboxed=True)
    try:
        process = await browser.running()

        assert process.is_alive
        assert browser.launches == 2
    finally:
        await browser.stop()
