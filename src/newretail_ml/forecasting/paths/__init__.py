"""From expected demand, or its quantiles, to joint sample paths."""

from newretail_ml.forecasting.paths.analogues import draw_analogues, relative_errors
from newretail_ml.forecasting.paths.around_mean import paths_around_mean, rounded_like, whole_units
from newretail_ml.forecasting.paths.level_spread import level_spread
from newretail_ml.forecasting.paths.past import N_ANALOGUES, PastForecasts, past_origins
from newretail_ml.forecasting.paths.quantiles import paths_from_quantiles
from newretail_ml.forecasting.paths.spread import LevelSpread

__all__ = [
    "N_ANALOGUES",
    "LevelSpread",
    "PastForecasts",
    "draw_analogues",
    "level_spread",
    "past_origins",
    "paths_around_mean",
    "paths_from_quantiles",
    "relative_errors",
    "rounded_like",
    "whole_units",
]
