"""A search doc is kept without what the card's attributes say already, and read back whole."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realmkit.index.json_text import from_json, to_json
from realmkit.index.search_docs import restored, shortened

values = st.one_of(st.none(), st.booleans(), st.sampled_from([0, 1, 1.0, "", "a", [1], {"": 1}]))
members = st.dictionaries(st.sampled_from(["", "a", "b", "c"]), values)


@given(members, members)
def test_a_search_doc_is_read_back_as_it_was(
    doc: dict[str, Any], attributes: dict[str, Any]
) -> None:
    resource = {"type": "card", "attributes": attributes}

    read = restored(shortened(doc, resource), from_json(to_json(resource)))

    # As text, for Python calls `1`, `1.0` and `True` equal.
    assert json.dumps(read, sort_keys=True) == json.dumps(doc, sort_keys=True)


def test_what_an_attribute_says_is_not_kept_twice() -> None:
    attributes = {"name": "Ann", "age": 5, "secret": "x"}
    doc = {"name": "Ann", "age": 5.0, "_title": "Ann"}

    kept = shortened(doc, {"attributes": attributes})

    assert kept == '[{"age":5.0,"_title":"Ann"},["secret"]]'


@pytest.mark.parametrize("resource", [{}, {"attributes": None}])
def test_a_resource_without_attributes_lets_everything_be_kept(resource: dict[str, Any]) -> None:
    doc = {"name": "Ann"}

    assert restored(shortened(doc, resource), from_json(to_json(resource))) == doc
