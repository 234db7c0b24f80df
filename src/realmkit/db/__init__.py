"""Connections, transactions, named SQL and migrations.

`open_database` gives a `Database`; the rest of the program never learns which.
"""

from realmkit.db.completion import completed
from realmkit.db.database import Database, Dialect, Params, Row, Statement, Transaction
from realmkit.db.opening import open_database
from realmkit.db.statements import load_sql

__all__ = [
    "Database",
    "Dialect",
    "Params",
    "Row",
    "Statement",
    "Transaction",
    "completed",
    "load_sql",
    "open_database",
]
