"""The shared feature-engineering core."""

from newretail_ml.features.availability import AvailableShare, PeriodsSinceStockout
from newretail_ml.features.base import Feature, HistoryFeature, PlannedFeature
from newretail_ml.features.calendar import (
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    DaysToHoliday,
    Holiday,
    Horizon,
    Month,
)
from newretail_ml.features.events import DaysAfterEvent, DaysToEvent
from newretail_ml.features.lags import (
    ExpandingMean,
    ExponentialMean,
    Lag,
    PeriodsSinceSale,
    RollingMax,
    RollingMean,
    RollingMedian,
    RollingMin,
    RollingStd,
    SeasonalMean,
    Trend,
    ZeroShare,
)
from newretail_ml.features.price import (
    Discount,
    PeriodsSincePromotion,
    Price,
    PriceChange,
    PriceRatio,
    Promotion,
)
from newretail_ml.features.recipe import Recipe
from newretail_ml.features.series import Age, ByGroup, Static, StaticNumber

__all__ = [
    "Age",
    "AvailableShare",
    "ByGroup",
    "DayOfMonth",
    "DayOfWeek",
    "DayOfYear",
    "DaysAfterEvent",
    "DaysToEvent",
    "DaysToHoliday",
    "Discount",
    "ExpandingMean",
    "ExponentialMean",
    "Feature",
    "HistoryFeature",
    "Holiday",
    "Horizon",
    "Lag",
    "Month",
    "PeriodsSincePromotion",
    "PeriodsSinceSale",
    "PeriodsSinceStockout",
    "PlannedFeature",
    "Price",
    "PriceChange",
    "PriceRatio",
    "Promotion",
    "Recipe",
    "RollingMax",
    "RollingMean",
    "RollingMedian",
    "RollingMin",
    "RollingStd",
    "SeasonalMean",
    "Static",
    "StaticNumber",
    "Trend",
    "ZeroShare",
]
