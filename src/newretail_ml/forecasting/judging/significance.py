"""Is one model better than another, or was it luck?

Two kinds of luck are kept apart. *Which series*: the difference of the mean loss is drawn again
from whole series (a cluster bootstrap: all folds and periods of a series stay together), which
gives an interval and a p-value for other series of the same kind in the same weeks. *Which
weeks*: the mean losses of the folds are tested as a time series, which takes four folds or more.
A difference that holds over both can be relied on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting.judging.backtest import Backtest
from newretail_ml.forecasting.judging.bootstrap import cluster_bootstrap
from newretail_ml.forecasting.judging.over_time import cosine_test
from newretail_ml.forecasting.judging.scores import ABSOLUTE_UNITS, CRPS_UNITS, QUANTILE_UNITS


class _Loss(NamedTuple):
    """The column of a metric's loss by series; in units, or already scaled."""

    column: str
    in_units: bool


_LOSSES = {
    "rmsse": _Loss("rmsse", in_units=False),
    "mase": _Loss("mase", in_units=False),
    "wape": _Loss(ABSOLUTE_UNITS, in_units=True),
    "weighted_quantile_loss": _Loss(QUANTILE_UNITS, in_units=True),
    "crps": _Loss(CRPS_UNITS, in_units=True),
}


@dataclass(frozen=True)
class Comparison:
    """Two models on the same series and folds.

    Attributes:
        first: name of one model.
        second: name of the other.
        metric: which loss.
        loss: mean loss of the first and of the second, as on the leaderboard.
        interval: of the difference first minus second, drawn over series.
        confidence: probability of the interval.
        p_value: two-sided, over series.
        p_value_over_time: two-sided, over folds; NaN with fewer than four.
        n_series: how many series (or clusters of them) were drawn from.
        n_folds: how many folds were compared.
        drawn: what was drawn from, in words: series, or groups of them.
    """

    first: str
    second: str
    metric: str
    loss: tuple[float, float]
    interval: tuple[float, float]
    confidence: float
    p_value: float
    p_value_over_time: float
    n_series: int
    n_folds: int
    drawn: str = "series"

    @property
    def difference(self) -> float:
        """Mean loss of the first less that of the second: negative if the first is better."""
        return self.loss[0] - self.loss[1]

    @property
    def words(self) -> str:
        """The answer in two sentences. A win is claimed where both tests agree.

        With too few folds for a test over time, the win is said to be one over these series.
        """
        better, worse = sorted(self.loss)
        verdict, over_time = self._verdict()
        gain = f" ({1 - better / worse:.1%} less)" if worse > better else ""
        low, high = self.interval
        return (
            f"{verdict}: {better:.4f} against {worse:.4f}{gain}{over_time}. {self.first} "
            f"less {self.second} is {self.difference:+.4f}, {self.confidence:.0%} interval "
            f"{low:+.4f} to {high:+.4f} over {self.n_series:,} {self.drawn} "
            f"({_shown(self.p_value)})."
        )

    def _verdict(self) -> tuple[str, str]:
        """Who is better, and what folds say of it."""
        names = (self.first, self.second)
        winner, loser = names if self.difference <= 0 else names[::-1]
        folds = f"{self.n_folds} folds"
        shown, luck = f"({_shown(self.p_value_over_time)})", 1 - self.confidence
        untested = np.isnan(self.p_value_over_time)
        if self.p_value >= luck:
            over_time = "" if untested else f", over {folds} {shown}"
            return f"{winner} and {loser} cannot be told apart on {self.metric}", over_time
        if untested:
            return (
                f"{winner} beats {loser} on {self.metric} over these series",
                f", but folds are too few to tell whether it lasts ({self.n_folds})",
            )
        if self.p_value_over_time < luck:
            return (
                f"{winner} beats {loser} on {self.metric}",
                f", and it holds over {folds} {shown}",
            )
        return (
            f"{winner} is ahead of {loser} on {self.metric}",
            f", but over {folds} it may be luck {shown}",
        )


def compare_models(
    result: Backtest,
    first: str,
    second: str,
    metric: str = "rmsse",
    *,
    cluster: str | None = None,
    confidence: float = 0.95,
    n_draws: int = 2000,
    random_state: int = 0,
) -> Comparison:
    """Is the difference of two models' mean loss more than luck?

    Args:
        result: of `backtest(..., keep_series=True)`.
        first: name of one model.
        second: name of the other.
        metric: rmsse, mase, wape, weighted_quantile_loss or crps.
        cluster: a key whose series are drawn together, such as "item_id" where all locations of
            an item share their luck; by default each series for itself.
        confidence: probability of the interval.
        n_draws: bootstrap draws.
        random_state: seed of the draws.

    Raises:
        DataError: a model, metric or key is not known, no scores by series were kept, or no fold
            has a loss of both models.

    >>> from newretail_ml.forecasting import MovingAverage, SeasonalNaive, backtest
    >>> from newretail_ml.panel import Panel
    >>> days = pd.date_range("2026-01-01", periods=84)
    >>> sold = np.random.default_rng(0).poisson(5, (20, 84)).ravel()
    >>> ids = np.repeat([f"tea {n}" for n in range(20)], 84)
    >>> panel = Panel.from_frame(
    ...     pd.DataFrame({"unique_id": ids, "ds": np.tile(days, 20), "y": sold})
    ... )
    >>> models = {"average": MovingAverage(), "naive": SeasonalNaive()}
    >>> result = backtest(
    ...     models, panel, horizon=7, folds=4, n_paths=50, keep_series=True, progress=False
    ... )
    >>> answer = compare_models(result, "average", "naive", "wape")
    >>> answer.difference < 0, answer.n_series, answer.n_folds
    (True, 20, 4)
    >>> print(answer.words)
    average beats naive on wape: 0.3533 against 0.4899 (27.9% less), and it holds over 4 folds
    (p = 0.013). average less naive is -0.1366, 95% interval -0.1613 to -0.1128 over 20 series
    (p < 0.001).
    """
    _check(result, (first, second), metric, cluster)
    tables = [result.by_series[result.by_series[c.MODEL] == name] for name in (first, second)]
    keys = [key for key in c.SERIES_KEYS if key in result.by_series]
    loss, weight = _aligned(tables, keys, _LOSSES[metric], cluster)
    by_fold = loss.sum(axis=1) / weight.sum(axis=0)
    means = by_fold.mean(axis=1)
    over_series = cluster_bootstrap(
        loss[0] - loss[1],
        weight,
        confidence=confidence,
        n_draws=n_draws,
        random_state=random_state,
    )
    return Comparison(
        first=first,
        second=second,
        metric=metric,
        loss=(float(means[0]), float(means[1])),
        interval=over_series.interval,
        confidence=confidence,
        p_value=over_series.p_value,
        p_value_over_time=cosine_test(by_fold[0] - by_fold[1]),
        n_series=len(weight),
        n_folds=weight.shape[1],
        drawn="series" if cluster is None else f"groups by {cluster}",
    )


def _aligned(
    tables: list[pd.DataFrame], keys: list[str], loss: _Loss, cluster: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """(2, clusters, folds) sums of losses, and (clusters, folds) what they are divided by."""
    index = [c.FOLD, *keys]
    first, second = (table.set_index(index) for table in tables)
    second = second.reindex(first.index)
    known = np.isfinite(first[loss.column]) & np.isfinite(second[loss.column])
    losses = pd.DataFrame(
        {
            "first": first[loss.column].where(known, 0.0),
            "second": second[loss.column].where(known, 0.0),
            "weight": first[c.UNITS].where(known, 0.0) if loss.in_units else known.astype(float),
        }
    )
    groups = [cluster] if cluster else keys
    table = losses.reset_index().pivot_table(
        list(losses), groups, c.FOLD, aggfunc="sum", fill_value=0.0, observed=True
    )
    weight = table["weight"].to_numpy()
    # A fold without a unit, or without a scale, has no loss on the leaderboard either.
    judged = weight.sum(axis=0) > 0
    if not judged.any():
        raise DataError(
            "no fold has a series that sold and whose loss is known of both models",
            next_step="Choose another metric, or cuts where more has been sold.",
        )
    return np.stack([table["first"], table["second"]])[..., judged], weight[:, judged]


def _shown(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def _check(result: Backtest, models: tuple[str, str], metric: str, cluster: str | None) -> None:
    if result.by_series.empty:
        raise DataError(
            "the backtest kept no scores by series",
            next_step="Run it with keep_series=True.",
        )
    judged = list(result.by_series[c.MODEL].unique())
    for name in models:
        if name not in judged:
            raise DataError(
                f"there are no scores of {name!r}", next_step=f"Choose from {', '.join(judged)}."
            )
    if metric not in _LOSSES:
        raise DataError(
            f"{metric!r} is no loss that can be compared",
            next_step=f"Choose from {', '.join(_LOSSES)}.",
        )
    keys = [key for key in c.SERIES_KEYS if key in result.by_series]
    if cluster is not None and cluster not in keys:
        raise DataError(
            f"{cluster!r} is no key of these series", next_step=f"Choose from {', '.join(keys)}."
        )
