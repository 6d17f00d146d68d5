"""Is one model better than another, or was it luck?

Two kinds of luck are kept apart. *Which series*: the difference of the mean loss is drawn again
from whole series (a cluster bootstrap: all folds and periods of a series stay together), which
gives an interval and a p-value for other series of the same kind in the same weeks. *Which
weeks*: the loss of each period, averaged over series, is tested as a time series by Diebold and
Mariano. A difference that holds over both can be relied on.
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
from newretail_ml.forecasting.judging.diebold_mariano import diebold_mariano
from newretail_ml.forecasting.judging.scores import (
    ABSOLUTE_SCALED,
    ABSOLUTE_UNITS,
    CRPS_UNITS,
    QUANTILE_UNITS,
    SQUARED_SCALED,
)


class _Loss(NamedTuple):
    """Where a metric's loss is: by series, and by period; in units, or already scaled."""

    by_series: str
    by_period: str
    in_units: bool


_LOSSES = {
    "rmsse": _Loss("rmsse", SQUARED_SCALED, in_units=False),
    "mase": _Loss("mase", ABSOLUTE_SCALED, in_units=False),
    "wape": _Loss(ABSOLUTE_UNITS, ABSOLUTE_UNITS, in_units=True),
    "weighted_quantile_loss": _Loss(QUANTILE_UNITS, QUANTILE_UNITS, in_units=True),
    "crps": _Loss(CRPS_UNITS, CRPS_UNITS, in_units=True),
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
        p_value_over_time: two-sided, over periods; NaN where there are too few.
        n_series: how many series (or clusters of them) were drawn from.
        n_periods: how many periods were compared.
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
    n_periods: int
    drawn: str = "series"

    @property
    def difference(self) -> float:
        """Mean loss of the first less that of the second: negative if the first is better."""
        return self.loss[0] - self.loss[1]

    @property
    def words(self) -> str:
        """The answer in two or three sentences."""
        better, worse = sorted(self.loss)
        names = (self.first, self.second)
        winner, loser = names if self.difference <= 0 else names[::-1]
        luck, told = 1 - self.confidence, self.p_value < 1 - self.confidence
        verdict = (
            f"{winner} beats {loser}" if told else f"{winner} and {loser} cannot be told apart"
        )
        gain = f" ({1 - better / worse:.1%} less)" if worse > better else ""
        low, high = self.interval
        text = (
            f"{verdict} on {self.metric}: {better:.4f} against {worse:.4f}{gain}. {self.first} "
            f"less {self.second} is {self.difference:+.4f}, {self.confidence:.0%} interval "
            f"{low:+.4f} to {high:+.4f} over {self.n_series:,} {self.drawn} "
            f"({_shown(self.p_value)})"
        )
        over_time = f"{self.n_periods} periods ({_shown(self.p_value_over_time)})"
        if np.isnan(self.p_value_over_time):
            return f"{text}. There are too few periods for a test over time."
        if not told:
            return f"{text}; over {over_time}."
        if self.p_value_over_time < luck:
            return f"{text}, and it holds over {over_time}."
        return f"{text}, but it may be luck over {over_time}."


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
        metric: rmsse, mase, wape, weighted_quantile_loss or crps. Over time, rmsse is tested by
            the squared scaled error, whose mean over periods is defined.
        cluster: a key whose series are drawn together, such as "item_id" where all locations of
            an item share their luck; by default each series for itself.
        confidence: probability of the interval.
        n_draws: bootstrap draws.
        random_state: seed of the draws.

    Raises:
        DataError: a model, metric or key is not known, or no scores by series were kept.
    """
    _check(result, (first, second), metric, cluster)
    tables = [result.by_series[result.by_series[c.MODEL] == name] for name in (first, second)]
    keys = [key for key in c.SERIES_KEYS if key in result.by_series]
    loss, weight = _aligned(tables, keys, _LOSSES[metric], cluster)
    means = (loss.sum(axis=1) / weight.sum(axis=0)).mean(axis=1)
    over_series = cluster_bootstrap(
        loss[0] - loss[1],
        weight,
        confidence=confidence,
        n_draws=n_draws,
        random_state=random_state,
    )
    over_time = _over_time(result.by_period, first, second, _LOSSES[metric])
    return Comparison(
        first=first,
        second=second,
        metric=metric,
        loss=(float(means[0]), float(means[1])),
        interval=over_series.interval,
        confidence=confidence,
        p_value=over_series.p_value,
        p_value_over_time=diebold_mariano(over_time, lags=int(len(over_time) ** (1 / 3))).p_value,
        n_series=len(weight),
        n_periods=len(over_time),
        drawn="series" if cluster is None else f"groups by {cluster}",
    )


def _aligned(
    tables: list[pd.DataFrame], keys: list[str], loss: _Loss, cluster: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """(2, clusters, folds) sums of losses, and (clusters, folds) what they are divided by."""
    index = [c.FOLD, *keys]
    first, second = (table.set_index(index) for table in tables)
    second = second.reindex(first.index)
    known = np.isfinite(first[loss.by_series]) & np.isfinite(second[loss.by_series])
    losses = pd.DataFrame(
        {
            "first": first[loss.by_series].where(known, 0.0),
            "second": second[loss.by_series].where(known, 0.0),
            "weight": first[c.UNITS].where(known, 0.0) if loss.in_units else known.astype(float),
        }
    )
    groups = [cluster] if cluster else keys
    table = losses.reset_index().pivot_table(
        list(losses), groups, c.FOLD, aggfunc="sum", fill_value=0.0, observed=True
    )
    return np.stack([table["first"], table["second"]]), table["weight"].to_numpy()


def _over_time(by_period: pd.DataFrame, first: str, second: str, loss: _Loss) -> np.ndarray:
    """(periods,) difference of the losses, oldest first; a mean where folds overlap."""
    tables = (
        by_period[by_period[c.MODEL] == name].groupby(c.DATE)[loss.by_period].mean()
        for name in (first, second)
    )
    one, other = tables
    return (one - other).dropna().sort_index().to_numpy()


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
