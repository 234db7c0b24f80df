"""From a place in a served module back to its source."""

import pytest
from tests.modules.conftest import House

from realmkit.modules.source_map import original_place

THROWS = """\
import Pin from '@cardstack/boxel-icons/map-pin';

export interface Named {
  name: string;
}
export function fail(): never {
  throw new Error('no');
}
export const icon = Pin;
"""


@pytest.mark.parametrize(
    ("line", "column", "place"),
    [(1, 0, (1, 0)), (1, 7, (1, 4)), (2, 0, None), (3, 9, (2, 2)), (9, 0, None)],
)
def test_the_nearest_segment_before_a_place_decides(
    line: int, column: int, place: tuple[int, int] | None
):
    assert original_place("AAAA,IAAI;;EACF", line, column) == place


@pytest.mark.anyio
async def test_a_line_of_a_served_module_is_found_in_its_source(house: House) -> None:
    await house.save("a.ts", THROWS)
    served = await house.text("a.ts")
    line = next(n for n, text in enumerate(served.split("\n"), 1) if "new Error" in text)

    place = await house.service.source_place(house.realm.url_of("a"), line, 8)
    assert place == {"file": "a.ts", "line": 7, "column": 8}
    assert await house.service.source_place("http://elsewhere/a", 1, 0) == {}
