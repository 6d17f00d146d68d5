"""The rows of a regression as arrays, and which rows were left out and why."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from newretail_ml.checks import need_columns
from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.effects import Entry, Factor, factors
from newretail_ml.pricing.estimation.solve import INTERCEPT

# Columns of objects that hold numbers alone, as pandas names them.
_NUMBERS = ("boolean", "integer", "floating", "mixed-integer-float", "decimal", "empty")


@dataclass(frozen=True)
class Rows:
    """Rows that a regression uses.

    Attributes:
        outcome: (n,) left-hand side.
        causes: (k, n) right-hand side, one row a cause.
        names: of the causes.
        instruments: (m, n), without rows where there are none.
        instrument_names: of the instruments.
        effects: absorbed.
        clusters: that errors share.
        weights: (n,), or None where all rows count alike.
        used: (rows of the frame,) bool.
        left_out: reason -> rows.
    """

    outcome: np.ndarray
    causes: np.ndarray
    names: tuple[str, ...]
    instruments: np.ndarray
    instrument_names: tuple[str, ...]
    effects: tuple[Factor, ...]
    clusters: tuple[Factor, ...]
    weights: np.ndarray | None
    used: np.ndarray
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many rows are used."""
        return len(self.outcome)

    def kept(self, keep: np.ndarray, reason: str) -> Rows:
        """The rows without those that are not to be kept, (n,) bool, and why."""
        gone = len(keep) - int(np.count_nonzero(keep))
        if not gone:
            return self
        used = self.used.copy()
        used[self.used] = keep
        # A factor that is absorbed and clustered by is kept once.
        kept = {id(factor): factor.kept(keep) for factor in {*self.effects, *self.clusters}}
        return Rows(
            self.outcome[keep],
            self.causes[:, keep],
            self.names,
            self.instruments[:, keep],
            self.instrument_names,
            tuple(kept[id(effect)] for effect in self.effects),
            tuple(kept[id(cluster)] for cluster in self.clusters),
            None if self.weights is None else self.weights[keep],
            used,
            self.left_out | {reason: self.left_out.get(reason, 0) + gone},
        )

    def __post_init__(self) -> None:
        if not self.n:
            reasons = ", ".join(f"{reason}: {count:,}" for reason, count in self.left_out.items())
            raise DataError(
                f"no rows are left{f' ({reasons})' if reasons else ''}",
                next_step="Pass more rows, or absorb fewer effects.",
            )


def read(
    frame: pd.DataFrame,
    outcome: str,
    causes: Sequence[str],
    *,
    absorb: Hashable | Sequence[Entry] = (),
    cluster: Hashable | Sequence[Entry] = (),
    weights: str | None = None,
    instruments: Sequence[str] = (),
) -> Rows:
    """The complete rows of a frame; rows alone in an absorbed effect are left out.

    Without absorbed effects an intercept comes first.

    Raises:
        DataError: a column is missing or named twice, a value is infinite or not a number, a
            weight is negative, or no rows are left.
    """
    names = [outcome, *causes, *instruments, *([weights] if weights else [])]
    _check_names(frame, outcome, causes, instruments)
    need_columns(frame, "frame", names)
    known: dict[tuple[Hashable, ...], Factor] = {}
    effects = factors(frame, absorb, "absorb", known)
    clusters = factors(frame, cluster, "cluster", known)
    columns = {name: _numbers(frame[name]) for name in names}
    keep = _complete(columns.values(), (*effects, *clusters))
    if weights:
        _refuse_negative(frame[weights], columns[weights])
    first = [] if effects else [np.ones(len(frame))]
    rows = Rows(
        columns[outcome],
        np.stack([*first, *(columns[name] for name in causes)]),
        (*([] if effects else [INTERCEPT]), *map(str, causes)),
        np.stack([columns[name] for name in instruments]) if instruments else _none(len(frame)),
        tuple(map(str, instruments)),
        effects,
        clusters,
        columns[weights] if weights else None,
        np.ones(len(frame), bool),
    )
    rows = rows if keep is None else rows.kept(keep, "missing value")
    if rows.weights is not None:
        rows = rows.kept(rows.weights > 0, "weight of zero")
    return without_singletons(rows)


def without_singletons(rows: Rows) -> Rows:
    """The rows without those that are alone in an absorbed effect, until none is left.

    They fit perfectly and would make errors look smaller (Correia 2015, Singletons, cluster-robust
    standard errors and fixed effects).
    """
    while True:
        keep = np.ones(rows.n, bool)
        for effect in rows.effects:
            counts = effect.counts
            if (alone := counts == 1).any():
                keep &= ~alone[effect.codes]
        if keep.all():
            return rows
        rows = rows.kept(keep, "alone in an absorbed effect")


def _check_names(
    frame: pd.DataFrame, outcome: str, causes: Sequence[str], instruments: Sequence[str]
) -> None:
    if not isinstance(frame, pd.DataFrame) or not len(frame):
        raise DataError("there are no rows", next_step="Pass a frame with rows.")
    if isinstance(causes, str) or isinstance(instruments, str) or not len(causes):
        raise DataError(
            "causes and instruments are lists of column names, causes at least one long",
            next_step='Write ["price"] for one cause.',
        )
    names = [outcome, *causes, *instruments]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{', '.join(twice)} is named twice among outcome, causes and instruments",
            next_step="Name each column once.",
        )
    if not frame.columns.is_unique:
        raise DataError("the frame has two columns of one name", next_step="Rename one of them.")


def _numbers(column: pd.Series) -> np.ndarray:
    plain = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column)
    if not plain and pd.api.types.infer_dtype(column, skipna=True) not in _NUMBERS:
        raise DataError(
            "the values are not numbers", column=str(column.name), next_step="Correct them."
        )
    values = column.to_numpy(float, na_value=np.nan)
    if not np.isfinite(values.sum()) and (endless := np.isinf(values)).any():
        raise DataError(
            f"{endless.sum():,} values are infinite",
            column=str(column.name),
            rows=column.index[endless],
            next_step="Leave the rows out; the logarithm of zero is a common cause: "
            'family="poisson" keeps zero sales.',
        )
    return values


def _complete(columns: Iterable[np.ndarray], coded: Sequence[Factor]) -> np.ndarray | None:
    """(n,) bool, or None where every row is complete."""
    missing = [np.isnan(column) for column in columns if np.isnan(column.sum())]
    missing += [factor.codes < 0 for factor in coded if factor.codes.min() < 0]
    return ~np.logical_or.reduce(missing) if missing else None


def _refuse_negative(column: pd.Series, weights: np.ndarray) -> None:
    if (negative := weights < 0).any():
        raise DataError(
            f"{negative.sum():,} weights are negative",
            column=str(column.name),
            rows=column.index[negative],
            next_step="Correct them.",
        )


def _none(n: int) -> np.ndarray:
    return np.empty((0, n))
