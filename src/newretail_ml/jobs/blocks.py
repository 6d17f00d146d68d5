"""Which block and partition an id falls into: the same on any machine, in any order."""

from __future__ import annotations

import hashlib

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


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
