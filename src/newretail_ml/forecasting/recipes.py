"""The features that the global model uses unless told otherwise, by what a panel offers."""

from __future__ import annotations

import pandas as pd

from newretail_ml import columns as c
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
    PeriodsSinceSale,
    PeriodsSinceStockout,
    PriceRatio,
    Promotion,
    Recipe,
    RollingMax,
    RollingMean,
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
_MOST_LABELS = 64


def default_recipe(panel: Panel) -> Recipe:
    """A recipe for demand in general, with what prices, stock, events and attributes add.

    A feature of the time of year is only worth its risk once every season was seen twice.
    """
    freq = panel.periods.freq
    return Recipe(
        [
            *_demand(freq, panel.periods.season),
            *_calendar(freq, seen_twice=panel.cut >= 2 * _YEAR[freq]),
            *_plans(panel),
            *_availability(panel),
            *_attributes(panel),
        ]
    )


def level_features(freq: str) -> tuple[RollingMean, ExponentialMean]:
    """Recent and long-run demand: what a series is scaled by."""
    short, _, long = _WINDOWS[freq]
    return RollingMean(8 * short), ExponentialMean(long)


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
    for event in sorted(set(panel.events[c.EVENT].dropna())):
        features += [DaysToEvent(event), DaysAfterEvent(event)]
    return features


def _availability(panel: Panel) -> list[Feature]:
    if not panel.censored.any():
        return []
    return [AvailableShare(_WINDOWS[panel.periods.freq][1]), PeriodsSinceStockout()]


def _attributes(panel: Panel) -> list[Feature]:
    columns = {
        **{name: panel.keys[name] for name in panel.keys if name != c.ITEM},
        **{name: panel.statics[name] for name in panel.statics},
    }
    return [Static(name) for name, values in columns.items() if _is_category(values)]


def _is_category(values: pd.Series) -> bool:
    return (
        not pd.api.types.is_numeric_dtype(values)
        and not pd.api.types.is_datetime64_any_dtype(values)
        and 1 < values.nunique() <= _MOST_LABELS
    )
