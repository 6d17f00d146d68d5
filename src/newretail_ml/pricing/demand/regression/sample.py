"""The rows of a price regression: one a series and period whose demand and price are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features.block import attribute, group_codes
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.history import History
from newretail_ml.pricing.response import ConstantElasticity, Linear, SemiLog

# With blanks, so that no plan or attribute is called the same.
OUTCOME, OWN_PRICE, INSTRUMENT, GROUP = "units sold", "own price", "the instrument", "row's group"
SERIES, TIME, PERIOD, MONTH, WEEKDAY = "series", "time", "period", "month", "weekday"
TREND = "trend"
ELSEWHERE, COST = "elsewhere", "cost"
FORMS: dict[str, Any] = {
    "log-log": ConstantElasticity,
    "semi-log": SemiLog,
    "linear": Linear,
    "poisson": ConstantElasticity,
}
KEEP_ZEROS = ("linear", "poisson")
IN_LOGS = ("log-log", "poisson")
_LOW = 0.01
_OFTEN = {"D": "M", "W": "M", "M": "Y"}


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows, and what they were made of.

    Attributes:
        rows: outcome, own price, plans, trend, the instrument if any, and columns of effects.
        history: the arrays behind them.
        labels: one row a group of series that shares coefficients.
        group: (series,) number of the group.
        usual: (groups,) price at which a coefficient is turned into an elasticity.
        plans: names of the plans.
        zeros: (groups,) share of periods with known demand in which nothing was sold.
        sold_out: (groups,) share of periods at less than the usual price that sold out.
    """

    rows: pd.DataFrame
    history: History
    labels: pd.DataFrame
    group: np.ndarray
    usual: np.ndarray
    plans: tuple[str, ...]
    zeros: np.ndarray
    sold_out: np.ndarray

    def to_elasticity(self, form: str) -> np.ndarray:
        """(groups,) what coefficients of the own price are multiplied with."""
        return np.ones_like(self.usual) if form in IN_LOGS else self.usual


def sample_of(
    panel: Panel, form: str, by: Sequence[str], effects: Sequence[object], instrument: str | None
) -> Sample:
    """The rows of a panel.

    The outcome is log units, units (form "poisson"), or units over the series' mean ("linear").
    """
    history = History.of(panel, counts=form in KEEP_ZEROS)
    labels, group = _groups(panel, by)
    period, series = np.nonzero(history.teaches)
    price = history.log_prices if form in IN_LOGS else np.exp(history.log_prices)
    dates = panel.periods.resized(panel.cut).dates
    rows = pd.DataFrame(
        {
            OUTCOME: _outcome(history, form)[period, series],
            OWN_PRICE: price[period, series],
            GROUP: group[series],
            SERIES: series,
            PERIOD: period,
            TIME: _stretches(dates, panel.periods.freq)[period],
            MONTH: dates.month.to_numpy()[period],
            WEEKDAY: dates.day_of_week.to_numpy()[period],
            TREND: period / max(panel.cut, 1),
        }
    )
    plans = (*history.scale.flags, *history.scale.others)
    _refuse_reserved(plans, rows)
    for place, name in enumerate(plans):
        rows[name] = history.plans[period, series, place]
    for name in _attributes(effects, rows):
        rows[name] = group_codes(attribute(panel, name).reset_index(drop=True).astype(str))[series]
    if instrument is not None:
        rows[INSTRUMENT] = _instrument(panel, history, instrument)[period, series]
    counts = np.bincount(rows[GROUP], minlength=len(labels))
    total = np.bincount(rows[GROUP], np.exp(history.log_prices)[period, series], len(labels))
    middle = float(np.exp(history.scale.usual).mean())
    usual = np.divide(total, counts, out=np.full(len(labels), middle), where=counts > 0)
    return Sample(rows, history, labels, group, usual, plans, *_lost(panel, history, group))


def default_controls(sample: Sample) -> tuple[str, ...]:
    """All plans but costs: they move demand through the price only, and move it most of all."""
    return tuple(name for name in sample.plans if name not in (COST, c.UNIT_COST))


def held(effects: Sequence[object], panel: Panel) -> tuple[object, ...]:
    """The effects, without weekdays where periods are longer."""
    daily = panel.periods.freq == "D"
    return tuple(effect for effect in effects if daily or effect != WEEKDAY)


def _refuse_reserved(plans: Sequence[str], rows: pd.DataFrame) -> None:
    reserved = [name for name in plans if name in rows]
    if reserved:
        raise DataError(
            f"a plan is called {reserved[0]!r}, which means something else in a regression",
            table="panel",
            next_step="Give it another name.",
        )


def _lost(panel: Panel, history: History, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(groups,) shares of zeros, and of periods at low prices that sold out."""
    demand, n = panel.demand(), group.max() + 1
    low = panel.on_sale() & (history.relative.T < -_LOW)

    def share(some: np.ndarray, of: np.ndarray) -> np.ndarray:
        total = np.bincount(group, of.sum(axis=1), n)
        return np.asarray(np.bincount(group, some.sum(axis=1), n) / np.maximum(total, 1))

    return share(demand == 0, ~np.isnan(demand)), share(panel.censored & low, low)


def _outcome(history: History, form: str) -> np.ndarray:
    if form == "poisson":
        return history.units
    if form != "linear":
        return history.log_units()
    total = np.nansum(history.units, axis=0)
    mean = total / np.maximum(history.teaches.sum(axis=0), 1)
    # A series that never sold teaches nothing of what share of its sales a price costs.
    return history.units / np.where(mean > 0, mean, np.nan)


def _stretches(dates: pd.DatetimeIndex, freq: str) -> np.ndarray:
    """(periods,) calendar months of days and weeks, years of months."""
    return np.asarray(dates.to_period(_OFTEN[freq]).astype("int64"))


def _groups(panel: Panel, by: Sequence[str]) -> tuple[pd.DataFrame, np.ndarray]:
    if isinstance(by, str) or not len(by):
        raise DataError(
            f"by is {by!r}, not a list of names", next_step='Write ("item_id",) for one name.'
        )
    columns = {name: attribute(panel, name).reset_index(drop=True) for name in by}
    frame = pd.DataFrame(columns)
    number = frame.groupby(list(by), sort=True, dropna=False, observed=True).ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    return frame.iloc[first].reset_index(drop=True), number


def _attributes(effects: Sequence[object], rows: pd.DataFrame) -> list[str]:
    """Names in effects that are keys or attributes of the panel."""
    names = [
        name
        for entry in effects
        for name in (entry if isinstance(entry, tuple) else (entry,))
        if name not in rows
    ]
    return list(dict.fromkeys(map(str, names)))


def _instrument(panel: Panel, history: History, name: str) -> np.ndarray:
    """(periods, series) logarithm of what moves prices; NaN where it is not known."""
    if name == ELSEWHERE:
        return _elsewhere(history)
    plan = c.UNIT_COST if name == COST and COST not in panel.plans else name
    if plan not in panel.plans:
        raise DataError(
            f"the panel has no plan {plan!r} to be the instrument",
            table="panel",
            next_step=f'Bring it: Panel.from_frame(frame, plans=["{plan}"]).',
        )
    values = panel.plans[plan][:, : panel.cut].astype(float).T
    return np.log(np.where(values > 0, values, np.nan))


def _elsewhere(history: History) -> np.ndarray:
    """Mean log price of the item in the same period at its other locations."""
    item = history.scale.market.item
    table = np.nan_to_num(history.log_prices)
    known = ~np.isnan(history.log_prices)
    total, count = np.zeros_like(table), np.zeros_like(table)
    for one in range(history.scale.market.n_items):
        rows = item == one
        total[:, rows] = table[:, rows].sum(axis=1, keepdims=True)
        count[:, rows] = known[:, rows].sum(axis=1, keepdims=True)
    others = count - known
    return np.divide(total - table, others, out=np.full(table.shape, np.nan), where=others > 0)
