"""Why a forecast is what it is: contributions of groups of features.

Contributions are Shapley values of the trees, which add up to the booster's score: Lundberg, Erion
and Lee (2018), "Consistent individualized feature attribution for tree ensembles",
arXiv:1802.03888. The score is the logarithm of demand over the series' own level, so that a
contribution is a factor and a forecast is a product: base x demand x price x ... = units.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.features import (
    Age,
    AvailableShare,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    DaysAfterEvent,
    DaysToEvent,
    DaysToHoliday,
    Discount,
    Feature,
    Holiday,
    Horizon,
    Month,
    PeriodsSincePromotion,
    PeriodsSinceStockout,
    Price,
    PriceChange,
    PriceRatio,
    Promotion,
    Static,
    StaticNumber,
)
from newretail_ml.features.base import HistoryFeature
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.censoring import recover_demand
from newretail_ml.forecasting.trees.lightgbm_model import LightGBMForecaster
from newretail_ml.panel import Panel

# The first that fits: a promotion is a price of another plan, and stock has a history too.
_GROUPS: tuple[tuple[str, tuple[type[Feature], ...]], ...] = (
    ("horizon", (Horizon,)),
    ("promotion", (Promotion, PeriodsSincePromotion)),
    ("price", (Price, PriceRatio, PriceChange, Discount)),
    ("events", (DaysToEvent, DaysAfterEvent, Holiday, DaysToHoliday)),
    ("availability", (AvailableShare, PeriodsSinceStockout)),
    ("calendar", (DayOfWeek, DayOfMonth, DayOfYear, Month)),
    ("attributes", (Static, StaticNumber, Age)),
    ("demand", (HistoryFeature,)),
)
_MOST_ROWS = 20_000
OTHER_MODELS = "other models"


def explain_one(
    model: Forecaster, series: int, date: str | pd.Timestamp, *, panel: Panel | None = None
) -> pd.DataFrame:
    """What makes the mean of one series in one period, as factors.

    Of an `AutoForecaster` its trees are explained, and a last row, "other models", is what the
    mean of the combination is over theirs: what the pool, a second strategy of the trees, or the
    launch curve of a young series say differently.

    Args:
        model: a `LightGBMForecaster` fitted for the mean, not for quantiles, or an
            `AutoForecaster`, whose `trees` are then explained.
        series: position of the series in the panel.
        date: a period after the cut, no further than the model sees.
        panel: where to start from; by default the panel of the fit. A plan that was asked for is
            explained from the panel that `newretail_ml.panel.what_if.what_if` gives.

    Returns:
        One row a group of features, strongest first below the base: ``group``, ``factor``, and
        ``units``, the running product. The base is in units: what the model expects of a series
        at this level when it knows nothing else. The last ``units`` are the mean of the model.
        Where the trees expect nothing, the base is that mean and all factors are 1.

    Raises:
        NotFittedError: `fit` was not called.
        DataError: the series or date cannot be forecast, or the model is one of quantiles or
            has no trees.
    """
    trees = _trees(model)
    panel = model.panel_ if panel is None else panel
    step = _step(trees, panel, date)
    if not 0 <= series < panel.n_series:
        raise DataError(
            f"there is no series {series} among {panel.n_series}",
            next_step=f"Choose a position from 0 to {panel.n_series - 1}.",
        )
    seen = _seen(model, trees, panel)
    own = float(trees.mean(step, panel=seen)[series, -1])
    mean = own if trees is model else float(model.mean(step, panel=panel)[series, -1])
    features, level = trees.predictor.rows(seen, step)
    row = series * step + step - 1
    base, scores = _contributions(trees, features[row : row + 1])
    factors = scores.iloc[0].map(np.exp)
    factors = factors[np.log(factors).abs().sort_values(ascending=False, kind="stable").index]
    start = float(level[series, -1]) * float(np.exp(base[0]))
    if trees is not model:
        factors[OTHER_MODELS] = mean / own if own > 0 else 1.0
    if own == 0 or start == 0:  # not on sale, or never seen: nothing that the trees have a say in
        start, factors = mean, factors * 0 + 1.0
    table = pd.DataFrame({"group": ["base", *factors.index], "factor": [start, *factors]})
    return table.assign(units=table["factor"].cumprod())


def explain_all(
    model: Forecaster, *, horizon: int | None = None, panel: Panel | None = None
) -> pd.DataFrame:
    """How far each group of features moves forecasts, over all series and periods.

    Args:
        model: a `LightGBMForecaster` fitted for the mean, not for quantiles, or an
            `AutoForecaster`, whose `trees` are then explained, without the other models.
        horizon: periods ahead; by default as far as the model sees.
        panel: where to start from; by default the panel of the fit.

    Returns:
        One row a group, largest first: ``group``, ``strength``, the mean absolute contribution
        (.1 is a tenth up or down), and ``share`` of all strengths. Large panels are sampled.

    Raises:
        NotFittedError: `fit` was not called.
        DataError: the model is one of quantiles or has no trees.
    """
    trees = _trees(model)
    panel = _seen(model, trees, model.panel_ if panel is None else panel)
    features, level = trees.predictor.rows(panel, horizon or trees.horizon)
    known = np.flatnonzero(level.ravel() > 0)
    rows = known[:: max(-(-len(known) // _MOST_ROWS), 1)]
    _, scores = _contributions(trees, features[rows])
    strength = scores.abs().mean().fillna(0.0).sort_values(ascending=False)
    table = strength.rename_axis("group").rename("strength").reset_index()
    return table.assign(share=table["strength"] / max(float(strength.sum()), 1e-12))


def group_of(feature: Feature) -> str:
    """The group that a feature is explained in.

    >>> from newretail_ml.features import Promotion, RollingMean
    >>> group_of(RollingMean(28)), group_of(Promotion())
    ('demand', 'promotion')
    """
    return next((group for group, kinds in _GROUPS if isinstance(feature, kinds)), "other")


def _trees(model: Any) -> LightGBMForecaster:
    """The model itself, fitted, or the trees among the members of a combination."""
    # Asked of the class: to hasattr, the NotFittedError of a property is a missing attribute.
    trees = model.trees if hasattr(type(model), "trees") else model
    if not isinstance(trees, LightGBMForecaster):
        raise DataError(
            f"this {type(model).__name__} has no trees to explain",
            next_step="Fit LightGBMForecaster, or bring more history where notes_ of "
            "AutoForecaster tell that its trees are left out.",
        )
    if not hasattr(trees, "boosters_"):
        raise NotFittedError(trees)
    return trees


def _seen(model: Forecaster, trees: LightGBMForecaster, panel: Panel) -> Panel:
    """The panel as the trees see it: a combination shows them demand, not sales."""
    return panel if trees is model else recover_demand(panel)


def _contributions(
    model: LightGBMForecaster, features: np.ndarray
) -> tuple[np.ndarray, pd.DataFrame]:
    """(rows,) expected score, and one column a group that adds to it."""
    if model.objective == "quantile":
        raise DataError(
            "a model of quantiles has no mean that factors could multiply to",
            next_step="Explain a model with objective='tweedie' instead.",
        )
    (booster,) = model.boosters_
    groups = pd.Index([group_of(feature) for feature in model.recipe_.features])
    if len(features) == 0:
        return np.zeros(0), pd.DataFrame(columns=groups.unique(), dtype=float)
    shares = booster.predict(features, pred_contrib=True, num_threads=model.n_threads or 0)
    by_group = pd.DataFrame(shares[:, :-1].T).groupby(groups).sum().T
    return shares[:, -1], by_group.rename_axis(columns=None)


def _step(model: LightGBMForecaster, panel: Panel, date: str | pd.Timestamp) -> int:
    step = int(panel.periods.position([date])[0]) - panel.cut + 1
    if not 1 <= step <= model.horizon:
        raise DataError(
            f"{date} lies {step} periods after the cut, and the model sees 1 to {model.horizon}",
            next_step="Choose a date that it forecasts.",
        )
    return step
