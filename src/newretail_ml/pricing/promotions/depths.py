"""Depths of promotions, and what stands by depth: lifts and dips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from newretail_ml.checks import as_numbers, check_number
from newretail_ml.errors import DataError


def depths_of(depths: Sequence[float]) -> np.ndarray:
    """(levels,) shares off the price, ascending; the first is none."""
    cuts = np.unique(as_numbers("depths", depths))
    if not cuts.size or not (np.isfinite(cuts) & (cuts > 0) & (cuts < 1)).all():
        raise DataError(
            "depths must lie between 0 and 1", next_step="Write 0.2 for a fifth off the price."
        )
    return np.concatenate([[0.0], cuts])


def lifts_of(lift: float | Mapping[float, float], cuts: np.ndarray) -> np.ndarray:
    """(levels,) factors; 1 without promotion."""
    by_depth = dict.fromkeys(cuts[1:], lift) if not isinstance(lift, Mapping) else lift
    made = np.ones(len(cuts))
    for place, cut in enumerate(cuts[1:], 1):
        factor = _of_depth(by_depth, cut, 1.0)
        check_number("lift", factor, above=0.0)
        made[place] = factor
    _refuse_other_depths(by_depth, cuts, "lift")
    return made


def dips_of(dips: Mapping[float, float | Sequence[float]] | None, cuts: np.ndarray) -> np.ndarray:
    """(levels, lags) factors; 1 where nothing dips."""
    by_depth = {} if dips is None else dips
    _refuse_no_mapping(by_depth, "dips")
    _refuse_other_depths(by_depth, cuts, "dips")
    rows = [np.atleast_1d(as_numbers("dips", _of_depth(by_depth, cut, 1.0))) for cut in cuts]
    made = np.ones((len(cuts), max(len(row) for row in rows)))
    for place, row in enumerate(rows):
        made[place, : len(row)] = row
    if not (np.isfinite(made) & (made >= 0)).all():
        raise DataError("dips must be finite and at least zero", next_step="Correct them.")
    return made


def _refuse_no_mapping(by_depth: object, name: str) -> None:
    if not isinstance(by_depth, Mapping):
        raise DataError(f"{name} are not by depth", next_step=f"Write {name}={{0.2: 0.9}}.")


def _of_depth(by_depth: Mapping, cut: float, default: float) -> Any:
    near = [value for depth, value in by_depth.items() if abs(float(depth) - cut) < 1e-9]
    return near[0] if near else default


def _refuse_other_depths(by_depth: Mapping, cuts: np.ndarray, name: str) -> None:
    for depth in by_depth:
        if not np.isclose(as_numbers(name, depth), cuts, rtol=0, atol=1e-9).any():
            raise DataError(
                f"{name} name the depth {depth}, which is not among the depths",
                next_step="Name depths as they are given.",
            )
