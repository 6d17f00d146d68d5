"""What can be offered today, from a stock table that is streamed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from newretail_ml.jobs.recommend.large import STOCK, latest_stock
from newretail_ml.recommendation import available_items
from newretail_ml.tables import Cleaning, RetailTables, SourceMapping
from newretail_ml.tables.whole_folder import hidden_beside


@dataclass(frozen=True)
class Offer:
    """What can be offered, in a file.

    Args:
        file: Parquet, as `available_items` gives it.
        digest: of its content.
        rows: how many items in how many places.
    """

    file: Path
    digest: str
    rows: int

    def read(self) -> pd.DataFrame:
        """The table, as `Recommender.recommend` takes it."""
        return pd.read_parquet(self.file)


def offer_of(
    source: str | Path, mapping: SourceMapping, partition: Path, file: Path
) -> Offer | None:
    """What is in stock on the last day of the stock table; None where there is no such table.

    Args:
        source: as `RetailTables.read` takes it.
        mapping: how it calls its tables and columns.
        partition: a folder of checked tables of the same chain, for its items and locations.
        file: where to keep the table.

    Raises:
        DataError: the stock table cannot be used.
    """
    stock = latest_stock(source, mapping)
    if stock is None:
        return None
    known = RetailTables.read(partition)
    frames: dict[str, Any] = {"orders": known.orders.head(1), STOCK: stock}
    frames |= {name: getattr(known, name) for name in ("items", "locations")}
    cleaning = Cleaning(timezone=mapping.cleaning.timezone)
    there = available_items(RetailTables.from_frames(**frames, cleaning=cleaning))
    file.parent.mkdir(parents=True, exist_ok=True)
    with hidden_beside(file) as aside:
        there.to_parquet(aside / file.name, index=False)
        content = hashlib.blake2b((aside / file.name).read_bytes(), digest_size=8).hexdigest()
        (aside / file.name).replace(file)
    return Offer(file, content, len(there))
