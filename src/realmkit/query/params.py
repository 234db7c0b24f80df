"""A statement and what it binds. Nothing a person wrote is ever spliced into SQL."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its parameters (`$1` is `params[0]`)."""

    sql: str
    params: tuple[object, ...] = ()


class Params(Protocol):
    """Where a compiler leaves values, getting back what to write in their place."""

    def bind(self, value: object) -> str:
        """A parameter that belongs to the statement, such as a page."""
        ...

    def compared(self, value: str | float) -> str:
        """A value that a filter compares with."""
        ...


class NumberedParams:
    """`$1`, `$2`, ...: each value is bound once, however often it is used."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._numbers: dict[tuple[type, object], int] = {}

    def bind(self, value: object) -> str:
        key = (type(value), value)
        if key not in self._numbers:
            self.values.append(value)
            self._numbers[key] = len(self.values)
        return f"${self._numbers[key]}"

    def compared(self, value: str | float) -> str:
        return self.bind(value)


class AskedParams(NumberedParams):
    """Compared values become columns of a table `asked`: one row for each query of a shape."""

    def __init__(self) -> None:
        super().__init__()
        self.compared_values: list[str | float] = []

    def compared(self, value: str | float) -> str:
        self.compared_values.append(value)
        return f"asked.v{len(self.compared_values)}"
