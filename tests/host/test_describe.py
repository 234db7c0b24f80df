"""Describing modules: their exports and definitions, or why there are none."""

from typing import Any

import pytest
from playwright.async_api import Page

from .cards import PERSON
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio


async def describe(page: Page, realms: ServedRealms, module: str) -> dict[str, Any]:
    request = {"modules": [f"{realms.origin}/{module}"], "epoch": realms.epoch}
    [description] = await page.evaluate("request => __realmkit.describe(request)", request)
    return description


async def test_definitions_are_told_by_type_key(page: Page, realms: ServedRealms) -> None:
    realms.files["town/person.gts"] = PERSON

    person = await describe(page, realms, "town/person")

    module = f"{realms.origin}/town/person"
    assert person["exports"] == ["Employee", "Person"]
    assert set(person["definitions"]) == {f"{module}/Employee", f"{module}/Person"}
    definition = person["definitions"][f"{module}/Person"]
    assert definition["type"] == "card-def"
    assert definition["fields"]["boss"]["type"] == "linksTo"
    assert definition["fields"]["fullName"]["isComputed"]
    assert definition["fields"]["firstName"]["valueType"] == "string"


async def test_what_a_module_passes_on_is_told_with_the_name_that_it_has(
    page: Page, realms: ServedRealms
) -> None:
    realms.files["town/person.gts"] = f"{PERSON}\nexport default Person;"
    realms.files["town/index.gts"] = "export { Person as Citizen } from './person';"
    realms.files["town/all.gts"] = "export * from './index';"
    key = f"{realms.origin}/town/person/Person"

    person = await describe(page, realms, "town/person")
    index = await describe(page, realms, "town/index")
    everything = await describe(page, realms, "town/all")

    assert person["aliases"] == {"default": key}
    assert (index["aliases"], list(index["definitions"])) == ({"Citizen": key}, [key])
    assert everything["aliases"] == {"Citizen": key}


async def test_a_query_over_an_unknown_path_fails_the_import_of_its_module(
    page: Page, realms: ServedRealms
) -> None:
    realms.files["town/lost.gts"] = """
import { CardDef, contains, field, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
export class Lost extends CardDef {
  @field name = contains(StringField);
  @field found = linksToMany(() => CardDef, { query: { filter: { eq: { name: '$this.nowhere' } } } });
}
"""
    message = await page.evaluate(
        "(url) => import(url).then(() => 'it was imported', (error) => error.message)",
        f"{realms.origin}/town/lost?v={realms.epoch}",
    )
    request = {"modules": [f"{realms.origin}/town/lost"], "epoch": realms.epoch}
    [described] = await page.evaluate("(request) => __realmkit.describe(request)", request)

    for said in (message, described["error"]["message"]):
        assert all(part in said for part in ('"found"', '"$this.nowhere"', "Lost"))


async def test_a_module_that_is_missing_says_so(page: Page, realms: ServedRealms) -> None:
    realms.files["town/person.gts"] = PERSON

    persn = await describe(page, realms, "town/persn")

    assert "town/persn was not found" in persn["error"]["message"]
    assert persn["dependencies"] == [f"{realms.origin}/town/persn"]


PETS = """
import { CardDef, FieldDef, contains, containsMany, field, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

const PET = { module: './pets', name: 'Pet' };
export class Pet extends CardDef {
  @field kind = contains(StringField);
}
class Box extends FieldDef {
  @field kind = contains(StringField);
  @field boxes = containsMany(() => Box);
  @field pets = linksToMany(() => Pet, {
    query: { filter: { on: PET, eq: { kind: '$this.kind' } } },
  });
}
export class Owner extends CardDef {
  @field box = contains(Box);
  @field all = linksToMany(() => Pet, {
    query: {
      filter: { on: PET, eq: { module: './a', name: 'b' } },
      sort: [{ by: 'kind', on: PET, direction: 'asc' }],
    },
  });
}
"""


async def test_a_class_that_no_module_exports_is_described_with_the_one_that_leads_to_it(
    page: Page, realms: ServedRealms
) -> None:
    realms.files["town/pets.gts"] = PETS

    pets = await describe(page, realms, "town/pets")

    module = f"{realms.origin}/town/pets"
    [box] = pets["definitions"][f"{module}/Owner"]["inner"]
    named = {"type": "fieldOf", "card": {"module": module, "name": "Owner"}, "field": "box"}
    assert box["codeRef"] == named
    assert box["fields"]["boxes"]["card"] == named
    assert box["fields"]["pets"]["query"]["filter"]["on"] == {"module": module, "name": "Pet"}
    assert "inner" not in pets["definitions"][f"{module}/Pet"]


async def test_an_inherited_query_names_what_the_module_that_declares_it_means(
    page: Page, realms: ServedRealms
) -> None:
    realms.files["town/pets.gts"] = PETS
    realms.files["town/far/heir.gts"] = (
        "import { Owner } from '../pets';\nexport class Heir extends Owner {}\n"
    )

    heir = await describe(page, realms, "town/far/heir")

    pet = {"module": f"{realms.origin}/town/pets", "name": "Pet"}
    definition = heir["definitions"][f"{realms.origin}/town/far/heir/Heir"]
    query = definition["fields"]["all"]["query"]
    assert (query["filter"]["on"], query["sort"][0]["on"]) == (pet, pet)
    # What `eq` names are fields, whatever they are called.
    assert query["filter"]["eq"] == {"module": "./a", "name": "b"}
    assert [one["codeRef"]["field"] for one in definition["inner"]] == ["box"]


@pytest.mark.parametrize("keyword", ["export class Box", "class Box"])
async def test_a_query_of_a_bad_path_fails_its_module_exported_or_not(
    page: Page, realms: ServedRealms, keyword: str
) -> None:
    realms.files["town/pets.gts"] = PETS.replace("class Box", keyword).replace(
        "'$this.kind'", "'$this.knid'"
    )

    pets = await describe(page, realms, "town/pets")

    assert (
        'query field "pets" references unknown path "$this.knid" on Box'
        in (pets["error"]["message"])
    )
