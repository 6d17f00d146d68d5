"""What a replay is played on: demand, history, terms and rules, checked once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.panel.periods import Periods
from newretail_ml.replenishment.perishable import FIFO, LIFO
from newretail_ml.replenishment.replay.capacity import Capacity
from newretail_ml.replenishment.replay.terms import TERMS, checked_terms, open_orders

DEMAND = "demand"


@dataclass(frozen=True, eq=False)
class History:
    """What was known before the replay.

    Attributes:
        sales: (periods known, series[, paths]) units sold.
        sold_out: the same shape, True where sales only bound demand.
        panel: the panel until then, if demand is a panel.
        periods: calendar of the replay itself, if demand is a panel.
    """

    sales: np.ndarray
    sold_out: np.ndarray
    panel: Panel | None = None
    periods: Periods | None = None


@dataclass(frozen=True, eq=False)
class Setting:
    """Everything of a replay but the policy.

    Attributes:
        demand: (periods, series[, paths]) units, in the order of time.
        history: what was known before.
        terms: one row a series, checked.
        due: (periods ahead, series) units on order at the start.
        backorders: whether customers wait.
        issuing: "fifo" or "lifo", for what perishes.
        capacity: shared limits, if there are any.
        warm_up: first periods that no figure counts.
    """

    demand: np.ndarray
    history: History
    terms: pd.DataFrame
    due: np.ndarray
    backorders: bool
    issuing: str
    capacity: Capacity | None
    warm_up: int

    def column(self, name: str) -> np.ndarray:
        """A column of the terms, shaped so that it meets (series[, paths])."""
        return self.shaped(self.terms[name].to_numpy(float))

    def shaped(self, values: np.ndarray) -> np.ndarray:
        """Values whose last axis is series, shaped so that they meet (series[, paths])."""
        return values.reshape(*values.shape, *[1] * (self.demand.ndim - 2))

    @property
    def perishable(self) -> np.ndarray:
        """(series,) bool."""
        return self.terms[c.SHELF_LIFE].notna().to_numpy()


def make_setting(
    demand: Panel | np.ndarray,
    terms: pd.DataFrame,
    start: str | pd.Timestamp | int | None,
    due: pd.DataFrame | np.ndarray | None,
    *,
    backorders: bool,
    issuing: str,
    capacity: pd.DataFrame | None,
    warm_up: int,
) -> Setting:
    """Check everything that a replay is given.

    Raises:
        DataError: something of it is wrong.
    """
    if isinstance(demand, Panel):
        units, history = _from_panel(demand, start)
        checked = checked_terms(terms, demand.keys)
    else:
        units, history = _from_array(demand, start)
        checked = checked_terms(terms, None)
    _check_rules(units, checked, issuing, warm_up)
    return Setting(
        demand=units,
        history=history,
        terms=checked,
        due=open_orders(due, checked, history.periods),
        backorders=backorders,
        issuing=issuing,
        capacity=None if capacity is None else Capacity.of(capacity, checked),
        warm_up=int(warm_up),
    )


def _check_rules(units: np.ndarray, terms: pd.DataFrame, issuing: str, warm_up: int) -> None:
    if issuing not in (FIFO, LIFO):
        raise DataError(f"issuing is {issuing!r}", next_step=f"Choose {FIFO!r} or {LIFO!r}.")
    if units.shape[1] != len(terms):
        raise DataError(
            f"there are {len(terms):,} rows for {units.shape[1]:,} series of demand",
            table=TERMS,
            next_step="Pass one row a series, in the order of the demand.",
        )
    if not (isinstance(warm_up, int | np.integer) and 0 <= warm_up < len(units)):
        raise DataError(
            f"a warm-up of {warm_up!r} periods leaves nothing of {len(units):,} to count",
            next_step="Choose a whole number from 0 to less than that.",
        )


def _from_panel(panel: Panel, start: str | pd.Timestamp | int | None) -> tuple[np.ndarray, History]:
    first = _first_period(start, panel.cut, panel.periods)
    units = panel.units[:, first:]
    unknown = np.isnan(units) & panel.on_sale(periods=slice(first, None))
    bounds = panel.censored[:, first:]
    for bad, what in ((unknown, "are unknown"), (bounds, "only bound demand: stock ran out")):
        if bad.any():
            raise DataError(
                f"{bad.sum():,} of the units to replay {what}",
                table=DEMAND,
                rows=panel.keys.index[bad.any(axis=1)],
                next_step="Replay on true or recovered demand, or leave these series out.",
            )
    known = panel.units[:, :first].copy()
    past = replace(panel, units=known, censored=panel.censored[:, :first].copy())
    history = History(
        sales=np.nan_to_num(known).T.astype(float),
        sold_out=(past.censored | np.isnan(known)).T,
        panel=past,
        periods=panel.periods.shifted(first).resized(panel.cut - first),
    )
    return _checked_units(np.nan_to_num(units, nan=0.0, posinf=np.inf).T), history


def _from_array(
    demand: np.ndarray, start: str | pd.Timestamp | int | None
) -> tuple[np.ndarray, History]:
    try:
        units = np.asarray(demand, dtype=float)
    except (TypeError, ValueError):
        units = np.empty(0)
    if units.ndim not in (2, 3) or not units.size:
        raise DataError(
            "it is no panel and no array of numbers",
            table=DEMAND,
            next_step="Pass an array (series, periods) or (series, paths, periods).",
        )
    first = _first_period(start, units.shape[-1], None)
    units = _checked_units(np.moveaxis(units, -1, 0))
    sales = units[:first].copy()
    return units[first:], History(sales, np.zeros(sales.shape, dtype=bool))


def _first_period(start: str | pd.Timestamp | int | None, cut: int, periods: Periods | None) -> int:
    if start is None:
        return 0
    if isinstance(start, int | np.integer):
        first = int(start)
    elif periods is None:
        raise DataError(
            f"the start {start!r} is a date, and the demand has none",
            next_step="Pass the number of periods that are history.",
        )
    else:
        first = _position(start, periods)
    if not 0 <= first < cut:
        raise DataError(
            f"the replay cannot start at {start}: {cut:,} periods of demand are known",
            next_step="Choose a period inside them.",
        )
    return first


def _position(start: str | pd.Timestamp, periods: Periods) -> int:
    try:
        day = pd.to_datetime(start, format="ISO8601").normalize().tz_localize(None)
    except (ValueError, TypeError, AttributeError):
        raise DataError(f"{start!r} is not a date", next_step="Write it as YYYY-MM-DD.") from None
    return int(periods.position([day])[0])


def _checked_units(units: np.ndarray) -> np.ndarray:
    units = np.ascontiguousarray(units, dtype=float)
    if not (units.min() >= 0 and units.max() < np.inf):
        bad = ~(np.isfinite(units) & (units >= 0))
        raise DataError(
            f"{bad.sum():,} values are not finite numbers of at least 0",
            table=DEMAND,
            rows=np.unique(np.nonzero(bad)[1]),
            next_step="Correct these series.",
        )
    return units
