"""Tables of a chain that hold a row for each day, item and place, read apart from partitions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.tables import Cleaning, RetailTables, SourceMapping
from newretail_ml.tables.extent import EXTENT_FILE
from newretail_ml.tables.parsing import parsed
from newretail_ml.tables.pieces import Opened, opened
from newretail_ml.tables.schemas import SCHEMAS, Kind
from newretail_ml.tables.shaping import shape

STOCK, PRICES = "stock", "prices"
LARGE_TABLES = (STOCK, PRICES)
"""Each partition would hold all of them."""

MOST_ROWS = 3_000_000


def whole_tables(
    source: str | Path, mapping: SourceMapping, most_rows: int = MOST_ROWS
) -> dict[str, pd.DataFrame]:
    """Stock and prices as they are, in the library's names; without those that have more rows.

    Args:
        source: as `RetailTables.read` takes it.
        mapping: how it calls its tables and columns.
        most_rows: of a table, that memory takes.
    """
    with opened(source, mapping) as tables:
        found = {name: _whole(tables, name, mapping, most_rows) for name in LARGE_TABLES}
    return {name: frame for name, frame in found.items() if frame is not None}


def latest_stock(source: str | Path, mapping: SourceMapping) -> pd.DataFrame | None:
    """The rows of the stock table's last day, in the library's names, their values as they came."""
    with opened(source, mapping) as tables:
        if STOCK not in tables.portions:
            return None
        last = pd.Timestamp.min
        kept: list[pd.DataFrame] = []
        for piece in tables.pieces(STOCK):
            frame = _named(piece, STOCK, mapping)
            day, _ = parsed(frame[c.DATE], Kind.DAY, mapping.cleaning.timezone)
            if not day.max() >= last:
                continue
            kept = kept if day.max() == last else []
            last = day.max()
            kept.append(frame[(day == last).to_numpy()])
    return pd.concat(kept) if kept else None


def joined(
    folder: Path, large: dict[str, pd.DataFrame], mapping: SourceMapping, into: Path
) -> RetailTables:
    """The checked tables of a folder together with large ones of the same chain.

    Args:
        folder: of checked tables.
        large: further tables, as they came.
        mapping: says on which clock their days are.
        into: a new folder for all of them.
    """
    known = RetailTables.read(folder)
    frames = {name: getattr(known, name) for name in SCHEMAS if name not in LARGE_TABLES}
    cleaning = Cleaning(timezone=mapping.cleaning.timezone)
    RetailTables.from_frames(**frames, **large, cleaning=cleaning).write(into)
    (into / EXTENT_FILE).write_text((folder / EXTENT_FILE).read_text())
    return RetailTables.read(into)


def _whole(
    tables: Opened, name: str, mapping: SourceMapping, most_rows: int
) -> pd.DataFrame | None:
    frames, rows = [], 0
    for piece in tables.pieces(name) if name in tables.portions else ():
        rows += len(piece)
        if rows > most_rows:
            return None
        frames.append(_named(piece, name, mapping))
    return pd.concat(frames) if rows else None


def _named(piece: pd.DataFrame, name: str, mapping: SourceMapping) -> pd.DataFrame:
    return shape(piece, SCHEMAS[name], mapping.table(name)).frame
