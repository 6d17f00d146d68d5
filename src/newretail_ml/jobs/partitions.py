"""Splits a chain's tables into folders of whole series, and never holds the chain in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Partition:
    """A folder of ordinary tables: all rows of some whole series, and the small tables whole.

    Args:
        number: from 0 on.
        folder: `RetailTables.read(folder)` reads it.
        digest: of its tables, 16 hex digits.
        rows: order lines in it.
    """

    number: int
    folder: Path
    digest: str
    rows: int


def buckets(ids: pd.Series, count: int) -> np.ndarray:
    """(rows,) bucket of each id, 0 to ``count`` - 1; the same on any machine, in any order.

    >>> buckets(pd.Series(["tea", "cup", "tea"]), 4).tolist()
    [0, 1, 0]
    """
    codes, distinct = pd.factorize(ids)
    numbers = np.array([_hash(str(one)) % count for one in distinct], dtype=np.int64)
    return np.where(codes < 0, 0, numbers[codes] if len(numbers) else 0)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
