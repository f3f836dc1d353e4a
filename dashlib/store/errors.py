"""What can be wrong with the database file, each as one sentence for a person."""

from __future__ import annotations

from dashlib.errors import Explained


class StoreError(Explained):
    """The database cannot be used."""


class DatabaseInUse(StoreError):
    """Another process holds the file."""


class DatabaseTooNew(StoreError):
    """The file was written by a newer version of this program; it was left untouched."""


class NotOurDatabase(StoreError):
    """The file is no DuckDB database, or one of something else."""
