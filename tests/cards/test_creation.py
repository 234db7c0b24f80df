"""Files of cards that one document creates."""

from typing import Any

import pytest

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.creation import NewCard, plan_creation
from realmkit.cards.documents import check_card_document
from realmkit.errors import BadRequest, Conflict

NAMES = ModuleNames("http://h")


def card(**members: Any) -> dict[str, Any]:
    ref = {"module": "http://h/r/dog", "name": "Dog"}
    return {"type": "card", "meta": {"adoptsFrom": ref}, **members}


def planned(data: dict[str, Any], *included: dict[str, Any]) -> list[NewCard]:
    document = check_card_document({"data": data, "included": list(included)})
    return plan_creation(
        document,
        folder_url="http://h/r/pets/",
        realm_url="http://h/r/",
        names=NAMES,
        new_name=lambda: "new-name",
    )


def test_a_card_without_lid_gets_a_new_name() -> None:
    [new] = planned(card(attributes={"name": "Rex"}))

    assert new.id == "http://h/r/pets/Dog/new-name"
    assert new.resource["meta"] == {"adoptsFrom": {"module": "../../dog", "name": "Dog"}}


def test_siblings_with_lids_are_created_and_linked_both_ways() -> None:
    rex, ann = planned(
        card(lid="rex", relationships={"owner": {"data": {"type": "card", "lid": "ann"}}}),
        card(lid="ann", relationships={"pets": {"data": [{"type": "card", "lid": "rex"}]}}),
    )

    assert (rex.id, ann.id) == ("http://h/r/pets/Dog/rex", "http://h/r/pets/Dog/ann")
    assert rex.resource["relationships"] == {"owner": {"links": {"self": "./ann"}}}
    assert ann.resource["relationships"] == {"pets.0": {"links": {"self": "./rex"}}}


def test_included_cards_of_another_realm_or_without_lid_are_not_created() -> None:
    elsewhere = card(lid="ann")
    elsewhere["meta"]["realmURL"] = "http://h/other/"
    owner = {"owner": {"data": {"type": "card", "lid": "ann"}}}
    [rex] = planned(card(relationships=owner), elsewhere, {"type": "card", "id": "http://h/r/x"})

    assert rex.resource["relationships"] == {"owner": {"links": {"self": None}}}


def test_an_id_is_encoded_as_a_browser_would() -> None:
    [new] = planned(card(lid="Rex (the é)"))

    assert new.id == "http://h/r/pets/Dog/Rex%20(the%20%C3%A9)"


@pytest.mark.parametrize(
    "lid", ["../x", "a/b", ".hidden", "a\\b", "a%2fb", "a\nb", "x" * 201, "é" * 101]
)
def test_a_lid_that_cannot_name_a_file_is_refused(lid: str) -> None:
    with pytest.raises(BadRequest) as refused:
        planned(card(lid=lid))
    assert refused.value.pointer == "/data/lid"


def test_a_lid_used_twice_is_a_conflict() -> None:
    with pytest.raises(Conflict) as refused:
        planned(card(lid="rex"), card(lid="rex"))
    assert refused.value.pointer == "/included/0/lid"
