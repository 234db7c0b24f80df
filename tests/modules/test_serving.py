"""What a GET of a module answers: bodies, versions, headers, redirects."""

import re

import pytest
from tests.modules.conftest import House

from realmkit.errors import NotFound, TranspileError

pytestmark = pytest.mark.anyio

COUNTRY = """\
import { CardDef, contains, field } from '@cardstack/base/card-api';
import StringField from 'https://cardstack.com/base/string';
import { Region } from './region';

export class Country extends CardDef {
  @field name = contains(StringField);
  static region = Region;
  static isolated = <template><h1>{{@model.name}}</h1></template>;
}
"""
REGION = "export class Region {}\n"


async def a_country(house: House) -> None:
    await house.save("country.gts", COUNTRY)
    await house.save("region.ts", REGION)


async def test_a_module_is_javascript_with_its_template_compiled(house: House) -> None:
    await a_country(house)

    served = await house.get("country")

    text = served.body.decode()
    assert served.status == 200
    assert "setComponentTemplate" in text
    assert "<template" not in text
    assert served.headers["content-type"] == "text/javascript"
    assert served.headers["x-boxel-canonical-path"] == "http://realm.test/atlas/country.gts"
    assert served.headers["cache-control"] == "public, max-age=0"


async def test_every_import_of_a_served_module_is_a_versioned_address(house: House) -> None:
    await a_country(house)
    region = await house.version("region")

    text = await house.text("country")

    addresses = re.findall(r'from "([^"]+)"', text)
    assert f"http://realm.test/atlas/region?v={region}" in addresses
    assert all(
        re.match(r"http://realm\.test/(_host/m/|(atlas|base)/[^?]+\?v=[0-9a-f]{16})", each)
        for each in addresses
    )


async def test_a_versioned_address_is_immutable(house: House) -> None:
    await a_country(house)

    served = await house.get("country", await house.version("country"))

    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_addresses_in_a_module_lead_to_its_dependencies(house: House) -> None:
    await a_country(house)
    text = await house.text("country")

    for address in re.findall(r'from "([^"]+/(?:atlas|base)/[^"]+)"', text):
        assert (await house.follow(address)).status == 200


async def test_an_old_version_redirects_to_the_current_one(house: House) -> None:
    await a_country(house)
    old = await house.version("country")
    await house.save("region.ts", "export class Region { id = 2 }")

    served = await house.get("country", old)

    new = await house.version("country")
    assert new != old
    assert served.status == 302
    assert served.headers["location"] == f"http://realm.test/atlas/country?v={new}"
    assert served.headers["cache-control"] == "no-store"


async def test_a_second_get_is_a_hit_of_the_same_bytes(house: House) -> None:
    await a_country(house)

    first = await house.get("country")
    second = await house.get("country")

    assert (first.headers["x-boxel-cache"], second.headers["x-boxel-cache"]) == ("miss", "hit")
    assert (first.body, first.etag) == (second.body, second.etag)


async def test_a_change_announced_once_more_keeps_the_answer(house: House) -> None:
    await a_country(house)
    await house.get("country")

    house.service.on_change(house.realm.url, ["country.gts", "region.ts"])

    assert (await house.get("country")).headers["x-boxel-cache"] == "hit"


async def test_an_answer_rests_on_its_realms_files_and_on_what_would_be_imported_instead(
    house: House,
) -> None:
    await house.save("region.ts", REGION)
    await house.save("exact.ts", "export const e = 1;")
    await house.save(
        "country.ts",
        "import './region';\nimport './exact.ts';\nimport './gone';\nimport './a%00b';\n"
        "import '@cardstack/base/string';\n",
    )

    files = (await house.get("country")).rests_on

    assert files[0][0] == str(house.realm.root / "country.ts")
    assert {
        file.removeprefix(f"{house.realm.root}/"): then is not None for file, then in files
    } == {
        **dict.fromkeys(["country.ts", "exact.ts", "region.ts"], True),
        **dict.fromkeys(["region.js", "region.gjs"], False),
        **dict.fromkeys(["gone.js", "gone.gjs", "gone.ts", "gone.gts"], False),
    }


async def test_a_write_is_served_at_once(house: House) -> None:
    await house.save("region.ts", REGION)
    before = await house.get("region")

    await house.save("region.ts", "export class Region { name = 'Asia' }")

    after = await house.get("region")
    assert "Asia" in after.body.decode()
    assert after.etag != before.etag


async def test_a_write_leaves_a_tombstone_in_its_own_transaction(house: House) -> None:
    await house.save("region.ts", REGION)
    await house.get("region")

    await house.save("region.ts", "export class Region { name = 'Asia' }")

    rows = await house.db.read(
        "select body, generation from module_transpile_cache where canonical_path = $1",
        ["region.ts"],
    )
    assert rows == [(None, 2)]


async def test_an_edit_that_nobody_announced_is_served_at_once(house: House) -> None:
    house.put("region.ts", REGION)
    await house.get("region")

    house.put("region.ts", "export class Region { name = 'Asia' }")

    assert "Asia" in await house.text("region")


async def test_a_file_that_nobody_announced_is_found(house: House) -> None:
    with pytest.raises(NotFound):
        await house.get("region")

    house.put("region.ts", REGION)

    assert "Region" in await house.text("region")


async def test_a_removed_file_is_gone_at_once(house: House) -> None:
    await house.save("region.ts", REGION)
    await house.get("region")

    (house.realm.root / "region.ts").unlink()

    with pytest.raises(NotFound):
        await house.get("region")


async def test_an_extensionless_path_prefers_js_then_gjs_then_ts_then_gts(house: House) -> None:
    for extension in ("gts", "ts", "gjs", "js"):
        await house.save(f"foo.{extension}", f"export const from = '{extension}';")
        assert f"'{extension}'" in await house.text("foo")


async def test_a_path_with_an_extension_means_that_file_alone(house: House) -> None:
    await house.save("foo.gts", "export const a = 1;")

    with pytest.raises(NotFound):
        await house.get("foo.js")


async def test_a_dotted_name_and_a_trailing_slash_find_their_module(house: House) -> None:
    await house.save("hello.test.gts", "export const a = 1;")

    assert "const a" in await house.text("hello.test")
    assert "const a" in await house.text("hello.test/")


async def test_a_missing_module_is_not_found_with_a_near_miss(house: House) -> None:
    await a_country(house)

    with pytest.raises(NotFound, match=r"no module `/contry` .* Did you mean `/country`\?"):
        await house.get("contry")


async def test_declarations_are_no_modules(house: House) -> None:
    await house.save("types.d.ts", "export type A = string;")

    with pytest.raises(NotFound):
        await house.get("types.d.ts")


async def test_a_blank_file_is_an_empty_module(house: House) -> None:
    await house.save("blank.gts", "  \n")

    assert (await house.get("blank")).body == b""


async def test_a_syntax_error_names_file_line_and_column(house: House) -> None:
    await house.save("bad.gts", "const a = 1;\n\nexport default ;\n")

    with pytest.raises(TranspileError) as raised:
        await house.get("bad")

    error = raised.value.to_error_object()
    assert error["status"] == "406"
    assert error["detail"] == (
        "`/bad.gts` does not compile: Expression expected (line 3, column 16)"
    )
    assert "> 3 | export default ;" in error["meta"]["frame"]


async def test_a_repaired_syntax_error_compiles(house: House) -> None:
    await house.save("bad.gts", "export default ;")
    with pytest.raises(TranspileError):
        await house.get("bad")

    await house.save("bad.gts", "export default 1;")

    assert (await house.get("bad")).status == 200


async def test_a_file_that_is_not_utf8_is_the_authors_error(house: House) -> None:
    await house.files.write("binary.gts", b"\xff\xfe\x00")

    with pytest.raises(TranspileError, match="not UTF-8"):
        await house.get("binary")


async def test_the_source_map_carries_the_authors_source(house: House) -> None:
    await a_country(house)
    version = map_version(await house.text("country"))

    served = await house.service.serve_map(house.realm, "country", version)

    assert b"@field name" in served.body
    assert served.headers["content-type"] == "application/json"
    assert "immutable" in served.headers["cache-control"]


async def test_a_script_keeps_its_source_map_when_what_it_imports_changes(house: House) -> None:
    await house.save("a.ts", "import './b';\nexport const a = 1;")
    await house.save("b.ts", "export const b = 1;")
    before = await house.text("a")
    await house.save("b.ts", "export const b = 2;")

    assert await house.text("a") != before
    served = await house.service.serve_map(house.realm, "a", map_version(before))
    assert b"export const a = 1;" in served.body


async def test_a_script_is_not_given_the_source_map_of_a_later_source(house: House) -> None:
    await house.save("a.ts", "export const a = 1;")
    version = map_version(await house.text("a"))
    await house.save("a.ts", "\n\nexport const a = 2;")

    with pytest.raises(NotFound, match="has changed since"):
        await house.service.serve_map(house.realm, "a", version)


def map_version(script: str) -> str:
    """The version of the source map that a script names."""
    address, _, version = script.rstrip().rpartition("?v=")
    assert address.rpartition("\n")[2].startswith("//# sourceMappingURL=http://realm.test/atlas/")
    return version


async def test_an_icon_is_a_component_that_draws_it(house: House) -> None:
    served = await house.service.serve_icon("map-pin")

    text = served.body.decode()
    assert "M9 11" in text
    assert "/_host/m/" in text
    assert "__realmkit_export0 as default" in text


async def test_an_unknown_icon_names_a_near_miss(house: House) -> None:
    with pytest.raises(NotFound, match="Did you mean `map-pin`"):
        await house.service.serve_icon("mapp-pin")


async def test_an_imported_icon_has_a_versioned_address(house: House) -> None:
    await house.save(
        "pin.gts", "import Pin from '@cardstack/boxel-icons/map-pin';\nexport const icon = Pin;"
    )

    address = re.search(
        r'from "(http://realm.test/_icons/map-pin\?v=([^"]+))"', await house.text("pin")
    )

    assert address is not None
    served = await house.service.serve_icon("map-pin", address[2])
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_command_of_another_host_is_an_inert_class(house: House) -> None:
    await house.save(
        "act.ts",
        "import SaveCard, { go } from '@cardstack/boxel-host/commands/save-card';\n"
        "export const both = [SaveCard, go];",
    )

    text = await house.text("act")
    served = house.service.serve_inert(["default", "go"])

    assert "http://realm.test/_inert?names=default,go&v=" in text
    assert "as default" in served.body.decode()
    assert "as go" in served.body.decode()
