"""The database: open, create, upsert, migrate. The only code that writes."""

from dashlib.store.database import Store, open_store, snapshot_path
from dashlib.store.errors import DatabaseInUse, DatabaseTooNew, NotOurDatabase, StoreError

__all__ = [
    "DatabaseInUse",
    "DatabaseTooNew",
    "NotOurDatabase",
    "Store",
    "StoreError",
    "open_store",
    "snapshot_path",
]
