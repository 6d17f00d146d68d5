"""Says where each row of a chain's tables belongs, and writes it there, portion by portion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.jobs.blocks import partition_of
from newretail_ml.jobs.raw import RawWriter
from newretail_ml.tables import SourceMapping
from newretail_ml.tables.parsing import to_text
from newretail_ml.tables.pieces import Opened
from newretail_ml.tables.portions import Portion
from newretail_ml.tables.schemas import ORDERS, SCHEMAS
from newretail_ml.tables.shaping import shape

if TYPE_CHECKING:
    import pyarrow as pa

_CATEGORIES = "categories.parquet"


@dataclass(frozen=True)
class Keys:
    """Says which partition each row belongs to.

    Args:
        key: column whose values stay together: item_id, category or customer_id.
        partitions: how many.
        mapping: how the source calls its columns.
        categories: file of the category of each item, where the key is that and they are known.
    """

    key: str
    partitions: int
    mapping: SourceMapping
    categories: Path | None = None

    @classmethod
    def of(
        cls, key: str, partitions: int, mapping: SourceMapping, tables: Opened, folder: Path
    ) -> Keys:
        """With the categories of the source's items, if they are the key.

        Args:
            key: column whose values stay together.
            partitions: how many.
            mapping: how the source calls its columns.
            tables: the source.
            folder: where workers find the categories.
        """
        plain = cls(key, partitions, mapping)
        if key != c.CATEGORY or "items" not in tables.portions:
            return plain
        items = tables.whole("items")
        names = [mapping.table("items").foreign_name(name) for name in (c.ITEM, c.CATEGORY)]
        if not set(names) <= set(items):
            return plain
        item, category = (items[name] for name in names)
        known = pd.DataFrame({c.ITEM: _alike(item), c.CATEGORY: to_text(category)}).dropna()
        known.drop_duplicates(c.ITEM).to_parquet(folder / _CATEGORIES, index=False)
        return cls(key, partitions, mapping, folder / _CATEGORIES)

    def partition(self, rows: pa.Table, table: str) -> np.ndarray | None:
        """(rows,) partition of each row; -1 for none, None for a table that is shared by all."""
        name = c.ITEM if self.key == c.CATEGORY else self.key
        foreign = self.mapping.table(table).foreign_name(name)
        if foreign not in rows.column_names:
            return None
        ids = rows.column(foreign).to_pandas(integer_object_nulls=True)
        codes, distinct = pd.factorize(ids)
        text = _alike(pd.Series(distinct))
        if self.categories is not None:
            category = text.map(_categories(self.categories)).astype(object)
            text = category.where(category.notna(), text)
        nowhere = -1 if self.key == c.CUSTOMER else 0
        return np.append(partition_of(text, self.partitions), nowhere)[codes]


@lru_cache(maxsize=1)
def _categories(file: Path) -> dict[str, str]:
    known = pd.read_parquet(file)
    return dict(zip(known[c.ITEM], known[c.CATEGORY], strict=True))


def _alike(ids: pd.Series) -> pd.Series:
    """Ids as text; '7.0' is 7, because a piece alone cannot tell what the whole table means."""
    return to_text(ids).str.replace(r"^(\d+)\.0$", r"\1", regex=True)


@dataclass(frozen=True)
class Spread:
    """What was written of a portion.

    Args:
        number: of the portion.
        table: the library's name of its table.
        file: that holds the rows.
        rows: of the portion.
        left_out: of them, because they name no key.
        shared: whether all partitions need all rows.
        places: the partitions that got any row.
    """

    number: int
    table: str
    file: str
    rows: int
    left_out: int
    shared: bool
    places: Sequence[int]


@dataclass(frozen=True)
class Spreading:
    """Writes the rows of a portion by partition.

    Args:
        keys: where each row belongs.
        folder: that is there, and gets a file for each portion.
    """

    keys: Keys
    folder: Path

    def __call__(self, numbered: tuple[int, Portion]) -> Spread:
        """What was written.

        Args:
            numbered: the number of a portion, and the portion.

        Raises:
            DataError: the portion cannot be read, or its order lines do not hold the key.
        """
        number, portion = numbered
        left_out, shared = 0, False
        with RawWriter(self.folder, f"{portion.table}-{number:05}") as raw:
            for piece in portion.read():
                places = self.keys.partition(piece, portion.table)
                if places is None:
                    if portion.table == ORDERS:
                        raise _no_key(piece, self.keys)
                    shared, places = True, np.zeros(len(piece), dtype=np.int64)
                left_out += int((places < 0).sum())
                raw.write(piece, places)
        return Spread(number, portion.table, raw.name, raw.rows, left_out, shared, raw.places)


def left_out(spreads: Iterable[Spread], keys: Keys) -> dict[str, int]:
    """How many order lines were left out, by reason.

    Where customers are the key, not every line names one.

    Raises:
        DataError: no line is left.
    """
    orders = [spread for spread in spreads if spread.table == ORDERS]
    lines = sum(spread.rows for spread in orders)
    out = sum(spread.left_out for spread in orders)
    if 0 < lines == out:
        raise DataError(
            f"none of the {lines:,} order lines names a {keys.key}",
            table=ORDERS,
            column=keys.key,
            next_step="Bring lines that do.",
        )
    return {f"they name no {keys.key}": out}


def _no_key(orders: pa.Table, keys: Keys) -> DataError:
    shape(orders.to_pandas(), SCHEMAS[ORDERS], keys.mapping.table(ORDERS))
    return DataError(
        f"there is no column {keys.key}, which the job is split by",
        table=ORDERS,
        next_step=f"Add it, or say in a mapping how it is called: [orders.columns] {keys.key}.",
    )
