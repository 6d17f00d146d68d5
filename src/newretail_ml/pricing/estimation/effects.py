"""Categorical effects as whole numbers: one code a row, and crosses of columns."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from newretail_ml.checks import need_columns
from newretail_ml.errors import DataError

Entry = Hashable | tuple[Hashable, ...]
# Codes may leave gaps, which costs memory and saves a sort; beyond this they are numbered anew.
_SPARE = 4


@dataclass(frozen=True, eq=False)
class Factor:
    """One categorical effect.

    Attributes:
        name: of its column, or of its columns joined by " x ".
        codes: (n,) whole numbers from 0, -1 where the row has no value.
        size: one more than the highest code there may be.
    """

    name: str
    codes: np.ndarray
    size: int

    def kept(self, rows: np.ndarray) -> Factor:
        """The factor of some rows, (n,) bool."""
        return Factor(self.name, self.codes[rows], self.size)

    @cached_property
    def counts(self) -> np.ndarray:
        """(size,) rows of each code."""
        return np.bincount(self.codes, minlength=self.size)

    @cached_property
    def levels(self) -> int:
        """How many codes have rows."""
        return int(np.count_nonzero(self.counts))


def factors(
    frame: pd.DataFrame,
    entries: Hashable | Sequence[Entry],
    purpose: str,
    known: dict[tuple[Hashable, ...], Factor] | None = None,
) -> tuple[Factor, ...]:
    """One factor an entry; an entry is a column, or a tuple of columns for their cross.

    Args:
        frame: the rows.
        entries: one column, or several entries.
        purpose: what they are for, named in errors.
        known: factors made before, which are used again and added to.

    Raises:
        DataError: a column is missing, or an entry is named twice.

    >>> frame = pd.DataFrame({"store": [7, 7, 9], "brand": ["a", "b", "a"]})
    >>> [factor.codes.tolist() for factor in factors(frame, [("brand", "store")], "absorb")]
    [[0, 3, 2]]
    """
    listed = list(entries) if isinstance(entries, list | tuple) else [entries]
    names = [tuple(entry) if isinstance(entry, list | tuple) else (entry,) for entry in listed]
    if () in names or (None,) in names:
        raise DataError(
            f"{purpose} has an entry without a column",
            next_step=f"Name columns, or leave {purpose} out.",
        )
    if len({frozenset(name) for name in names}) < len(names):
        raise DataError(
            f"{purpose} names the same effect twice", next_step="Name each effect once."
        )
    known = {} if known is None else known
    for name in names:
        if name not in known:
            known[name] = _crossed(frame, name)
    return tuple(known[name] for name in names)


def numbered(name: str, codes: object) -> Factor:
    """A factor of any array of labels, (n,)."""
    return _coded(pd.Series(np.asarray(codes), name=name))


def group_sums(
    effect: Factor, values: np.ndarray | None, weights: np.ndarray | None = None
) -> np.ndarray:
    """(size,) weighted sums of values, (n,), by code; of ones where None."""
    if values is None and weights is None:
        return effect.counts.astype(float)
    if values is None:
        return np.bincount(effect.codes, weights, minlength=effect.size)
    weighted = values if weights is None else values * weights
    return np.bincount(effect.codes, weighted, minlength=effect.size)


def _crossed(frame: pd.DataFrame, columns: tuple[Hashable, ...]) -> Factor:
    need_columns(frame, "frame", columns)  # type: ignore[arg-type]
    cross = _coded(frame[columns[0]])
    for column in columns[1:]:
        cross = crossed(cross, _coded(frame[column]))
    return cross


def crossed(first: Factor, second: Factor) -> Factor:
    """The factor with one code for each pair of codes.

    >>> crossed(numbered("a", [0, 0, 1]), numbered("b", [5, 6, 5])).codes.tolist()
    [0, 1, 2]
    """
    codes = first.codes.astype(np.int64) * second.size + second.codes
    codes[(first.codes < 0) | (second.codes < 0)] = -1
    size = first.size * second.size
    name = f"{first.name} x {second.name}"
    if size <= _SPARE * max(len(codes), 1):
        return Factor(name, codes, size)
    return _compact(name, codes)


def _compact(name: str, values: np.ndarray) -> Factor:
    codes, labels = pd.factorize(values)
    if (gone := np.flatnonzero(labels == -1)).size:
        codes = np.where(codes == gone[0], -1, codes)
    return Factor(name, codes.astype(np.int64, copy=False), max(len(labels), 1))


def _coded(column: pd.Series) -> Factor:
    name = str(column.name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy().astype(np.int64)
        return Factor(name, codes, max(len(column.cat.categories), 1))
    whole = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub"
    if whole and len(column):
        values = column.to_numpy()
        low, high = int(values.min()), int(values.max())
        if high - low < _SPARE * len(values):
            codes = values.astype(np.int64, copy=False)
            return Factor(name, codes - low if low else codes, high - low + 1)
    try:
        codes, labels = pd.factorize(column)
    except TypeError:
        raise DataError(
            "the values are no labels",
            column=name,
            next_step="Use text, whole numbers or dates.",
        ) from None
    return Factor(name, codes.astype(np.int64, copy=False), max(len(labels), 1))
