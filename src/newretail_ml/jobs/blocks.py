"""Which block and partition an id falls into: the same on any machine, in any order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

BLOCKS = 16
"""Into so many blocks a chain falls at least, even where partitions are fewer."""


def block_of(ids: pd.Series, blocks: int) -> np.ndarray:
    """(rows,) block of each id, 0 to ``blocks`` - 1; a missing id is in block 0.

    >>> block_of(pd.Series(["tea", "cup", "tea"]), 4).tolist()
    [0, 1, 0]
    """
    codes, distinct = pd.factorize(ids)
    numbers = np.array([_hash(str(one)) % blocks for one in distinct] or [0], dtype=np.int64)
    return np.where(codes < 0, 0, numbers[codes])


def blocks_of(partitions: int) -> int:
    """How many blocks there are: partitions are made of whole ones.

    A block is answered by itself, with random numbers of its own, so that answers are the same
    for any number of partitions up to `BLOCKS`. Beyond it each partition is one block.
    """
    return max(partitions, BLOCKS)


def partition_of(ids: pd.Series, partitions: int) -> np.ndarray:
    """(rows,) partition of each id, 0 to ``partitions`` - 1.

    >>> partition_of(pd.Series(["tea", "cup", "tea"]), 2).tolist()
    [0, 1, 0]
    """
    blocks = blocks_of(partitions)
    return block_of(ids, blocks) * partitions // blocks


def owner_of(places: np.ndarray, present: Sequence[int]) -> np.ndarray:
    """Which of the partitions that are present answers for each place: the nearest one below.

    >>> owner_of(np.array([0, 2, 3, 5]), [1, 3]).tolist()
    [1, 1, 3, 3]
    """
    known = np.sort(np.asarray(present))
    return known[np.maximum(np.searchsorted(known, places, side="right") - 1, 0)]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
