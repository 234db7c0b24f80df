"""What is a word, and which words are alike: said here by hand, for the reference takes ours."""

import pytest

from realmkit.query.words import entry_words, readable_texts, stem, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("A Roman road.", ["a", "roman", "road"]),
        ("well-known, snake_case", ["well", "known", "snake", "case"]),
        ("Café CAFÉ cafe\u0301", ["cafe", "cafe", "cafe"]),
        ("Straße ﬁn Ångström", ["strasse", "fin", "angstrom"]),
        ("ΟΔΥΣΣΕΥΣ Οδυσσεύς", ["οδυσσευσ", "οδυσσευσ"]),
        ("100% 3.14 1,000 1e5", ["100", "3", "14", "1", "000", "1e5"]),
        ("H₂O x²", ["h2o", "x2"]),
        ("北京大学 東京", ["北京大学", "東京"]),
        ("don't O'Brien’s", ["don", "t", "o", "brien", "s"]),
        ("go 🚀 now 👩‍💻!", ["go", "now"]),
        ("a\u2028b\tc\nd", ["a", "b", "c", "d"]),
        ("𝐁old 𝄞", ["bold"]),
        ("x" * 64 + " " + "y" * 65, ["x" * 64]),
        (
            "![](data:image/png;base64," + "AbC9+dE/" * 100 + ") end",
            "data image png base64 end".split(),
        ),
    ],
)
def test_a_text_has_these_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("words", "stemmed"),
    [
        (["run", "runs", "running"], "run"),
        (["road", "roads"], "road"),
        (["build", "building", "builds"], "build"),
        (["happy", "happiness"], "happi"),
        (["ran"], "ran"),
        (["北京"], "北京"),
        (["cafe", "cafes"], "cafe"),
    ],
)
def test_these_words_are_alike(words: list[str], stemmed: str) -> None:
    assert {stem(word) for word in words} == {stemmed}


def test_the_title_comes_first_and_ids_and_addresses_are_not_read() -> None:
    doc = {
        "id": "http://h/a",
        "_cardType": "Person",
        "name": "Ann",
        "site": "https://example.com/road",
        "picture": "data:image/png;base64,AAAA",
        "said": "see https://example.com now",
        "visits": [{"place": "Rome", "id": "http://h/x"}, {"place": None}, 5],
        "_title": "A title",
    }

    assert list(readable_texts(doc)) == [
        ("_title", "A title"),
        ("name", "Ann"),
        ("said", "see https://example.com now"),
        ("visits.place", "Rome"),
    ]


def test_no_phrase_goes_from_one_text_to_the_next() -> None:
    found = entry_words({"_title": "old", "a": "Roman roads", "b": "roads end"})

    assert {word: list(places) for word, places in found.places.items()} == {
        "old": [1],
        "roman": [3],
        "road": [4, 6],
        "end": [7],
    }
    assert (found.words, found.title) == (frozenset({"roads"}), ("old",))
