"""The spine: one log of changes per realm, and the means to follow it."""

from realmkit.changes.log import Change, ChangeKind, ChangeLog, NewChange, Operation, Retention

__all__ = ["Change", "ChangeKind", "ChangeLog", "NewChange", "Operation", "Retention"]
