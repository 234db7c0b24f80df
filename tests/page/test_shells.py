"""The HTML the server sends, made from plain data."""

import json
import re

from realmkit.http import pages

HOST = pages.HostFiles("/_host/page.js", "/_host/page.css", "/_host/runtime.js")
EVIL = "</script><script>alert(1)</script>"


def card(**changes: object) -> pages.CardView:
    values: dict[str, object] = {
        "id": "http://h/r/Dog/rex",
        "realm_name": "R",
        "realm_url": "http://h/r/",
        "title": "Rex",
        "type_name": "Dog",
        "type_key": "http://h/r/dog/Dog",
        "html": "<p>Woof</p>",
    }
    return pages.CardView(**(values | changes))  # pyright: ignore[reportArgumentType]


def data_of(html: str) -> dict[str, object]:
    found = re.search(r"data-realmkit-data>(.*?)</script>", html, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_a_title_with_markup_is_text_everywhere():
    html = pages.card(HOST, card(title=EVIL))
    assert EVIL not in html
    assert data_of(html)["title"] == EVIL


def test_prerendered_html_is_sent_as_it_is_with_its_styles():
    html = pages.card(HOST, card(style_ids=["a-b", "c-d", "a-b"]))
    assert "<p>Woof</p>" in html
    assert re.findall(r"/_styles/([\w-]+)\.css", html) == ["a-b", "c-d"]


def test_a_page_says_where_the_realms_were_when_it_was_made():
    seqs = {"http://h/r/": 7, "http://h/base/": 0}
    assert data_of(pages.card(HOST, card(seqs=seqs)))["seqs"] == seqs


def test_the_head_format_brings_its_own_title():
    html = pages.card(HOST, card(head_html="<title>Rex the dog</title>"))
    assert re.findall(r"<title>(.*?)</title>", html) == ["Rex the dog"]
    assert "<title>Rex</title>" in pages.card(HOST, card(head_html="<meta name='x'>"))


def test_only_the_pages_own_script_may_run():
    html = pages.card(HOST, card())
    policy = re.search(r"script-src 'nonce-([\w-]+)' 'strict-dynamic'", html)
    assert policy
    assert f'nonce="{policy[1]}" src="/_host/page.js"' in html
    assert policy[1] not in pages.card(HOST, card())


def test_a_card_in_error_shows_what_where_and_its_last_good_html():
    problem = pages.Problem("http://h/r/Dog/rex", "Syntax error", "Unclosed", "dog.gts", 3, 7)
    html = pages.card(HOST, card(problem=problem))
    assert "Unclosed" in html
    assert "dog.gts:3:8" in html
    assert "<p>Woof</p>" in html


def test_a_read_only_card_offers_no_editing():
    assert "show=edit" in pages.card(HOST, card())
    assert "show=edit" not in pages.card(HOST, card(is_writable=False))


def test_a_listing_asks_for_words_and_type_together():
    assert "filter" not in pages.listing_query("", "", 0)
    query = pages.listing_query("rex", "http://h/r/dog/Dog", 2)
    assert query["page"]["number"] == 2
    assert query["filter"] == {
        "every": [
            {"type": {"module": "http://h/r/dog", "name": "Dog"}},
            {"any": [{"contains": {"_title": "rex"}}, {"matches": "rex*"}]},
        ]
    }


def test_the_next_page_keeps_the_question():
    tile = pages.Tile("http://h/r/Dog/rex", "Rex", "Dog", "<b>Rex</b>")
    listing = pages.Listing([tile] * pages.TILES_PER_PAGE, 60, 0, "re&x", "http://h/r/dog/Dog")
    html = pages.realm(HOST, pages.RealmView("R", "http://h/r/", 60, True, []), listing)
    assert "?q=re%26x&amp;type=http%3A%2F%2Fh%2Fr%2Fdog%2FDog&amp;page=1" in html
    assert pages.Listing([tile] * 12, 60, 1).next_page is None


def test_an_error_names_itself_and_offers_ways_on():
    html = pages.error(
        HOST,
        404,
        "Not found",
        "There is no `Dog/rx`.",
        realm=("R", "http://h/r/"),
        suggestions=[pages.Suggestion("Rex", "http://h/r/Dog/rex")],
    )
    for words in (
        "404",
        "There is no <code>Dog/rx</code>.",
        'href="http://h/r/Dog/rex"',
        "All cards of R",
    ):
        assert words in html


def test_no_realms_and_no_cards_are_told_kindly():
    assert "realmkit serve FOLDER" in pages.home(HOST, [])
    empty = pages.RealmSummary("R", "http://h/r/", 0, 0, 0, True)
    assert "No cards yet." in pages.home(HOST, [empty])


def test_a_realm_that_never_had_a_run_does_not_claim_to_be_up_to_date():
    new = pages.RealmSummary("R", "http://h/r/", 0, 0, 0, True, pages.Indexing("waiting"))
    home = pages.home(HOST, [new])
    assert "Waiting for its first index" in home
    assert "Up to date" not in home


def test_of_many_types_the_largest_are_shown_at_once():
    types = [pages.TypeCount(f"http://h/r/t/T{n:02}", f"T{n:02}", n) for n in range(20)]
    view = pages.RealmView("R", "http://h/r/", 190, True, types)
    shown, _, folded = pages.realm(HOST, view, pages.Listing([], 0)).partition("8 more")
    assert "T19" in shown
    assert "T00" in folded
    open_one = pages.realm(HOST, view, pages.Listing([], 0, type_key="http://h/r/t/T00"))
    assert '<details class="rk-types-more" open>' in open_one


def test_backticks_make_code_and_never_markup():
    html = pages.error(HOST, 404, "Not found", f"`{EVIL}` or `x")
    assert "alert(1)&lt;/script&gt;` or `x" in html
    html = pages.error(HOST, 404, "Not found", f"`{EVIL}`")
    assert "<code>&lt;/script&gt;" in html


def test_problems_beyond_those_listed_are_counted():
    problem = pages.Problem("http://h/r/dog", "Syntax error", "Unclosed", "dog.gts", 3, 7)
    view = pages.RealmView("R", "http://h/r/", 190, True, [], [problem], problem_count=431)
    html = pages.realm(HOST, view, pages.Listing([], 0))

    assert "431 problems to mend" in html
    assert "and 430 more" in html
