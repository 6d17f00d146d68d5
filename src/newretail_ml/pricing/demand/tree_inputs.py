"""The columns of the trees: what a price means beside its past, its neighbours and promotions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.features import DayOfWeek, Month
from newretail_ml.features.calendar import Days
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.history import Scale

DEARER, CHEAPER, FREE = -1, 1, 0
N_PRICES = 5
_MONTHS_FROM = 730


@dataclass(frozen=True, eq=False)
class TreeInputs:
    """How prices and plans become columns, in training, in prediction and at any price asked.

    Columns, in their order: log price over the usual one; over the market's mean price; over the
    price before; the other products' mean and lowest price, each over their usual ones; plans,
    and their mean over the other products; the item; calendar.

    Args:
        scale: usual prices and names of plans.
        calendar: the calendar columns in use: day_of_week, month.
    """

    scale: Scale
    calendar: tuple[str, ...]

    @property
    def monotone(self) -> list[int]:
        """Demand falls with the own price and rises with those of others; the rest is free."""
        prices = [DEARER, DEARER, DEARER, CHEAPER, CHEAPER]
        return prices + [FREE] * (self.n_columns - N_PRICES)

    @property
    def n_columns(self) -> int:
        """How many columns there are."""
        n_plans = len(self.scale.flags) + len(self.scale.others)
        return N_PRICES + 2 * n_plans + 1 + len(self.calendar)

    @property
    def item_column(self) -> int:
        """Where the number of the item stands."""
        return self.n_columns - len(self.calendar) - 1

    def of_prices(
        self, log_prices: np.ndarray, before: np.ndarray, own: np.ndarray | None = None
    ) -> np.ndarray:
        """(..., series, 5) the columns of prices.

        Args:
            log_prices: (..., series).
            before: (..., series) log prices of the period before.
            own: (..., series) each product's own log price, where it is another than the one
                that the others of its market see.
        """
        market = self.scale.market
        own = log_prices if own is None else own
        relative, own_relative = self.scale.relative(log_prices), self.scale.relative(own)
        shown, own_shown = relative + self.scale.usual, own_relative + self.scale.usual
        total = market.total(shown) + (own_shown - shown)
        change = np.nan_to_num(own - before, nan=0.0)
        others = market.mean_of_others(relative), market.least_of_others(relative)
        columns = [own_relative, own_shown - total / market.size, change, *others]
        return np.stack(columns, axis=-1)

    def of_panel(self, panel: Panel, periods: slice) -> np.ndarray:
        """(periods, series, columns) what is planned for some periods."""
        first = max(periods.start - 1, 0)
        log_prices = self.scale.log_prices(panel, slice(first, periods.stop))
        before = log_prices[:-1] if first < periods.start else _one_back(log_prices)
        log_prices = log_prices[periods.start - first :]
        plans = self.scale.plans(panel, periods)
        others = self.scale.market.mean_of_others(np.moveaxis(plans, -1, 0))
        shape = log_prices.shape
        item = np.broadcast_to(self.scale.market.item, shape)[..., None]
        dates = [np.broadcast_to(column[:, None], shape) for column in self._dates(panel, periods)]
        parts = [self.of_prices(log_prices, before), plans, np.moveaxis(others, 0, -1), item]
        return np.concatenate([*parts, *(each[..., None] for each in dates)], axis=-1)

    def ordinary(self, panel: Panel, cut: int) -> np.ndarray:
        """(contexts, columns - prices) plans at nothing, on each of the days of a week."""
        n = 7 if "day_of_week" in self.calendar else 1
        columns = np.zeros((n, self.n_columns - N_PRICES))
        dates = self._dates(panel, slice(cut, cut + n))
        for number, column in enumerate(dates):
            columns[:, columns.shape[1] - len(dates) + number] = column
        return columns

    def _dates(self, panel: Panel, periods: slice) -> list[np.ndarray]:
        days = Days.of(panel.periods, periods.start, periods.stop - 1)
        known = {"day_of_week": DayOfWeek(), "month": Month()}
        return [np.asarray(known[name].of_days(days), float) for name in self.calendar]


def calendar_of(panel: Panel) -> tuple[str, ...]:
    """Weekdays of a daily panel, and months where history holds two years."""
    names = ("day_of_week",) if panel.periods.freq == "D" else ()
    days = (panel.last_date - panel.periods.first).days
    return (*names, "month") if days >= _MONTHS_FROM else names


def _one_back(log_prices: np.ndarray) -> np.ndarray:
    return np.concatenate([log_prices[:1], log_prices[:-1]])
