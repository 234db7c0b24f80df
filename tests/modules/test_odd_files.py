"""Files that nobody should write, and moments at which nobody should read."""

import asyncio
from pathlib import Path

import pytest
from tests.modules.conftest import House, opened
from tests.modules.test_transpiler_pool import STUB

from realmkit.db import Database
from realmkit.errors import NotFound, TranspileError
from realmkit.files import FileStore
from realmkit.files.disk import FileStat

pytestmark = pytest.mark.anyio

RING = 50


async def test_modules_that_import_each_other_and_themselves_are_served(house: House) -> None:
    """A ring of modules, each of which imports itself as well and extends nothing."""
    for number in range(RING):
        following = (number + 1) % RING
        house.put(
            f"r{number}.ts",
            f"import './r{number}';\nimport {{ f{following} }} from './r{following}';\n"
            f"export function f{number}() {{ return f{following}; }}\n",
        )

    served = [await house.get(f"r{number}") for number in range(RING)]

    assert {answer.status for answer in served} == {200}
    assert len({await house.version(f"r{number}") for number in range(RING)}) == RING
    assert await house.problems("r0") == []


async def test_an_edit_inside_a_ring_moves_all_of_it(house: House) -> None:
    for number in range(3):
        house.put(f"r{number}.ts", f"import './r{(number + 1) % 3}';\nexport const a = {number};")
    before = [await house.version(f"r{number}") for number in range(3)]

    await house.save("r1.ts", "import './r2';\nexport const a = 'another';")

    after = [await house.version(f"r{number}") for number in range(3)]
    assert not set(before) & set(after)


@pytest.mark.parametrize("by", ["the store", "somebody else"])
async def test_a_file_replaced_while_it_is_read_is_served_whole_and_new_from_then_on(
    house: House, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The first reading is held after it has its bytes, until the file is another one.

    Who asked before that may be answered with either, who asks after it with the new one:
    also while the first reading is still held, and after it has ended.
    """
    house.put("country.ts", "export const name = 'old';")
    has_read, replaced = asyncio.Event(), asyncio.Event()
    read = FileStore.read_bytes

    async def held(self: FileStore, path: str) -> tuple[bytes, FileStat]:
        content, found = await read(self, path)
        if b"old" in content:
            has_read.set()
            await replaced.wait()
        return content, found

    monkeypatch.setattr(FileStore, "read_bytes", held)
    asking = asyncio.create_task(house.get("country"))
    await has_read.wait()
    if by == "the store":
        await house.save("country.ts", "export const name = 'new';")
    else:
        beside = house.realm.root / "country.ts.new"
        beside.write_text("export const name = 'new';")
        beside.replace(house.realm.root / "country.ts")
    async with asyncio.timeout(10):
        assert "'new'" in await house.text("country")
    replaced.set()

    first = (await asking).body.decode()
    assert ("'old'" in first) != ("'new'" in first)
    version = await house.version("country")
    for _ in range(2):
        assert "'new'" in await house.text("country")
        assert "'new'" in (await house.get("country", version)).body.decode()


async def test_a_table_that_is_full_costs_nobody_their_module(
    tmp_path: Path, database_url: str
) -> None:
    """The database really refuses to grow; it is not told to pretend."""
    async with opened(tmp_path, database=database_url) as house:
        house.put("country.ts", f"export const name = '{'long ' * 20_000}';")
        await fill_up(house.db)

        answer = await house.get("country")

        assert answer.status == 200
        rows = await house.db.read(
            "select count(*) from module_transpile_cache where canonical_path = 'country.ts'"
        )
        assert rows == [(0,)]
        assert "long" in await house.text("country")


async def fill_up(db: Database) -> None:
    async with db.transaction() as tx:
        if db.dialect == "sqlite":
            [(pages,)] = await db.read("pragma page_count")
            await tx.fetch(f"pragma max_page_count = {pages}")
            return
        await tx.execute(
            "create function refuse() returns trigger language plpgsql as "
            "$$ begin raise exception 'No space left on device' using errcode = '53100'; end $$"
        )
        await tx.execute(
            "create trigger full_disk before insert or update on module_transpile_cache "
            "execute function refuse()"
        )


@pytest.mark.parametrize("target", ["/etc/hostname", "country.ts", "other.ts"])
async def test_a_module_that_became_a_link_to_nowhere_harms_nobody_else(
    house: House, target: str
) -> None:
    """Out of the realm, to itself, or to what is not there: it is no module any more."""
    house.put("country.ts", "export const name = 'a';")
    house.put("fine.ts", "export const name = 'b';")
    await house.files.scan()
    await house.get("country")
    (house.realm.root / "country.ts").unlink()
    (house.realm.root / "country.ts").symlink_to(target)
    await house.files.scan()

    assert "'b'" in await house.text("fine")
    with pytest.raises(NotFound):
        await house.get("country")
    await house.save("fine.ts", "export const name = 'c';")
    assert "'c'" in await house.text("fine")
    assert list((await house.service.manifest(house.realm)).modules) == [house.realm.url + "fine"]


async def test_a_link_out_of_the_realm_that_nobody_announced_is_no_module(house: House) -> None:
    house.put("country.ts", "export const name = 'a';")
    house.put("fine.ts", "import './country';")
    await house.get("fine")
    (house.realm.root / "country.ts").unlink()
    (house.realm.root / "country.ts").symlink_to("/etc/hostname")

    with pytest.raises(NotFound):
        await house.get("country")
    assert await house.problems("fine") == ["`./country` was not found, imported by `/fine.ts`."]


async def test_a_module_that_takes_too_long_is_waited_for_once_by_all_processes(
    tmp_path: Path, database_url: str
) -> None:
    program = tmp_path / "transpiler.mjs"
    program.write_text(STUB)
    (tmp_path / "version.json").write_text('{"version": "stub"}')
    async with opened(tmp_path, program, database_url) as house:
        house.put("warm.ts", "warm")
        await house.get("warm")
        house.service.transpiler._deadline_s = 0.3
        house.put("slow.ts", "hang")
        for _ in range(2):
            with pytest.raises(TranspileError, match=r"longer than 0\.3 seconds"):
                await house.get("slow")

        assert house.service.transpiler.stats.transpiles == 2
    async with opened(tmp_path, program, database_url) as again:
        with pytest.raises(TranspileError, match=r"longer than 0\.3 seconds"):
            await again.get("slow")

        assert again.service.transpiler.stats.transpiles == 0
