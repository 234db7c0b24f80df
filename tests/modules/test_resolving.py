"""Every spelling of a module, and what each of them means."""

import pytest
from tests.modules.conftest import House

from realmkit.modules.host_modules import HostModule
from realmkit.modules.resolve import External, Icon, Inert, Missing, RealmModule

pytestmark = pytest.mark.anyio

IMPORTER = "http://realm.test/atlas/people/person.gts"
STRING = RealmModule("http://realm.test/base/", "string.gts", "@cardstack/base/string")


@pytest.mark.parametrize(
    "spelling",
    [
        "@cardstack/base/string",
        "@cardstack/base/string.gts",
        "https://cardstack.com/base/string",
        "http://realm.test/base/string",
        "http://realm.test/base/string.gts",
        "/base/string",
        "../../base/string",
    ],
)
async def test_every_spelling_of_a_base_module_means_it(house: House, spelling: str) -> None:
    assert await house.service.resolve(spelling, IMPORTER) == STRING


@pytest.mark.parametrize("spelling", ["./card-api", "@cardstack/base/card-api"])
async def test_the_base_realm_may_be_named_as_importer_either_way(
    house: House, spelling: str
) -> None:
    for importer in ("@cardstack/base/string", "http://realm.test/base/string.gts"):
        target = await house.service.resolve(spelling, importer)
        assert isinstance(target, RealmModule)
        assert target.url == "@cardstack/base/card-api"


async def test_relative_paths_with_spaces_and_accents(house: House) -> None:
    await house.save("pays/côte d'ivoire.gts", "export const a = 1;")

    target = await house.service.resolve("../pays/côte d'ivoire", IMPORTER)
    encoded = await house.service.resolve("../pays/c%C3%B4te%20d'ivoire", IMPORTER)

    assert target == encoded
    assert isinstance(target, RealmModule)
    assert target.url == "http://realm.test/atlas/pays/c%C3%B4te%20d'ivoire"


@pytest.mark.parametrize(
    ("specifier", "kind"),
    [
        ("@glimmer/component", HostModule),
        ("@cardstack/boxel-icons/users", Icon),
        ("@cardstack/boxel-host/commands/show-card", Inert),
        ("@cardstack/boxel-host/tools/read-file", Inert),
        ("https://cdn.jsdelivr.net/npm/chart.js", External),
        ("lodash", Missing),
        ("./nowhere", Missing),
        ("../../../outside", Missing),
        ("@cardstack/boxel-icons/nowhere", Missing),
    ],
)
async def test_what_is_no_card_source(house: House, specifier: str, kind: type) -> None:
    assert isinstance(await house.service.resolve(specifier, IMPORTER), kind)
