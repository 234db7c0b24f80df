"""Any order of writes, deletions and imports, in one process and another: no answer is old."""

import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.modules.conftest import House, opened

from realmkit.errors import NotFound

pytestmark = pytest.mark.anyio

NAMES = "abcdef"
STEPS = 40


@pytest.fixture
async def houses(tmp_path: Path, database_url: str) -> AsyncIterator[list[House]]:
    """Two processes over one database and one folder; on SQLite there is only one."""
    async with AsyncExitStack() as stack:
        count = 1 if database_url.startswith("sqlite") else 2
        yield [
            await stack.enter_async_context(opened(tmp_path, database=database_url))
            for _ in range(count)
        ]


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_answer_after_a_change_is_older_than_it(houses: list[House], seed: int) -> None:
    chance = random.Random(seed)
    # What each file says, and the modules that it imports.
    files: dict[str, tuple[str, list[str]]] = {}
    for step in range(STEPS):
        writer = chance.choice(houses)
        name = chance.choice(NAMES)
        # A `.js` is preferred to a `.ts`: it comes in front of it, and goes.
        path = f"{name}.{chance.choice(['ts', 'ts', 'js'])}"
        if path in files and chance.random() < 0.4:
            del files[path]
            await writer.files.delete(path)
        else:
            files[path] = (f"{path} at {step}", chance.sample(NAMES, chance.randrange(3)))
            says, imports = files[path]
            lines = [*(f"import './{each}';" for each in imports), f"export const a = '{says}';"]
            await writer.save(path, "\n".join(lines))
        for house in (writer, *(each for each in houses if each is not writer)):
            # As the edge does, which looks into the log first.
            await house.service.canonical_path(house.realm, name)
            for asked in {name, *chance.sample(NAMES, 2)}:
                await is_current(house, asked, files)


async def is_current(house: House, name: str, files: dict[str, tuple[str, list[str]]]) -> None:
    """What the house says of a module is what its files say, as is what it leads to."""
    meant = meant_by(name, files)
    if meant is None:
        with pytest.raises(NotFound):
            await house.get(name)
        return
    says, imports = files[meant]
    text = await house.text(name)
    assert f"'{says}'" in text
    for each in imports:
        if (target := meant_by(each, files)) is not None:
            [address] = {*re.findall(rf"'([^']*/{each}(?:\.\w+)?\?v=\w+)'", text.replace('"', "'"))}
            found = await house.follow(address)
            assert (found.status, files[target][0] in found.body.decode()) == (200, True)


def meant_by(name: str, files: dict[str, tuple[str, list[str]]]) -> str | None:
    return next((path for path in (f"{name}.js", f"{name}.ts") if path in files), None)
