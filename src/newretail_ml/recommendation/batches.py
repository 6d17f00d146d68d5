"""Batches of customers or items, so that dense arrays stay small."""

from __future__ import annotations

from collections.abc import Iterator

# Cells of a dense batch that any computer has room for.
_CELLS = 1 << 24


def batches(n: int, width: int, cells: int = _CELLS) -> Iterator[slice]:
    """Slices of n rows, such that each has about so many cells at most, and at least one row.

    >>> list(batches(5, 10, cells=29))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    size = max(cells // max(width, 1), 1)
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
