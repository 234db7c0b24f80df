"""The pool's decisions, as lists."""

from realmkit.prerender.pool import Slot, State, Wear, assign

IDLE, LEASED, BOOTING, RETIRED = State.IDLE, State.LEASED, State.BOOTING, State.RETIRED


def slots(*states: State) -> list[Slot]:
    return [Slot(state, last_used=number) for number, state in enumerate(states)]


def test_nobody_waiting_needs_nothing():
    assignment = assign(0, slots(IDLE, LEASED), limit=2)

    assert (assignment.grants, assignment.close, assignment.boot) == ([], [], 0)


def test_the_warmest_page_goes_to_the_first_caller():
    cold, warm = pages = slots(IDLE, IDLE)

    assert assign(2, pages, limit=2).grants == [(0, warm), (1, cold)]


def test_a_page_is_booted_for_each_caller_without_one():
    assert assign(3, slots(LEASED), limit=4).boot == 3


def test_pages_that_boot_already_are_counted():
    assert assign(2, slots(BOOTING), limit=4).boot == 1


def test_the_limit_holds():
    assert assign(9, slots(LEASED, BOOTING), limit=2).boot == 0


def test_a_retired_page_is_closed_and_makes_room():
    retired, _ = pages = slots(RETIRED, LEASED)
    assignment = assign(1, pages, limit=2)

    assert assignment.close == [retired]
    assert assignment.boot == 1
    assert assignment.grants == []


def test_a_page_is_worn_by_visits_by_epochs_or_by_memory():
    wear = Wear(max_visits=10, max_epochs=2, max_heap_bytes=100)

    assert not wear.is_reached(9, 2, 100)
    assert wear.is_reached(10, 1, 0)
    assert wear.is_reached(0, 3, 0)
    assert wear.is_reached(0, 0, 101)
