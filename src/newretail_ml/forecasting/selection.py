"""The models that come with the library, and the choice among them by backtest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from newretail_ml.errors import DataError
from newretail_ml.forecasting.backtest import Backtest, backtest
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.lightgbm_model import LightGBMForecaster
from newretail_ml.forecasting.naive import MovingAverage, SeasonalAverage, SeasonalNaive
from newretail_ml.panel import Panel


@dataclass(frozen=True)
class Selection:
    """The model that was chosen, fitted on all of history.

    Attributes:
        name: its name.
        model: fitted.
        backtest: what the choice rests on; None where history was too short for one.
        why: the reason, in words.
    """

    name: str
    model: Forecaster
    backtest: Backtest | None
    why: str


def standard_models(horizon: int, random_state: int = 0) -> dict[str, Forecaster]:
    """One of each model, by the name that the command line uses."""
    return {
        "seasonal-naive": SeasonalNaive(),
        "seasonal-average": SeasonalAverage(),
        "moving-average": MovingAverage(),
        "lightgbm": LightGBMForecaster(horizon, random_state=random_state),
    }


def select_model(
    models: Mapping[str, Forecaster],
    panel: Panel,
    *,
    horizon: int,
    folds: int = 2,
    random_state: int = 0,
    progress: bool = True,
) -> Selection:
    """The model with the smallest weighted quantile loss over the last folds of history.

    Where history is too short for the folds, fewer are tried, and without any a moving average
    is taken.

    Args:
        models: candidates by name.
        panel: all of history; the choice uses nothing else.
        horizon: periods ahead.
        folds: folds of the backtest.
        random_state: seed of the sample paths.
        progress: show a progress bar.
    """
    for n_folds in range(folds, 0, -1):
        try:
            result = backtest(
                models,
                panel,
                horizon=horizon,
                folds=n_folds,
                random_state=random_state,
                progress=progress,
            )
        except DataError:
            continue
        name, loss = result.best, result.leaderboard()["weighted_quantile_loss"]
        why = f"smallest weighted quantile loss ({loss.min():.3f}) over {n_folds} backtest folds"
        return Selection(name, models[name].clone().fit(panel), result, why)
    why = f"history of {panel.cut} periods is too short to compare models {horizon} periods ahead"
    return Selection("moving-average", MovingAverage().fit(panel), None, why)
