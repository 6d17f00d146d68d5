"""A slow twin of every feature, written from its definition in plain pandas.

One row at a time: cut the series at the row's origin, then compute. Nothing here comes from
`newretail_ml.features` but the names of the classes, so an error there is not repeated here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import holidays
import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml import features as f
from newretail_ml.panel import Panel

MISSING = float("nan")
CALENDAR = {"D": "D", "W": "W-MON", "M": "MS"}


@dataclass(frozen=True)
class Row:
    """One row of the matrix: a series, a target period, and how far ahead it lies."""

    series: int
    target: int
    horizon: int

    @property
    def origin(self) -> int:
        return self.target - self.horizon


class Chain:
    """A panel taken apart: one series at a time, as known at one origin."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.attributes = _attributes(panel)
        self._histories: dict[tuple[int, int], pd.DataFrame] = {}
        self._pooled: dict[str, PooledChain] = {}
        periods = panel.periods
        longest = len(periods) + 100
        self._dates = pd.date_range(periods.first, periods=longest, freq=CALENDAR[periods.freq])

    def start(self, series: int, origin: int) -> float:
        """The launch or the first sale, whichever comes first; infinite where there is none."""
        units = pd.Series(self.panel.units[series, : origin + 1])
        starts = [*units.index[units > 0][:1]]
        if self.panel.launch[series] >= 0:
            starts.append(int(self.panel.launch[series]))
        return min(starts, default=float("inf"))

    def history(self, series: int, origin: int) -> pd.DataFrame:
        """Demand and stock-outs from the first period to the origin."""
        if (series, origin) not in self._histories:
            self._histories[series, origin] = self._history(series, origin)
        return self._histories[series, origin]

    def _history(self, series: int, origin: int) -> pd.DataFrame:
        units = pd.Series(self.panel.units[series, : origin + 1].astype(float))
        censored = pd.Series(self.panel.censored[series, : origin + 1])
        launched = units.index >= self.start(series, origin)
        listed = units.index < self.panel.delisting[series]
        return pd.DataFrame(
            {"demand": units.where(launched & listed & ~censored), "censored": censored}
        )

    def past(self, row: Row, lag: int = 1, season: int = 1) -> pd.DataFrame:
        """History up to ``lag`` periods before the target, or to the next season back known."""
        newest = row.target - lag
        while newest > row.origin:
            newest -= season
        return self.history(row.series, row.origin).loc[:newest]

    def plan(self, name: str, series: int, period: int) -> float:
        """What is planned; after the plan's end the regular price, and no promotion."""
        plan = self.panel.plans[name][series]
        if period < 0:
            return MISSING
        if period < len(plan):
            return float(plan[period])
        if name == c.PROMOTION:
            return 0.0
        regular = float(self.panel.plans[c.REGULAR_PRICE][series][-1])
        return float(plan[-1]) if np.isnan(plan[-1]) or np.isnan(regular) else regular

    def date(self, period: int) -> pd.Timestamp:
        """The first day of a period."""
        return self._dates[period]

    def pooled(self, attribute: str) -> "PooledChain":
        """The chain as its groups see it."""
        if attribute not in self._pooled:
            self._pooled[attribute] = PooledChain(self, attribute)
        return self._pooled[attribute]


def _attributes(panel: Panel) -> pd.DataFrame:
    """Keys and attributes of each series, and one that all share."""
    return pd.concat([panel.keys, panel.statics], axis="columns").assign(chain="chain")


class PooledChain(Chain):
    """The chain when each series shows the mean known demand of its group."""

    def __init__(self, chain: Chain, attribute: str) -> None:
        super().__init__(chain.panel)
        self._chain = chain
        self._groups = chain.attributes[attribute].fillna("none").tolist()

    def _history(self, series: int, origin: int) -> pd.DataFrame:
        group = self._groups[series]
        members = [number for number, other in enumerate(self._groups) if other == group]
        demands = [self._chain.history(member, origin)["demand"] for member in members]
        return pd.concat(demands, axis="columns").mean(axis="columns").to_frame("demand")


def lag(feature: f.Lag, chain: Chain, row: Row) -> float:
    demand = chain.past(row, lag=feature.lag)["demand"]
    return demand.iloc[-1] if len(demand) else MISSING


def rolling_mean(feature: f.RollingMean, chain: Chain, row: Row) -> float:
    return chain.past(row)["demand"].tail(feature.window).mean()


def rolling_std(feature: f.RollingStd, chain: Chain, row: Row) -> float:
    return chain.past(row)["demand"].tail(feature.window).std()


def rolling_min(feature: f.RollingMin, chain: Chain, row: Row) -> float:
    return chain.past(row)["demand"].tail(feature.window).min()


def rolling_max(feature: f.RollingMax, chain: Chain, row: Row) -> float:
    return chain.past(row)["demand"].tail(feature.window).max()


def rolling_median(feature: f.RollingMedian, chain: Chain, row: Row) -> float:
    return chain.past(row)["demand"].tail(feature.window).median()


def zero_share(feature: f.ZeroShare, chain: Chain, row: Row) -> float:
    return chain.past(row)["demand"].tail(feature.window).dropna().eq(0).mean()


def seasonal_mean(feature: f.SeasonalMean, chain: Chain, row: Row) -> float:
    past = chain.past(row, lag=feature.cycle, season=feature.cycle)["demand"]
    return past.iloc[:: -feature.cycle].head(feature.n).mean()


def trend(feature: f.Trend, chain: Chain, row: Row) -> float:
    long = chain.past(row)["demand"].tail(feature.long).mean()
    return chain.past(row)["demand"].tail(feature.short).mean() / long if long > 0 else MISSING


def expanding_mean(feature: f.ExpandingMean, chain: Chain, row: Row) -> float:
    return chain.past(row)["demand"].mean()


def exponential_mean(feature: f.ExponentialMean, chain: Chain, row: Row) -> float:
    demand = chain.past(row)["demand"]
    age = len(demand) - 1 - np.arange(len(demand))
    weight = pd.Series(0.5 ** (age / feature.half_life), index=demand.index)
    known = demand.notna()
    return (demand * weight)[known].sum() / weight[known].sum() if known.any() else MISSING


def periods_since(past: pd.Series) -> float:
    """Periods from the last True to the end."""
    return past.index[-1] - past.index[past][-1] if past.any() else MISSING


def periods_since_sale(feature: f.PeriodsSinceSale, chain: Chain, row: Row) -> float:
    return periods_since(chain.past(row)["demand"] > 0)


def periods_since_stockout(feature: f.PeriodsSinceStockout, chain: Chain, row: Row) -> float:
    return periods_since(chain.past(row)["censored"])


def available_share(feature: f.AvailableShare, chain: Chain, row: Row) -> float:
    return 1 - chain.past(row)["censored"].tail(feature.window).mean()


def price(feature: f.Price, chain: Chain, row: Row) -> float:
    return chain.plan(c.PRICE, row.series, row.target)


def promotion(feature: f.Promotion, chain: Chain, row: Row) -> float:
    return chain.plan(c.PROMOTION, row.series, row.target)


def discount(feature: f.Discount, chain: Chain, row: Row) -> float:
    return 1 - price(f.Price(), chain, row) / chain.plan(c.REGULAR_PRICE, row.series, row.target)


def price_ratio(feature: f.PriceRatio, chain: Chain, row: Row) -> float:
    before = range(row.target - feature.window, row.target)
    past = pd.Series([chain.plan(c.PRICE, row.series, period) for period in before])
    return chain.plan(c.PRICE, row.series, row.target) / past.mean()


def price_change(feature: f.PriceChange, chain: Chain, row: Row) -> float:
    before = chain.plan(c.PRICE, row.series, row.target - feature.periods)
    return chain.plan(c.PRICE, row.series, row.target) / before - 1


def periods_since_promotion(feature: f.PeriodsSincePromotion, chain: Chain, row: Row) -> float:
    for back in range(feature.within):
        if chain.plan(c.PROMOTION, row.series, row.target - back) > 0:
            return back
    return feature.within


def day_of_week(feature: f.DayOfWeek, chain: Chain, row: Row) -> float:
    return chain.date(row.target).weekday()


def day_of_month(feature: f.DayOfMonth, chain: Chain, row: Row) -> float:
    return chain.date(row.target).day


def day_of_year(feature: f.DayOfYear, chain: Chain, row: Row) -> float:
    return int(chain.date(row.target).strftime("%j"))


def month(feature: f.Month, chain: Chain, row: Row) -> float:
    return chain.date(row.target).month


def horizon(feature: f.Horizon, chain: Chain, row: Row) -> float:
    return row.horizon


@cache
def public_holidays(country: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country)


def days_of(chain: Chain, row: Row) -> list[pd.Timestamp]:
    """The days of the target period."""
    end = chain.date(row.target + 1) - pd.Timedelta(days=1)
    return list(pd.date_range(chain.date(row.target), end))


def holiday(feature: f.Holiday, chain: Chain, row: Row) -> float:
    return sum(day in public_holidays(feature.country) for day in days_of(chain, row))


def days_ahead(days: list[pd.Timestamp], within: int, happens) -> float:
    """0 if it happens on one of the days, else days from the last of them."""
    if any(happens(day) for day in days):
        return 0
    for ahead in range(1, within + 1):
        if happens(days[-1] + pd.Timedelta(days=ahead)):
            return ahead
    return within + 1


def days_to_holiday(feature: f.DaysToHoliday, chain: Chain, row: Row) -> float:
    calendar = public_holidays(feature.country)
    return days_ahead(days_of(chain, row), feature.within, lambda day: day in calendar)


@cache
def event_days(chain: Chain, series: int, event: str) -> set[pd.Timestamp]:
    """The days on which an event takes place where the series is sold."""
    here = chain.attributes.loc[series]
    days = set()
    for row in chain.panel.events.to_dict("records"):
        local = [name for name in (c.LOCATION, c.REGION) if pd.notna(row.get(name))]
        is_here = all(row[name] == here[name] for name in local if name in here)
        if is_here and event in (row[c.EVENT], "any"):
            days.add(row[c.DATE])
    return days


def days_to_event(feature: f.DaysToEvent, chain: Chain, row: Row) -> float:
    happens = event_days(chain, row.series, feature.event)
    return days_ahead(days_of(chain, row), feature.within, lambda day: day in happens)


def days_after_event(feature: f.DaysAfterEvent, chain: Chain, row: Row) -> float:
    happens = event_days(chain, row.series, feature.event)
    days = days_of(chain, row)
    if happens & set(days):
        return 0
    for back in range(1, feature.within + 1):
        if days[0] - pd.Timedelta(days=back) in happens:
            return back
    return feature.within + 1


def static(feature: f.Static, chain: Chain, row: Row) -> float:
    values = chain.attributes[feature.attribute]
    labels = list(feature.labels or sorted({str(value) for value in values.dropna()}))
    mine = str(values[row.series])
    return labels.index(mine) if mine in labels else MISSING


def static_number(feature: f.StaticNumber, chain: Chain, row: Row) -> float:
    return chain.attributes[feature.attribute][row.series]


def age(feature: f.Age, chain: Chain, row: Row) -> float:
    start = chain.start(row.series, row.origin)
    return min(row.target - start, feature.most) if start <= row.origin else MISSING


def by_group(feature: f.ByGroup, chain: Chain, row: Row) -> float:
    return TWINS[type(feature.feature)](feature.feature, chain.pooled(feature.attribute), row)


TWINS: dict[type[f.Feature], Callable[..., float]] = {
    f.Age: age,
    f.AvailableShare: available_share,
    f.ByGroup: by_group,
    f.DayOfMonth: day_of_month,
    f.DayOfWeek: day_of_week,
    f.DayOfYear: day_of_year,
    f.DaysAfterEvent: days_after_event,
    f.DaysToEvent: days_to_event,
    f.DaysToHoliday: days_to_holiday,
    f.Discount: discount,
    f.ExpandingMean: expanding_mean,
    f.ExponentialMean: exponential_mean,
    f.Holiday: holiday,
    f.Horizon: horizon,
    f.Lag: lag,
    f.Month: month,
    f.PeriodsSincePromotion: periods_since_promotion,
    f.PeriodsSinceSale: periods_since_sale,
    f.PeriodsSinceStockout: periods_since_stockout,
    f.Price: price,
    f.PriceChange: price_change,
    f.PriceRatio: price_ratio,
    f.Promotion: promotion,
    f.RollingMax: rolling_max,
    f.RollingMean: rolling_mean,
    f.RollingMedian: rolling_median,
    f.RollingMin: rolling_min,
    f.RollingStd: rolling_std,
    f.SeasonalMean: seasonal_mean,
    f.Static: static,
    f.StaticNumber: static_number,
    f.Trend: trend,
    f.ZeroShare: zero_share,
}
