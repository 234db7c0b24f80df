"""Comma-separated values: columns, the number of rows, and how the first ones look."""

import csv
import io

from realmkit.extraction.looking import TEXT_LIMIT, Extract, WrongKind, decoded

SAMPLE_ROWS = 10
COLUMNS_LIMIT = 200
CELL_LIMIT = 200
_DELIMITERS = ",;\t|"


def read(content: bytes, suffix: str) -> Extract:
    text, note = decoded(content)
    delimiter = "\t" if suffix == ".tsv" else _delimiter(text)
    columns: list[str] = []
    sample: list[list[str]] = []
    count = 0
    try:
        # RFC 4180; a quote that is never closed makes one cell of all the rest.
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if not row:
                continue
            if not columns:
                columns = [cell.strip() for cell in row[:COLUMNS_LIMIT]]
                continue
            count += 1
            if len(sample) < SAMPLE_ROWS:
                sample.append([cell[:CELL_LIMIT] for cell in row[: len(columns)]])
    except csv.Error as exc:
        if not columns:
            raise WrongKind(f"It cannot be read as a table: {exc}.") from exc
        note = note or f"Row {count + 2} cannot be read: {exc}."
    return Extract(
        {
            "columns": columns,
            "columnCount": len(columns),
            "rowCount": count,
            "sample": sample,
            "content": text[:TEXT_LIMIT],
        },
        note,
    )


def _delimiter(text: str) -> str:
    """Whatever of the usual delimiters the first line has most of."""
    line = text[:10_000].partition("\n")[0]
    return max(_DELIMITERS, key=line.count)
