"""One name for every module, however a document spells it."""

import pytest

from realmkit.cards.code_refs import CodeRef, ModuleNames, is_module_path
from realmkit.errors import BadRequest

NAMES = ModuleNames("http://h")


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("../dog", "http://h/r/dog"),
        ("../dog.gts", "http://h/r/dog"),
        ("./dog.js?v=1#top", "http://h/r/Dog/dog"),
        ("/other/dog", "http://h/other/dog"),
        ("http://elsewhere/dog.ts", "http://elsewhere/dog"),
        ("../dog.config", "http://h/r/dog.config"),
        ("@cardstack/base/card-api", "@cardstack/base/card-api"),
        ("https://cardstack.com/base/card-api.gts", "@cardstack/base/card-api"),
        ("http://h/base/card-api", "@cardstack/base/card-api"),
        ("../../base/card-api", "@cardstack/base/card-api"),
    ],
)
def test_a_module_has_one_name(spelling: str, name: str) -> None:
    assert NAMES.resolve_module(spelling, "http://h/r/Dog/rex") == name


def test_modules_are_relative_to_a_base_card_too() -> None:
    assert NAMES.resolve_module("./text", "@cardstack/base/Spec/x") == "@cardstack/base/Spec/text"


def test_a_module_that_is_no_url_is_refused() -> None:
    with pytest.raises(BadRequest, match="is not a module URL"):
        NAMES.resolve_module("http://[", "http://h/r/x")


@pytest.mark.parametrize("path", ["dog.gts", "a/dog.js", "dog.test.ts"])
def test_a_modules_source_is_told_by_its_name(path: str) -> None:
    assert is_module_path(path)


@pytest.mark.parametrize("path", ["dog.d.ts", "dog.json", "dog", "gts"])
def test_declarations_are_no_modules(path: str) -> None:
    assert not is_module_path(path)


def test_type_keys_are_read_back() -> None:
    ref = CodeRef("http://h/r/dog", "Dog")

    assert ref.type_key == "http://h/r/dog/Dog"
    assert CodeRef.from_type_key(ref.type_key) == ref


@pytest.mark.parametrize(
    ("module", "spelled"),
    [
        ("http://h/r/dog", "../dog"),
        ("http://h/r/Dog/own", "./own"),
        ("http://h/other/dog", "http://h/other/dog"),
        ("@cardstack/base/card-api", "@cardstack/base/card-api"),
    ],
)
def test_a_document_spells_modules_of_its_realm_relatively(module: str, spelled: str) -> None:
    assert NAMES.spell(module, "http://h/r/Dog/rex", "http://h/r/") == spelled
