"""Versions: what moves them, what does not, and that nothing is read twice."""

from pathlib import Path

import orjson
import pytest
from tests.modules.conftest import House, opened
from tests.modules.test_transpiler_pool import STUB

pytestmark = pytest.mark.anyio


async def test_the_manifest_lists_every_module_with_its_dependencies(house: House) -> None:
    await house.save("region.ts", "export class Region {}")
    await house.save(
        "country.gts",
        "import { StringField } from '@cardstack/base/string';\n"
        "import { Region } from './region';\n"
        "export class Country { static all = [Region, StringField]; }",
    )

    document = (await house.service.manifest(house.realm)).to_document()

    attributes = document["data"]["attributes"]
    country = attributes["modules"]["http://realm.test/atlas/country"]
    assert document["data"]["type"] == "module-manifest"
    assert document["data"]["id"] == "http://realm.test/atlas/"
    assert country["dependencies"] == [
        "@cardstack/base/string",
        "http://realm.test/atlas/region",
    ]
    assert country["href"] == f"http://realm.test/atlas/country?v={country['version']}"
    assert country["errors"] == []
    assert set(attributes["modules"]) == {
        "http://realm.test/atlas/country",
        "http://realm.test/atlas/region",
    }


async def test_base_modules_have_their_own_names_and_addresses(house: House) -> None:
    manifest = await house.service.manifest(house.base)

    string = manifest.modules["@cardstack/base/string"]
    assert string.href.startswith("http://realm.test/base/string?v=")
    assert string.exports == ("StringField", "default")


async def test_an_edit_moves_the_versions_of_exactly_the_dependents(house: House) -> None:
    await house.save("a.ts", "import './b'; export const a = 1;")
    await house.save("b.ts", "import './c'; export const b = 1;")
    await house.save("c.ts", "export const c = 1;")
    await house.save("other.ts", "export const other = 1;")
    before = {each: await house.version(each) for each in ("a", "b", "c", "other")}

    await house.save("b.ts", "import './c'; export const b = 2;")

    after = {each: await house.version(each) for each in before}
    assert {each for each in before if before[each] != after[each]} == {"a", "b"}


async def test_modules_that_import_each_other_move_together(house: House) -> None:
    await house.save("a.ts", "import { b } from './b'; export const a = () => b;")
    await house.save("b.ts", "import { a } from './a'; export const b = () => a;")
    before = [await house.version(each) for each in "ab"]

    await house.save("a.ts", "import { b } from './b'; export const a = () => [b];")

    after = [await house.version(each) for each in "ab"]
    assert all(old != new for old, new in zip(before, after, strict=True))


async def test_the_epoch_moves_with_a_change_and_not_otherwise(house: House) -> None:
    await house.save("a.ts", "export const a = 1;")
    first = await house.service.manifest(house.realm)
    same = await house.service.manifest(house.realm)

    await house.save("a.ts", "export const a = 2;")

    assert same is first
    assert (await house.service.manifest(house.realm)).epoch != first.epoch


async def test_bytes_that_are_saved_again_change_no_version(house: House) -> None:
    await house.save("a.ts", "export const a = 1;")
    first = await house.version("a")

    house.put("a.ts", "export const a = 1;")

    assert await house.version("a") == first


async def test_a_change_of_the_base_realm_reaches_the_realms_that_use_it(house: House) -> None:
    await house.save("a.ts", "export { StringField } from '@cardstack/base/string';")
    first = await house.version("a")

    (house.base.root / "string.gts").write_text("export class StringField {}\n")

    assert await house.version("a") != first


async def test_a_new_file_shows_which_module_an_import_means(house: House) -> None:
    await house.save("a.ts", "export { from } from './b';")
    await house.save("b.gts", "export const from = 'gts';")
    first = await house.version("a")

    await house.save("b.js", "export const from = 'js';")

    manifest = await house.service.manifest(house.realm)
    assert await house.version("a") != first
    assert "http://realm.test/atlas/b.gts" in manifest.modules
    assert "http://realm.test/atlas/b" in manifest.modules


async def test_only_what_changed_is_transpiled(house: House) -> None:
    for each in "abc":
        await house.save(f"{each}.ts", f"export const {each} = 1;")
    await house.service.manifest(house.realm)
    before = house.service.transpiler.stats.transpiles

    await house.save("a.ts", "export const a = 2;")
    await house.service.manifest(house.realm)

    assert house.service.transpiler.stats.transpiles == before + 1


async def test_a_restart_transpiles_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.save("a.gts", "export const A = <template>a</template>;")
        await house.save("bad.gts", "export default ;")
        first = await house.service.manifest(house.realm)

    async with opened(tmp_path) as house:
        second = await house.service.manifest(house.realm)
        assert house.service.transpiler.stats.workers_started == 0

    assert second == first


async def test_a_damaged_row_costs_a_transpile(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.save("a.ts", "export const a = 1;")
        await house.get("a")
        async with house.db.transaction() as tx:
            await tx.execute("update module_transpile_cache set body = '{\"parts\": 7}'")

    async with opened(tmp_path) as house:
        assert "const a" in await house.text("a")


async def test_another_transpiler_makes_modules_and_their_addresses_anew(
    tmp_path: Path, database_url: str
) -> None:
    program, made, versions = tmp_path / "transpiler.mjs", list[int](), list[str]()
    for version in ("one", "two", "two"):
        program.write_text(STUB.replace('version: "stub"', f'version: "{version}"'))
        (tmp_path / "version.json").write_bytes(orjson.dumps({"version": version}))
        async with opened(tmp_path, program, database_url) as house:
            house.put("a.ts", "a")
            await house.get("a")
            made.append(house.service.cache.stats.made)
            versions.append(await house.version("a"))

    assert made == [1, 1, 0]
    # A browser keeps for a year what it got at a versioned address.
    assert versions[0] != versions[1] == versions[2]


async def test_a_realm_without_modules_has_a_manifest(house: House) -> None:
    manifest = await house.service.manifest(house.realm)

    assert manifest.modules == {}
    assert manifest.epoch


async def test_a_graph_is_preloaded_with_its_host_modules_and_only_if_it_is_sound(
    house: House,
) -> None:
    await house.save("a.ts", "import { b } from './b';\nexport const a = b;")
    await house.save("b.ts", "import { field } from '@realmkit/card-api';\nexport const b = field;")

    addresses = await house.service.preloads(f"{house.realm.url}a")

    versions = [f"{house.realm.url}{name}?v={await house.version(name)}" for name in ("a", "b")]
    assert list(addresses)[:2] == versions
    assert [each.partition("/_host/")[1] for each in addresses[2:]] == ["/_host/"]

    await house.save("b.ts", "export default ;")
    assert await house.service.preloads(f"{house.realm.url}a") == ()
