"""What one visit of a card leaves, in a real page."""

import pytest
from playwright.async_api import Page

from .cards import PERSON
from .conftest import Visit
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def people(realms: ServedRealms) -> None:
    realms.files["town/person.gts"] = PERSON
    realms.card("town/ann", "./person", "Person", firstName="Ann", lastName="Lee", cardInfo={})
    realms.card(
        "town/bob", "./person", "Employee", firstName="Bob", lastName="Ray", links={"boss": "./ann"}
    )


async def test_every_format_is_rendered(visit: Visit) -> None:
    [ann] = await visit("town/ann")

    assert ann["error"] is None
    assert "Ann Lee" in ann["html"]["isolated"]
    assert set(ann["html"]) == {"isolated", "embedded", "fitted", "atom", "head", "edit"}


async def test_embedded_and_fitted_are_rendered_as_each_ancestor(
    visit: Visit, realms: ServedRealms
) -> None:
    [bob] = await visit("town/bob")

    employee, person, card = (
        f"{realms.origin}/town/person/Employee",
        f"{realms.origin}/town/person/Person",
        "@cardstack/base/card-api/CardDef",
    )
    assert list(bob["html"]["embedded"]) == [employee, person, card]
    assert 'class="employee"' in bob["html"]["embedded"][employee]
    assert 'class="employee"' not in bob["html"]["embedded"][person]
    assert bob["types"][:3] == [employee, person, card]
    assert bob["displayNames"][:2] == ["Employee", "Person"]


async def test_html_comes_with_the_styles_it_uses(visit: Visit) -> None:
    [ann] = await visit("town/ann")

    assert any("rgb(1, 2, 3)" in css for css in ann["styles"].values())


async def test_html_is_free_of_what_only_means_something_in_the_page(visit: Visit) -> None:
    [ann] = await visit("town/ann")

    assert "<!---->" not in ann["html"]["isolated"]
    assert 'id="ember' not in ann["html"]["edit"]


async def test_the_resource_carries_computed_values_and_links_as_written(
    visit: Visit, realms: ServedRealms
) -> None:
    [bob] = await visit("town/bob")

    resource = bob["resource"]
    assert resource["id"] == f"{realms.origin}/town/bob"
    assert resource["attributes"]["fullName"] == "Bob Ray"
    assert resource["relationships"]["boss"] == {"links": {"self": "./ann"}}
    assert resource["meta"]["adoptsFrom"] == {
        "module": f"{realms.origin}/town/person",
        "name": "Employee",
    }


async def test_the_search_doc_follows_searchable_links(visit: Visit) -> None:
    [bob] = await visit("town/bob")

    assert bob["searchDoc"]["_cardType"] == "Employee"
    assert bob["searchDoc"]["boss"]["fullName"] == "Ann Lee"


async def test_a_visit_says_what_it_depended_on(visit: Visit, realms: ServedRealms) -> None:
    [bob] = await visit("town/bob")

    assert f"{realms.origin}/town/person" in bob["dependencies"]["modules"]
    assert bob["dependencies"]["instances"] == [f"{realms.origin}/town/ann.json"]


async def test_each_card_of_a_batch_has_dependencies_of_its_own(
    visit: Visit, realms: ServedRealms
) -> None:
    ann, bob = await visit("town/ann", "town/bob")

    assert ann["dependencies"]["instances"] == []
    assert bob["dependencies"]["instances"] == [f"{realms.origin}/town/ann.json"]


async def test_the_links_of_a_batch_are_loaded_with_one_request(
    visit: Visit, realms: ServedRealms
) -> None:
    for number in range(6):
        realms.card(f"town/boss-{number}", "./person", "Person", firstName=f"Boss {number}")
        link = {"boss": f"./boss-{number}"}
        realms.card(f"town/clerk-{number}", "./person", "Person", links=link)

    results = await visit(*(f"town/clerk-{number}" for number in range(6)))

    assert "Boss 5" in results[5]["html"]["isolated"]
    assert len(realms.asked_for("_cards")) == 1


async def test_cards_of_one_batch_are_not_fetched_for_each_other(
    visit: Visit, realms: ServedRealms
) -> None:
    await visit("town/bob", "town/ann")

    assert realms.asked_for("_cards") == []


async def test_a_broken_link_is_reported_and_remembered_as_a_dependency(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.card("town/lost", "./person", "Person", links={"boss": "./nobody"})

    [lost] = await visit("town/lost")

    assert lost["status"] == "ready"
    [broken] = lost["brokenLinks"]
    assert (broken["field"], broken["target"]) == ("boss", f"{realms.origin}/town/nobody")
    assert lost["dependencies"]["instances"] == [f"{realms.origin}/town/nobody.json"]


async def test_what_is_missing_and_has_a_dot_may_come_to_be_a_card_or_a_file(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.card("town/lost", "./person", "Person", links={"boss": "./mr.x"})

    [lost] = await visit("town/lost")

    assert lost["dependencies"]["instances"] == [f"{realms.origin}/town/mr.x.json"]
    assert lost["dependencies"]["files"] == [f"{realms.origin}/town/mr.x"]


async def test_only_the_asked_formats_are_rendered(visit: Visit) -> None:
    [ann] = await visit("town/ann", formats=["fitted"])

    assert list(ann["html"]) == ["fitted"]


async def test_progress_names_each_card(visit: Visit, realms: ServedRealms, page: Page) -> None:
    await visit("town/ann", "town/bob")

    said = [
        (word["url"].rpartition("/")[2], word["stage"]) for word in await page.evaluate("progress")
    ]
    assert said == [
        ("ann.json", "start"),
        ("ann.json", "done"),
        ("bob.json", "start"),
        ("bob.json", "done"),
    ]
