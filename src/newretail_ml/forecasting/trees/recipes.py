"""The features that the global model uses: three presets, by what a panel offers.

Windows are short, middle and long: 7, 28 and 112 days, 4, 13 and 26 weeks, or 3, 6 and 12 months.

============  ==========================  ==============================  ========================
              lean                        default: lean and               rich: default and
============  ==========================  ==============================  ========================
demand        seasonal means, rolling     more of them, exponential mean, rolling median, long
              means, zero share, time     spread, largest, trend of the   spread, own trend
              since the last sale         chain, age
calendar      day of the week             day of the month and of the
                                          year, or month
price         price ratio, discount                                       price change
promotion     promotion                                                   time since the last one
events                                    days to and after each event
availability                              share of periods in stock, time
                                          since the last stock-out
attributes                                keys and static categories      trend of each group
============  ==========================  ==============================  ========================

All hold the horizon. A feature of the time of year is only worth its risk once every season was
seen twice.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features import (
    Age,
    AvailableShare,
    ByGroup,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    DaysAfterEvent,
    DaysToEvent,
    Discount,
    ExponentialMean,
    Feature,
    Horizon,
    Month,
    PeriodsSincePromotion,
    PeriodsSinceSale,
    PeriodsSinceStockout,
    PriceChange,
    PriceRatio,
    Promotion,
    Recipe,
    RollingMax,
    RollingMean,
    RollingMedian,
    RollingStd,
    SeasonalMean,
    Static,
    Trend,
    ZeroShare,
)
from newretail_ml.features.block import CHAIN
from newretail_ml.panel import Panel

# Short, middle and long windows, and a year, in periods.
_WINDOWS = {"D": (7, 28, 112), "W": (4, 13, 26), "M": (3, 6, 12)}
_YEAR = {"D": 364, "W": 52, "M": 12}
MOST_LABELS = 64
"""A key or attribute with more values is no category."""


def recipe_of(recipe: str | Recipe, panel: Panel) -> Recipe:
    """A recipe by its name, for what a panel offers; or the recipe itself.

    Raises:
        DataError: the name is not known.

    >>> frame = pd.DataFrame({"item_id": "tea", "date": ["2026-01-01"], "units": [1.0]})
    >>> recipe_of("lean", Panel.from_frame(frame)).names[:3]
    ['seasonal_mean_7_4', 'rolling_mean_7', 'rolling_mean_28']
    """
    if isinstance(recipe, Recipe):
        return recipe
    if recipe not in RECIPES:
        raise DataError(
            f"the recipe {recipe!r} is not known",
            next_step=f"Use one of {', '.join(RECIPES)}, or pass a Recipe.",
        )
    return Recipe(RECIPES[recipe](panel))


def level_features(freq: str) -> tuple[RollingMean, ExponentialMean]:
    """Recent and long-run demand: what a series is scaled by."""
    short, _, long = _WINDOWS[freq]
    return RollingMean(8 * short), ExponentialMean(long)


def _lean(panel: Panel) -> list[Feature]:
    freq = panel.periods.freq
    short, middle, long = _WINDOWS[freq]
    return [
        SeasonalMean(panel.periods.season, 4 if freq == "D" else 1),
        *(RollingMean(window) for window in (short, middle, long)),
        ZeroShare(middle),
        PeriodsSinceSale(),
        Horizon(),
        *([DayOfWeek()] if freq == "D" else []),
        *_plans(panel),
    ]


def _default(panel: Panel) -> list[Feature]:
    freq = panel.periods.freq
    return [
        *_demand(freq, panel.periods.season),
        *_calendar(freq, seen_twice=panel.cut >= 2 * _YEAR[freq]),
        *_plans(panel),
        *_events(panel),
        *_availability(panel),
        *(Static(name) for name in _categories(panel)),
    ]


def _rich(panel: Panel) -> list[Feature]:
    short, middle, long = _WINDOWS[panel.periods.freq]
    plans: list[Feature] = []
    if c.PRICE in panel.plans:
        plans.append(PriceChange(panel.periods.season if panel.periods.freq == "D" else 1))
    if c.PROMOTION in panel.plans:
        plans.append(PeriodsSincePromotion())
    return [
        *_default(panel),
        RollingMedian(middle),
        RollingStd(long),
        Trend(short, middle),
        *plans,
        *(ByGroup(name, Trend(short, 2 * middle)) for name in _categories(panel)),
    ]


RECIPES: dict[str, Callable[[Panel], list[Feature]]] = {
    "lean": _lean,
    "default": _default,
    "rich": _rich,
}


def _demand(freq: str, season: int) -> list[Feature]:
    short, middle, long = _WINDOWS[freq]
    seasonal = [SeasonalMean(season, n) for n in ((1, 4, 8) if freq == "D" else (1, 2))]
    rolling = [RollingMean(window) for window in (short, 2 * short, middle, 2 * middle, long)]
    return [
        *seasonal,
        *{feature.name: feature for feature in rolling}.values(),
        ExponentialMean(2 * short),
        RollingStd(middle),
        RollingMax(middle),
        ZeroShare(middle),
        ZeroShare(long),
        PeriodsSinceSale(),
        ByGroup(CHAIN, Trend(short, 2 * middle)),
        Age(),
        Horizon(),
    ]


def _calendar(freq: str, *, seen_twice: bool) -> list[Feature]:
    if freq == "D":
        return [DayOfWeek(), DayOfMonth(), *([DayOfYear()] if seen_twice else [])]
    return [Month()] if seen_twice else []


def _plans(panel: Panel) -> list[Feature]:
    features: list[Feature] = []
    if c.PRICE in panel.plans:
        features.append(PriceRatio(_WINDOWS[panel.periods.freq][2]))
        if c.REGULAR_PRICE in panel.plans:
            features.append(Discount())
    if c.PROMOTION in panel.plans:
        features.append(Promotion())
    return features


def _events(panel: Panel) -> list[Feature]:
    return [
        feature(event)
        for event in sorted(set(panel.events[c.EVENT].dropna()))
        for feature in (DaysToEvent, DaysAfterEvent)
    ]


def _availability(panel: Panel) -> list[Feature]:
    if not panel.censored.any():
        return []
    return [AvailableShare(_WINDOWS[panel.periods.freq][1]), PeriodsSinceStockout()]


def _categories(panel: Panel) -> list[str]:
    columns = {
        **{name: panel.keys[name] for name in panel.keys if name != c.ITEM},
        **{name: panel.statics[name] for name in panel.statics},
    }
    return [name for name, values in columns.items() if _is_category(values)]


def _is_category(values: pd.Series) -> bool:
    return (
        not pd.api.types.is_numeric_dtype(values)
        and not pd.api.types.is_datetime64_any_dtype(values)
        and 1 < values.nunique() <= MOST_LABELS
    )
