"""From a place in a served module back to the place its author wrote.

Reads the `mappings` of a source map, version 3: lines apart by `;`, segments by `,`, each
segment a few numbers in base 64, all relative to those before.
"""

_DIGITS = {
    digit: value
    for value, digit in enumerate(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    )
}


def original_place(mappings: str, line: int, column: int) -> tuple[int, int] | None:
    """The author's line (from 1) and column (from 0) of a served line (from 1) and column (from 0).

    None where the map says nothing of that line up to that column. Raises `KeyError` or
    `IndexError` for what is no map.
    """
    found: tuple[int, int] | None = None
    source_line = source_column = 0
    for number, segments in enumerate(mappings.split(";")[:line], start=1):
        served_column = 0
        for segment in filter(None, segments.split(",")):
            numbers = _numbers(segment)
            served_column += numbers[0]
            if len(numbers) < 4:
                continue
            source_line += numbers[2]
            source_column += numbers[3]
            if number == line and served_column <= column:
                found = (source_line + 1, source_column)
    return found


def _numbers(segment: str) -> list[int]:
    numbers: list[int] = []
    value = shift = 0
    for digit in segment:
        bits = _DIGITS[digit]
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return numbers
