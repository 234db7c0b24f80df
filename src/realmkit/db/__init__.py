"""Connections, transactions, named SQL and migrations; notifications and locks between processes.

`open_database` gives a `Database`; the rest of the program never learns which.
"""

from realmkit.db.completion import completed
from realmkit.db.database import Database, Dialect, Params, Row, Statement, Transaction
from realmkit.db.hints import Hints
from realmkit.db.locks import Locks, NamedLock
from realmkit.db.notifier import HeldLock, LocalNotifier, Notifier, lock_key
from realmkit.db.opening import open_database
from realmkit.db.statements import load_sql

__all__ = [
    "Database",
    "Dialect",
    "HeldLock",
    "Hints",
    "LocalNotifier",
    "Locks",
    "NamedLock",
    "Notifier",
    "Params",
    "Row",
    "Statement",
    "Transaction",
    "completed",
    "load_sql",
    "lock_key",
    "open_database",
]
