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


async def test_a_module_that_is_missing_says_so(page: Page, realms: ServedRealms) -> None:
    realms.files["town/person.gts"] = PERSON

    persn = await describe(page, realms, "town/persn")

    assert "town/persn was not found" in persn["error"]["message"]
    assert persn["dependencies"] == [f"{realms.origin}/town/persn"]
