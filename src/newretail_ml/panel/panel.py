"""The panel: series x period arrays on one calendar, and the cut that hides the future."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel.periods import Periods

if TYPE_CHECKING:
    from newretail_ml.tables import RetailTables


@dataclass(frozen=True, eq=False, repr=False)
class Panel:
    """All series of a chain on one calendar: what was sold, and what is planned.

    ``units`` and ``censored`` end at the cut, the last period whose sales are known. Only the
    plans (prices, promotions), the events and the calendar may reach beyond it, because a
    retailer knows them in advance. `Panel.until` moves the cut back; nothing after it can then
    be reached from the panel, which is what keeps models free of leaks.

    Attributes:
        keys: one row a series; columns among item_id, location_id, channel.
        periods: the calendar, at least as long as ``units`` is wide.
        units: (series, cut) float32, units sold; NaN where nothing is known.
        censored: (series, cut) bool, True where stock ran out and sales only bound demand.
        launch: (series,) period of the launch, or -1 where no table tells it.
        delisting: (series,) first period in which the series is no longer sold, or
            ``NEVER``.
        plans: name -> (series, periods) float32: price, regular_price, promotion, and others.
        statics: one row a series: category, brand, region and the like.
        events: columns date, event, and location_id or region where an event is local.
        group_demand: for a panel that is a part of a chain, what features of whole groups need to
            know of the rest: key or attribute -> mean known demand, one row a group, one column a
            period.

    >>> frame = pd.DataFrame({"unique_id": "tea", "ds": pd.date_range("2026-01-01", periods=3),
    ...                       "y": [4, 0, 6]})
    >>> panel = Panel.from_frame(frame)
    >>> panel
    Panel(1 series x 3 days, 2026-01-01 to 2026-01-03, 0.0% censored, plans: none)
    >>> panel.until("2026-01-02").units.tolist()
    [[4.0, 0.0]]
    """

    NEVER = np.iinfo(np.int32).max

    keys: pd.DataFrame
    periods: Periods
    units: np.ndarray
    censored: np.ndarray
    launch: np.ndarray
    delisting: np.ndarray
    plans: Mapping[str, np.ndarray] = field(default_factory=dict)
    statics: pd.DataFrame = field(default_factory=pd.DataFrame)
    events: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({c.DATE: [], c.EVENT: []}))
    group_demand: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.statics.columns.empty:
            object.__setattr__(self, "statics", pd.DataFrame(index=self.keys.index))

    @classmethod
    def from_tables(
        cls, tables: RetailTables, *, by: Sequence[str] = (c.ITEM, c.LOCATION), freq: str = "D"
    ) -> Panel:
        """Demand of a chain by item and, as asked for, by location and channel.

        Args:
            tables: the chain's checked tables.
            by: key columns of a series. Leaving out location_id or channel pools over it.
            freq: "D", "W" or "M". A last period that the orders do not fill is left out.
        """
        from newretail_ml.panel.from_tables import panel_from_tables

        return panel_from_tables(tables, tuple(by), freq)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        freq: str | None = None,
        statics: pd.DataFrame | None = None,
        events: pd.DataFrame | None = None,
        plans: Sequence[str] = (),
    ) -> Panel:
        """A panel from a long frame: item_id, location_id, date, units, or unique_id, ds, y.

        Periods that a series leaves out between its first row and the end of the panel count
        as zero sales; a row whose units are missing counts as unknown. A column censored marks
        rows whose sales only bound demand. Columns price, regular_price and promotion are plans:
        rows with a date after the last known sale, and no units, carry them into the future.

        Args:
            frame: one row a series and period.
            freq: "D", "W" or "M"; by default by the smallest gap between two dates.
            statics: one row an item (or series), with its key and attributes. Columns
                launch_date and delisting_date (or launch and delisting) are dates, empty where
                not known, and no attributes: they become `launch` and `delisting`, and periods
                left out after a launch count as zero sales even before the first row. An item
                yet to be launched needs one row in the frame, with no units.
            events: columns date, event, and location_id or region where an event is local.
            plans: further columns that are plans, such as display or competitor_price. Where
                rows are left out, values between 0 and 1 (a display, the share of a week on
                television) count as 0, and others (a price) go on.

        Raises:
            DataError: a column is missing, a key repeats, units are text, negative or
                infinite, or a launch or delisting is no date or in the wrong order.
        """
        from newretail_ml.panel.from_frame import panel_from_frame

        return panel_from_frame(cls, frame, freq, statics, events, plans)

    @property
    def n_series(self) -> int:
        """How many series there are."""
        return len(self.keys)

    @property
    def cut(self) -> int:
        """How many periods of sales are known."""
        return self.units.shape[1]

    @property
    def last_date(self) -> pd.Timestamp:
        """First day of the last period whose sales are known."""
        return self.periods.resized(self.cut).dates[-1]

    @cached_property
    def start(self) -> np.ndarray:
        """(series,) first period on sale: the launch, or else the first sale; ``cut`` if none."""
        sold = self.units > 0
        first_sale = np.where(sold.any(axis=1), sold.argmax(axis=1), self.cut)
        return np.where(self.launch >= 0, np.minimum(self.launch, first_sale), first_sale)

    def on_sale(
        self, series: slice | np.ndarray = slice(None), periods: slice = slice(None)
    ) -> np.ndarray:
        """(series, periods) bool: between launch and delisting."""
        period = np.arange(self.cut)[periods]
        return (period >= self.start[series, None]) & (period < self.delisting[series, None])

    def demand(
        self, series: slice | np.ndarray = slice(None), periods: slice = slice(None)
    ) -> np.ndarray:
        """(series, periods) float32 units, NaN where they do not show demand.

        That is before the launch, after the delisting, and wherever stock ran out.
        """
        shows = self.on_sale(series, periods) & ~self.censored[series, periods]
        return np.where(shows, self.units[series, periods], np.float32(np.nan))

    def until(self, t: str | pd.Timestamp | int) -> Panel:
        """What was known at the end of ``t``: a date, or a number of periods.

        Plans, events, launches and delistings stay: a retailer knows them in advance.
        """
        cut = int(t) if isinstance(t, int | np.integer) else self._periods_until(t)
        if not 1 <= cut <= self.cut:
            last = self.periods.resized(self.cut).last_day
            raise DataError(
                f"the cut {t} lies outside the known sales "
                f"({self.periods.first.date()} to {last.date()})",
                next_step="Choose a date inside them.",
            )
        return replace(
            self,
            units=self.units[:, :cut],
            censored=self.censored[:, :cut],
            group_demand={by: known.iloc[:, :cut] for by, known in self.group_demand.items()},
        )

    def _periods_until(self, t: str | pd.Timestamp) -> int:
        try:
            day = pd.to_datetime(t, format="ISO8601").normalize()
        except ValueError:
            raise DataError(f"{t!r} is not a date", next_step="Write it as YYYY-MM-DD.") from None
        position = int(self.periods.position([day])[0])
        ends_here = self.periods.shifted(1).position([day + pd.Timedelta(days=1)])[0] == position
        return position + 1 if ends_here else position

    def select(self, series: Any) -> Panel:
        """The panel of some series: a boolean mask or positions."""
        series = np.asarray(series)
        rows = np.flatnonzero(series) if series.dtype == bool else series.astype(np.intp)
        return replace(
            self,
            keys=self.keys.iloc[rows].reset_index(drop=True),
            units=self.units[rows],
            censored=self.censored[rows],
            launch=self.launch[rows],
            delisting=self.delisting[rows],
            plans={name: plan[rows] for name, plan in self.plans.items()},
            statics=self.statics.iloc[rows].reset_index(drop=True),
        )

    def most_sold(self, n: int) -> Panel:
        """The ``n`` series that sold in the most periods, in the order they stand in."""
        periods_with_sales = (self.units > 0).sum(axis=1)
        order = np.argsort(-periods_with_sales, kind="stable")
        return self.select(np.sort(order[:n]))

    def reaching(self, n_periods: int) -> Panel:
        """The panel with a calendar of at least ``n_periods``.

        Plans that reach that far stay as they are. Where they end, no promotion follows, and a
        price goes back to what it is without one: the last regular price, or else the last price
        of a period without promotion. Where neither is known, the last price goes on; a price
        that is not known at the end stays unknown.
        """
        extra = n_periods - len(self.periods)
        if extra <= 0:
            return self
        plans = {
            name: np.concatenate([plan, np.repeat(_after(name, self.plans), extra, axis=1)], axis=1)
            for name, plan in self.plans.items()
        }
        return replace(self, periods=self.periods.resized(n_periods), plans=plans)

    def to_frame(self) -> pd.DataFrame:
        """Long frame: keys, date, units, censored; one row a series and known period on sale."""
        rows, columns = np.nonzero(self.on_sale())
        frame = self.keys.iloc[rows].reset_index(drop=True)
        frame[c.DATE] = self.periods.dates[columns]
        frame[c.UNITS] = self.units[rows, columns]
        frame[c.CENSORED] = self.censored[rows, columns]
        return frame

    def __repr__(self) -> str:
        unit = {"D": "days", "W": "weeks", "M": "months"}[self.periods.freq]
        dates = self.periods.resized(self.cut).dates
        share = self.censored.mean() if self.censored.size else 0.0
        return (
            f"Panel({self.n_series:,} series x {self.cut:,} {unit}, {dates[0].date()} to "
            f"{dates[-1].date()}, {share:.1%} censored, plans: {', '.join(self.plans) or 'none'})"
        )


def _after(name: str, plans: Mapping[str, np.ndarray]) -> np.ndarray:
    """(series, 1) what a plan comes to where it ends."""
    last = plans[name][:, -1:]
    if not goes_on(name, plans[name]):
        return np.zeros_like(last)
    if name != c.PRICE:
        return last
    if c.REGULAR_PRICE in plans:
        usual = plans[c.REGULAR_PRICE][:, -1:]
    elif c.PROMOTION in plans:
        usual = _last_without_promotion(plans[c.PRICE], plans[c.PROMOTION])
    else:
        return last
    return np.where(np.isnan(usual) | np.isnan(last), last, usual)


def goes_on(name: str, values: np.ndarray) -> bool:
    """Whether a plan goes on where nothing is told: a price does, a promotion or display ends.

    >>> goes_on("display", np.array([0.0, 1.0])), goes_on("competitor_price", np.array([0.9, 1.2]))
    (False, True)
    """
    if name in (c.PRICE, c.REGULAR_PRICE, c.PROMOTION):
        return name != c.PROMOTION
    known = values[~np.isnan(values)]
    return not bool(((known >= 0) & (known <= 1)).all())


def _last_without_promotion(price: np.ndarray, promotion: np.ndarray) -> np.ndarray:
    """(series, 1) price of the last period that has one and no promotion; NaN if none has."""
    plain = ~np.isnan(price) & ~(promotion > 0)
    from_end = np.flip(plain, axis=1).argmax(axis=1)[:, None]
    found = np.take_along_axis(price, price.shape[1] - 1 - from_end, axis=1)
    return np.where(plain.any(axis=1, keepdims=True), found, np.float32(np.nan))
