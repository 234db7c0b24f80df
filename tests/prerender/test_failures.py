"""Who is blamed when a call into a page ends without an answer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from realmkit.prerender.failures import (
    Group,
    Heard,
    Verdict,
    after_hanging,
    after_losing,
    after_stopping,
)

ABC = Group(("a", "b", "c"))


def test_the_card_in_hand_is_named_when_the_page_hangs():
    assert after_hanging(ABC, Heard(["a", "b"], {"a"})) == Verdict("b", (Group(("a", "c")),))


def test_a_card_alone_needs_no_witness():
    assert after_hanging(Group(("a",)), Heard()) == Verdict("a")


def test_cards_in_hand_together_are_asked_for_one_by_one():
    verdict = after_hanging(ABC, Heard(["a", "b"], set()))

    assert verdict.culprit is None
    assert verdict.again == (Group(("c",)), Group(("a",), True), Group(("b",), True))


def test_nobody_is_blamed_for_the_first_death():
    assert after_losing(ABC, Heard(["a"], set())) == Verdict(None, (Group(ABC.urls, True),))


def test_the_card_in_hand_is_named_at_the_second_death():
    again = Group(ABC.urls, retried=True)

    assert after_losing(again, Heard(["a"], set())).culprit == "a"


def test_the_rest_goes_on_after_a_page_that_stopped_early():
    assert after_stopping(ABC, ["a"]) == Verdict(None, (Group(("b", "c")),))


@settings(max_examples=50)
@given(st.integers(1, 12), st.data())
def test_asking_again_comes_to_an_end_and_loses_nobody(count: int, data: st.DataObject):
    everyone = tuple(str(number) for number in range(count))
    groups, named = [Group(everyone)], set[str]()
    for _ in range(200):
        if not groups:
            break
        group = groups.pop()
        started = data.draw(st.lists(st.sampled_from(group.urls), unique=True))
        done = set(data.draw(st.lists(st.sampled_from(group.urls), unique=True)))
        judge = data.draw(st.sampled_from([after_hanging, after_losing]))
        verdict = judge(group, Heard(started, done))
        asked = {url for again in verdict.again for url in again.urls}
        assert asked | ({verdict.culprit} - {None}) == set(group.urls)
        named |= {verdict.culprit} - {None}
        groups.extend(verdict.again)

    assert not groups
    assert named == set(everyone)
