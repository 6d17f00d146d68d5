"""Where results go, in one line of text: a file, a folder, or a table of a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from newretail_ml.errors import DataError

SUFFIXES: Final = (".csv", ".parquet", ".json")
_DUCKDB: Final = ".duckdb"
_URL = re.compile(r"[a-z][a-z0-9+]+://")
_WITH_TABLE = re.compile(r"(?P<place>.+)::(?P<table>[A-Za-z_]\w*(\.[A-Za-z_]\w*)?)$")
_SECRET = re.compile(r"(?<=//)[^/\s]+@|[?&][^\s:]*")


class Kind(Enum):
    """What holds the results."""

    FILE = "file"
    FOLDER = "folder"
    DUCKDB = "DuckDB file"
    DATABASE = "database"


@dataclass(frozen=True)
class Address:
    """A target, understood.

    Attributes:
        kind: what holds the results.
        place: path or URL.
        table: table of a database, `table` or `schema.table`; in a folder it begins the names of
            files.
    """

    kind: Kind
    place: str
    table: str

    @property
    def path(self) -> Path:
        """The place as a path."""
        return Path(self.place)

    def __str__(self) -> str:
        if self.kind in (Kind.FILE, Kind.FOLDER):
            return self.place
        return f"{shown_target(self.place)}::{self.table}"


def address_of(target: str | Path, table: str) -> Address:
    """What a target means.

    Args:
        target: `file.csv`, `file.parquet`, `file.json`, a folder, `file.duckdb`, or a SQLAlchemy
            URL; the latter two may end in `::table`.
        table: the table where the target does not name one.

    Raises:
        DataError: it means nothing.

    >>> address_of("chain.duckdb::weekly_orders", "orders")
    Address(kind=<Kind.DUCKDB: 'DuckDB file'>, place='chain.duckdb', table='weekly_orders')
    >>> str(address_of("postgresql+psycopg://ann:secret@host/chain", "orders"))
    'postgresql+psycopg://host/chain::orders'
    """
    text = str(target)
    if not text.strip():
        raise DataError("the output has no name", next_step="Name a file, folder or database.")
    named = _WITH_TABLE.match(text)
    place, table = (named["place"], named["table"]) if named else (text, table)
    kind = _kind_of(place)
    if named and kind in (Kind.FILE, Kind.FOLDER):
        raise DataError(
            f"the output {text!r} names a table of what is no database",
            next_step="Name file.duckdb::table, or URL::table.",
        )
    return Address(kind, place, table)


def shown_target(target: str | Path) -> str:
    """A target as it may be shown: without user, password and options of a URL.

    >>> shown_target("postgresql://ann:secret@host/chain?password=secret::orders")
    'postgresql://host/chain::orders'
    >>> shown_target("out/orders.csv")
    'out/orders.csv'
    """
    text = str(target)
    return _SECRET.sub("", text) if _URL.match(text) else text


def _kind_of(place: str) -> Kind:
    if _URL.match(place):
        return Kind.DATABASE
    path = Path(place)
    if path.suffix.lower() == _DUCKDB:
        return Kind.DUCKDB
    if path.is_dir() or place.endswith(("/", "\\")) or not path.suffix:
        return Kind.FOLDER
    if path.suffix in SUFFIXES:
        return Kind.FILE
    raise DataError(
        f"the output {path.name!r} has no known ending",
        next_step=f"Name it with one of {', '.join(SUFFIXES)}, {_DUCKDB}; or name a folder, or "
        "the URL of a database.",
    )
