"""What if: the same history under another plan of prices and promotions."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel.panel import Panel

Plan: TypeAlias = float | np.ndarray | pd.DataFrame
"""One number, an array of shape (series, 1) or (series, horizon), or a long frame: the panel's
keys, date, and a column price or promotion. Cells that the frame does not name, and NaN in an
array, stay as planned.
"""


def what_if(
    panel: Panel, horizon: int, *, price: Plan | None = None, promotion: Plan | None = None
) -> Panel:
    """The panel with another plan for the periods after its cut; history stays as it was.

    A regular price in the plans stays too, so that a lower price is a deeper discount.

    Args:
        panel: history and plans.
        horizon: periods after the cut that the plan is for.
        price: prices, above zero.
        promotion: promotion shares, 0 to 1.

    Raises:
        DataError: the panel has no such plan, so no model learned from one; or a value or key
            of the new plan is not possible.

    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-01", periods=4),
    ...                       "units": [4, 0, 6, None], "price": 2.0})
    >>> panel = what_if(Panel.from_frame(frame), 2, price=1.5)
    >>> panel.plans["price"].tolist()
    [[2.0, 2.0, 2.0, 1.5, 1.5]]
    """
    asked = {c.PRICE: price, c.PROMOTION: promotion}
    new = {name: plan for name, plan in asked.items() if plan is not None}
    if not new:
        return panel
    panel = panel.reaching(panel.cut + horizon)
    plans = dict(panel.plans)
    for name, plan in new.items():
        if name not in plans:
            raise DataError(
                f"the panel has no {name} plan, so demand under another one is not known",
                table="panel",
                column=name,
                next_step=f"Bring a table of {name}s that covers history.",
            )
        values = plans[name].copy()
        future = values[:, panel.cut : panel.cut + horizon]
        future[:] = (
            _table(panel, plan, name, future)
            if isinstance(plan, pd.DataFrame)
            else _array(plan, name, future)
        )
        plans[name] = values
    return replace(panel, plans=plans)


def _array(plan: float | np.ndarray, name: str, future: np.ndarray) -> np.ndarray:
    values = np.asarray(plan, dtype=float)
    if values.ndim not in (0, 2) or any(
        size not in (1, whole) for size, whole in zip(values.shape, future.shape, strict=False)
    ):
        raise DataError(
            f"a plan of shape {values.shape} was given for {future.shape[0]} series and "
            f"{future.shape[1]} periods",
            next_step="Pass one number, an array (series, horizon), or a frame with keys and date.",
        )
    asked = ~np.isnan(values)
    _check(name, values[asked] if values.ndim else values[None])
    return np.where(asked, values, future)


def _table(panel: Panel, frame: pd.DataFrame, name: str, future: np.ndarray) -> np.ndarray:
    """The planned cells, those of the frame replaced."""
    missing = [column for column in (*panel.keys, c.DATE, name) if column not in frame]
    if missing:
        raise DataError(
            f"the plan lacks {', '.join(missing)}",
            table="plan",
            next_step=f"Bring columns {', '.join((*panel.keys, c.DATE, name))}.",
        )
    columns = list(panel.keys)
    index = pd.MultiIndex.from_frame(panel.keys.astype("str"))
    series = index.get_indexer(pd.MultiIndex.from_frame(frame[columns].astype("str")))
    step = panel.periods.position(pd.to_datetime(frame[c.DATE])) - panel.cut
    outside = (series < 0) | (step < 0) | (step >= future.shape[1])
    if outside.any():
        raise DataError(
            f"{outside.sum():,} rows are of unknown series or of periods outside the horizon",
            table="plan",
            rows=frame.index[outside],
            next_step="Drop them, or forecast further.",
        )
    twice = pd.DataFrame({"series": series, "step": step}).duplicated().to_numpy()
    if twice.any():
        raise DataError(
            f"{twice.sum():,} rows repeat a series and period",
            table="plan",
            rows=frame.index[twice],
            next_step="Keep one row for each series and period.",
        )
    given = pd.to_numeric(frame[name], errors="coerce").to_numpy(float)
    _check(name, given)
    values = future.astype(float)
    values[series, step] = given
    return values


def _check(name: str, values: np.ndarray) -> None:
    low, high = (0.0, 1.0) if name == c.PROMOTION else (np.finfo(np.float32).tiny, np.inf)
    wrong = ~(np.isfinite(values) & (values >= low) & (values <= high))
    if wrong.any():
        raise DataError(
            f"{wrong.sum():,} values of the plan are not possible, the first is "
            f"{values[wrong][0]:g}",
            table="plan",
            column=name,
            next_step="Pass prices above zero and promotions between 0 and 1.",
        )
