"""The SQL of one database, as far as it differs: reaching into a search doc.

The compiler speaks of a *spot*: a place inside a JSON value, either a path below a
document or one element of a plural. A dialect turns a spot into expressions that
are null when the spot holds something else than what is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from realmkit.query.values import ComparedAs

Comparison = Literal["=", ">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True)
class Below:
    """The value at `path` (a placeholder) below the JSON object `document` (an expression)."""

    document: str
    path: str


@dataclass(frozen=True, slots=True)
class Element:
    """The element that the row `alias` of `Dialect.elements` stands for."""

    alias: str


Spot = Below | Element


class Dialect(Protocol):
    def path(self, names: tuple[str, ...]) -> object:
        """The parameter that names the members `names` below an object."""
        ...

    def compare(
        self, spot: Spot, comparison: Comparison, value: str, compared_as: ComparedAs
    ) -> str:
        """Whether the spot holds a value of that kind that compares so with `value`."""
        ...

    def is_one_of(self, spot: Spot, values: str, compared_as: ComparedAs) -> str:
        """Whether the spot holds one of the values in `values`, a JSON array."""
        ...

    def contains(self, spot: Spot, text: str) -> str:
        """Whether the spot holds text with `text`, already folded, somewhere in it."""
        ...

    def is_null(self, spot: Spot) -> str:
        """Whether the spot holds null or is not there."""
        ...

    def elements(self, below: Below, alias: str, condition: str) -> str:
        """Whether an element of the array at `below` satisfies `condition`."""
        ...

    def document_of(self, element: Element) -> str:
        """The element as a document; null unless it is an object."""
        ...

    def sort_value(self, spot: Spot, compared_as: ComparedAs) -> str:
        """The spot's value as something that sorts, null if it is of another kind."""
        ...

    def extreme(self, below: Below, alias: str, value: str, which: Literal["min", "max"]) -> str:
        """The least or greatest `value` among the elements of the array at `below`."""
        ...

    def asked(self, values: str, examples: Sequence[str | int | float | bool]) -> str:
        """A common table `asked (number, v1, v2, ...)` of the JSON array of arrays `values`,
        each of which holds values of the same kinds as `examples`."""
        ...

    def listed(self, values: str) -> str:
        """A table whose rows are the elements of the JSON array `values`, in a column `value`
        that `->>` reaches into."""
        ...

    def texts(self, values: str) -> str:
        """The members of a JSON array of texts, to stand behind `IN`."""
        ...
