"""The spine: one log of changes per realm, and the means to follow it."""

from realmkit.changes.log import (
    Change,
    ChangeKind,
    ChangeLog,
    Heard,
    NewChange,
    Operation,
    changes_in,
)
from realmkit.changes.sweeping import Sweeper

__all__ = [
    "Change",
    "ChangeKind",
    "ChangeLog",
    "Heard",
    "NewChange",
    "Operation",
    "Sweeper",
    "changes_in",
]
