"""Card documents are read, or refused with the place."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realmkit.cards.documents import check_card_document, read_card_document, read_card_patch
from realmkit.errors import BadRequest

REX: dict[str, Any] = {
    "data": {
        "type": "card",
        "attributes": {"name": "Rex"},
        "relationships": {"owner": {"links": {"self": "../Person/ann"}}},
        "meta": {"adoptsFrom": {"module": "../dog", "name": "Dog"}},
    }
}


def refusal_of(body: bytes) -> BadRequest:
    with pytest.raises(BadRequest) as refused:
        read_card_document(body)
    return refused.value


def changed(**members: Any) -> bytes:
    return orjson.dumps({"data": {**REX["data"], **members}})


def test_a_card_document_is_read() -> None:
    assert read_card_document(orjson.dumps(REX)).data == REX["data"]


def test_a_patch_need_not_say_what_the_card_adopts() -> None:
    body = b'{"data": {"type": "card", "attributes": {"name": "Max"}}}'

    assert read_card_patch(body).data["attributes"] == {"name": "Max"}
    assert refusal_of(body).pointer == "/data"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The request body is not valid JSON"),
        (b'{"data": ', "The request body is not valid JSON"),
        (b'{"data": "\xff"}', "The request body is not UTF-8: byte 10 is no text."),
        (b'{"data": "\\ud800"}', "The request body is not valid JSON"),
        (b'{"data": NaN}', "The request body is not valid JSON"),
        (b"[" * 5000, "The request body is not valid JSON"),
        (b"[" * 200 + b"]" * 200, "The request body nests deeper than 100 levels."),
        (b'{"da\\u0000ta": 1}', "The request body holds a NUL character, which cannot be stored."),
    ],
)
def test_bytes_that_are_no_storable_json_are_refused(body: bytes, detail: str) -> None:
    assert refusal_of(body).detail.startswith(detail)


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (b"[]", "", "The request body must be an object, not an array."),
        (b"{}", "", "The request body has no `data` member."),
        (b'{"data": []}', "/data", "`data` must be one card resource, not an array."),
        (changed(type="dog"), "/data/type", 'A card resource has the type "card", not "dog".'),
        (changed(id=5), "/data/id", "`id` must be text and not empty."),
        (changed(lid=""), "/data/lid", "`lid` must be text and not empty."),
        (
            changed(attributes=[]),
            "/data/attributes",
            "`attributes` must be an object, not an array.",
        ),
        (
            changed(attributes={"a/b": ["\0"]}),
            "/data/attributes/a~1b/0",
            "The request body holds a NUL character, which cannot be stored.",
        ),
        (
            changed(relationships={"owner": {"links": {"self": 5}}}),
            "/data/relationships/owner/links/self",
            "A link is text or null, not a number.",
        ),
        (
            changed(relationships={"owner": {"links": {"self": "./a"}, "data": []}}),
            "/data/relationships/owner",
            "A relationship has one `links.self` or an array as `data`, not both.",
        ),
        (
            changed(relationships={"pets": {"data": [{"type": "card"}]}}),
            "/data/relationships/pets/data/0",
            "A resource identifier needs an `id` or a `lid`.",
        ),
        (
            changed(meta={}),
            "/data/meta",
            "The card does not say which definition it adopts: `meta.adoptsFrom` is missing.",
        ),
        (
            changed(meta={"adoptsFrom": {"module": "../dog"}}),
            "/data/meta/adoptsFrom",
            "A code ref needs `module` and `name` as text; `name` is null.",
        ),
        (
            changed(meta={"adoptsFrom": {"module": "../dog", "name": "../../x"}}),
            "/data/meta/adoptsFrom/name",
            "`../../x` cannot be the name of an export.",
        ),
        (
            changed(meta={**REX["data"]["meta"], "fields": {"a": [{"adoptsFrom": 1}]}}),
            "/data/meta/fields/a/0/adoptsFrom",
            "A code ref must be an object, not a number.",
        ),
        (
            orjson.dumps({**REX, "included": [{"lid": "x", "type": "card"}]}),
            "/included/0",
            "The card does not say which definition it adopts: `meta.adoptsFrom` is missing.",
        ),
    ],
)
def test_a_document_of_the_wrong_shape_names_the_place(
    body: bytes, pointer: str, detail: str
) -> None:
    refusal = refusal_of(body)

    assert (refusal.pointer, refusal.detail) == (pointer, detail)


members = st.sampled_from(
    ["data", "type", "id", "lid", "attributes", "relationships", "meta", "adoptsFrom", "links"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.just("card"),
    lambda children: (
        st.lists(children, max_size=2) | st.dictionaries(members, children, max_size=4)
    ),
    max_leaves=15,
)


@given(anything)
def test_whatever_the_json_it_is_a_document_or_a_bad_request(value: Any) -> None:
    try:
        check_card_document(value)
    except BadRequest as refused:
        assert refused.detail


@pytest.mark.parametrize("replaces", ["home", [1], [""], {"home": True}])
def test_a_patch_replaces_fields_by_name(replaces: object) -> None:
    body = {"data": {"type": "card", "meta": {"replaces": replaces}}}

    with pytest.raises(BadRequest, match="names of fields") as refused:
        read_card_patch(orjson.dumps(body))
    assert refused.value.pointer == "/data/meta/replaces"
