"""What a price model learns from: demand, prices and promotions of a panel, side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features import DayOfWeek
from newretail_ml.features.calendar import Days
from newretail_ml.panel import Panel
from newretail_ml.panel.panel import goes_on
from newretail_ml.pricing.demand.confounding import together, with_weekday
from newretail_ml.pricing.demand.market import Market
from newretail_ml.pricing.response import Evidence

# Demand with more zeros than this is a count, and its logarithm no measure of it.
MOST_ZEROS = 0.01
_LEAST_PERIODS = 8
_LEAST_MOVES = 3
_LEAST_SPREAD = 0.02


@dataclass(frozen=True, eq=False)
class Scale:
    """What was learned of prices and plans, to read those of any other periods alike.

    Attributes:
        market: which products stand beside one another.
        usual: (series,) mean log price of the periods that teach.
        current: (series,) price at the end of the history, without promotion.
        flags: names of the plans that are promotions, displays and the like.
        others: name -> (series,) mean of a plan that is another number.
    """

    market: Market
    usual: np.ndarray
    current: np.ndarray
    flags: tuple[str, ...]
    others: dict[str, np.ndarray]

    def relative(self, log_prices: np.ndarray) -> np.ndarray:
        """(..., series) log price less the usual one; 0 where no price is known."""
        return np.nan_to_num(log_prices - self.usual, nan=0.0)

    def log_prices(self, panel: Panel, periods: slice) -> np.ndarray:
        """(periods, series) log prices of a panel; NaN where none is known."""
        _check_series(panel, len(self.usual))
        panel = panel.reaching(periods.stop)
        return np.log(panel.plans[c.PRICE][:, periods].astype(float)).T

    def plans(self, panel: Panel, periods: slice) -> np.ndarray:
        """(periods, series, plans) flags, then other numbers less their mean; 0 if not known."""
        panel = panel.reaching(periods.stop)
        missing = [name for name in (*self.flags, *self.others) if name not in panel.plans]
        if missing:
            raise DataError(
                f"the plan {missing[0]!r} was there when the model was fitted, and now is not",
                table="panel",
                next_step="Pass a panel with the plans of the fit.",
            )
        read = [panel.plans[name][:, periods].astype(float) for name in self.flags]
        for name, mean in self.others.items():
            values = panel.plans[name][:, periods].astype(float)
            read.append(values - mean[:, None])
        shape = (periods.stop - periods.start, panel.n_series, len(read))
        stacked = np.stack(read, axis=-1).transpose(1, 0, 2) if read else np.zeros(shape)
        return np.nan_to_num(stacked, nan=0.0)


@dataclass(frozen=True, eq=False)
class History:
    """The periods that teach, as (periods, series) arrays.

    Attributes:
        scale: what is needed to read other periods alike.
        units: units; NaN where they do not show demand.
        log_prices: log prices; NaN where none is known.
        plans: (periods, series, plans), see `Scale.plans`.
        counts: whether zeros are too many for logarithms.
        weekday: (periods,) 0 to 6; None where periods are longer than days.
    """

    scale: Scale
    units: np.ndarray
    log_prices: np.ndarray
    plans: np.ndarray
    counts: bool
    weekday: np.ndarray | None

    @classmethod
    def of(cls, panel: Panel, counts: bool | None = None) -> History:
        """What a panel teaches until its cut.

        Args:
            panel: the panel, with prices.
            counts: whether zeros are kept; by default, where they are more than a few.
        """
        past = slice(0, panel.cut)
        units = panel.demand().astype(float)
        price = panel.plans[c.PRICE][:, past].astype(float)
        units[np.isnan(price)] = np.nan
        if counts is None:
            known_units = units[~np.isnan(units)]
            counts = bool(len(known_units)) and bool(np.mean(known_units == 0) > MOST_ZEROS)
        if not counts:
            units[units == 0] = np.nan
        scale = _scale(panel, ~np.isnan(units), price)
        _check_taught(units)
        plans = scale.plans(panel, past)
        return cls(scale, units.T, np.log(price).T, plans, counts, _weekday(panel))

    @property
    def teaches(self) -> np.ndarray:
        """(periods, series) whether demand is known."""
        return ~np.isnan(self.units)

    @property
    def relative(self) -> np.ndarray:
        """(periods, series) log price less the usual one."""
        return self.scale.relative(self.log_prices)

    def log_units(self) -> np.ndarray:
        """(periods, series) log of units; NaN where they teach nothing."""
        with np.errstate(divide="ignore"):
            return np.log(self.units)

    def evidence(self) -> Evidence:
        """Whether prices moved enough, and on their own, to tell what they do in each series."""
        prices, known = np.exp(self.log_prices), self.teaches.sum(axis=0)
        filled = np.where(self.teaches, self.relative, 0.0)
        spread = np.sqrt((filled**2).sum(axis=0) / np.maximum(known, 1))
        moves = (np.abs(filled) > _LEAST_SPREAD / 2).sum(axis=0)
        reason = self._confounded()
        reason[(spread < _LEAST_SPREAD) | (moves < _LEAST_MOVES)] = (
            "the price hardly moved: change it in some periods, or in some locations"
        )
        reason[known < _LEAST_PERIODS] = (
            f"fewer than {_LEAST_PERIODS} periods with known demand and price: wait for more"
        )
        lowest = np.where(self.teaches, prices, np.inf).min(axis=0)
        highest = np.where(self.teaches, prices, -np.inf).max(axis=0)
        nowhere = np.where(known > 0, 0.0, np.nan)
        return Evidence(reason == "", reason, lowest + nowhere, highest + nowhere)

    def _confounded(self) -> np.ndarray:
        """(series,) what each price moved only together with, in words; empty where on its own."""
        reason = np.full(self.units.shape[1], "", dtype=object)
        known, price, market = self.teaches, self.relative, self.scale.market
        if self.weekday is not None:
            reason[with_weekday(price, self.weekday, known)] = (
                "its price moved only with the weekday; change it on other weekdays too"
            )
        others = market.mean_of_others(price)[..., None]
        reason[together(price, others, known)] = (
            "prices of its market always moved together; move one without the others"
        )
        if self.plans.shape[-1]:
            what = "its promotions" if c.PROMOTION in self.scale.flags else "other plans"
            reason[together(price, self.plans, known)] = (
                f"its price moved only together with {what}; move one without the other"
            )
        return reason


def _weekday(panel: Panel) -> np.ndarray | None:
    if panel.periods.freq != "D" or not panel.cut:
        return None
    return np.asarray(DayOfWeek().of_days(Days.of(panel.periods, 0, panel.cut - 1)))


def _scale(panel: Panel, teaches: np.ndarray, price: np.ndarray) -> Scale:
    current = _current(panel)
    mean = _mean(np.log(price), teaches)
    more = [name for name in panel.plans if name not in (c.PRICE, c.REGULAR_PRICE)]
    flags = tuple(name for name in more if not goes_on(name, panel.plans[name]))
    others = {
        name: np.nan_to_num(_mean(panel.plans[name][:, : panel.cut].astype(float), teaches))
        for name in more
        if name not in flags
    }
    usual = np.where(np.isnan(mean), np.log(current), mean)
    return Scale(Market.of(panel), usual, current, flags, others)


def _current(panel: Panel) -> np.ndarray:
    """(series,) the last known price without promotion, or else the last; or the first planned."""
    price = panel.plans[c.PRICE].astype(float)
    told = ~np.isnan(price)
    if not told.any(axis=1).all():
        rows = np.flatnonzero(~told.any(axis=1))
        raise DataError(
            f"{len(rows):,} series have no price at all",
            table="panel",
            column=c.PRICE,
            rows=rows,
            next_step="Leave those series out: panel.select(...).",
        )
    past = told & (np.arange(price.shape[1]) < panel.cut)
    plain = past
    if c.PROMOTION in panel.plans:
        plain = past & ~(panel.plans[c.PROMOTION] > 0)
    chosen = np.where(plain.any(axis=1, keepdims=True), plain, past)
    last = price.shape[1] - 1 - np.flip(chosen, axis=1).argmax(axis=1)
    position = np.where(past.any(axis=1), last, told.argmax(axis=1))
    return price[np.arange(len(price)), position]


def _mean(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(series,) mean over some periods; NaN where there are none."""
    rows = rows & ~np.isnan(values)
    count = rows.sum(axis=1)
    total = np.where(rows, values, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)


def _check_taught(units: np.ndarray) -> None:
    if not (units > 0).any():
        raise DataError(
            "nothing was sold while prices were known, so there is no demand to learn",
            table="panel",
            column=c.UNITS,
            next_step="Bring sales, and prices of the same periods.",
        )


def _check_series(panel: Panel, n: int) -> None:
    if panel.n_series != n or c.PRICE not in panel.plans:
        raise DataError(
            f"the panel has {panel.n_series:,} series, with"
            f"{'' if c.PRICE in panel.plans else 'out'} prices, and the model was fitted on {n:,}",
            table="panel",
            next_step="Pass the series of the fit in their order, with their prices.",
        )
