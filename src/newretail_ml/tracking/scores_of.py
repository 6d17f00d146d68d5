"""Scores of each kind of comparison that the library makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting import Backtest
from newretail_ml.forecasting.judging.backtest import CUT, METRIC, VALUE
from newretail_ml.forecasting.judging.scores import ABSOLUTE_UNITS, CRPS_UNITS, QUANTILE_UNITS
from newretail_ml.pricing.demand.judging import PriceBacktest
from newretail_ml.recommendation.judging.judgement import Judgement
from newretail_ml.recommendation.judging.names import VIEW
from newretail_ml.replenishment.replay import Replay
from newretail_ml.replenishment.replay.result import CLAIRVOYANT
from newretail_ml.tracking.scores import HIGHER, LOWER, UNIT, WEIGHT, Better, Scores

Comparable: TypeAlias = (
    pd.DataFrame | Scores | Backtest | PriceBacktest | Judgement | Replay | Mapping[str, Replay]
)
"""What `Run.log_comparison` takes."""

_FORECASTS: Mapping[str, Better] = {
    "weighted_quantile_loss": LOWER,
    "crps": LOWER,
    "wape": LOWER,
    "rmsse": LOWER,
    "mase": LOWER,
    "bias": 0.0,
}
_PRICES: Mapping[str, Better] = {"rmse_log": LOWER, "wape": LOWER, "bias_log": 0.0, "bias": 0.0}
_LISTS = ("ndcg", "recall", "precision", "average_precision", "hit_rate", "reciprocal_rank")
_LISTS_IN_MONEY = ("revenue", "margin", "expected_margin")
_ORDERS: Mapping[str, Better] = {
    "cost": LOWER,
    "profit": HIGHER,
    "fill_rate": HIGHER,
    "units_lost": LOWER,
}
# The loss by series, and what it is divided by; 1 for what is scaled already.
_BY_SERIES = {
    "weighted_quantile_loss": (QUANTILE_UNITS, c.UNITS),
    "crps": (CRPS_UNITS, c.UNITS),
    "wape": (ABSOLUTE_UNITS, c.UNITS),
    "rmsse": ("rmsse", None),
    "mase": ("mase", None),
}


def scores_of(
    given: Comparable,
    better: Mapping[str, Better] | None = None,
    paired: pd.DataFrame | None = None,
    bounds: Sequence[str] = (),
) -> Scores:
    """The scores of a comparison; all but the first belong to a table of one's own.

    Raises:
        DataError: it is no comparison, or nothing says which values are good ones.
    """
    if isinstance(given, pd.DataFrame):
        return Scores.from_frame(given, better or {}, paired=paired, bounds=bounds)
    if isinstance(given, Scores):
        return given
    if isinstance(given, Backtest):
        return _of_forecasts(given)
    if isinstance(given, PriceBacktest):
        return _of_prices(given)
    if isinstance(given, Judgement):
        return _of_lists(given)
    if isinstance(given, Replay):
        return _of_orders({given.policy: given})
    if isinstance(given, Mapping) and given and all(map(_is_replay, given.values())):
        return _of_orders(given)
    raise DataError(
        f"a {type(given).__name__} is no comparison",
        next_step="Pass a table of model, fold, metric and value, or what a backtest or replays "
        "have found.",
    )


def _of_forecasts(result: Backtest) -> Scores:
    scores = result.scores.copy()
    if not result.by_period.empty:
        last = result.by_period.groupby(c.FOLD)[c.DATE].max()
        scores[CUT] = [
            f"{pd.Timestamp(cut).date()} to {pd.Timestamp(last[fold]).date()}"
            for cut, fold in zip(scores[CUT], scores[c.FOLD], strict=True)
        ]
    better = dict(_FORECASTS)
    for name in scores[METRIC].unique():
        if "coverage" in name:
            better[name] = int(name.rpartition("_")[2]) / 100
    paired = _by_series(result.by_series) if not result.by_series.empty else None
    return Scores.from_frame(scores, better, paired=paired, not_run=result.not_run)


def _by_series(table: pd.DataFrame) -> pd.DataFrame:
    keys = [name for name in c.SERIES_KEYS if name in table]
    place = table[[c.MODEL, c.FOLD]].assign(**{UNIT: unit_names(table[keys])})
    parts = []
    for metric, (loss, weight) in _BY_SERIES.items():
        divided_by = 1.0 if weight is None else table[weight]
        part = place.assign(**{METRIC: metric, VALUE: table[loss], WEIGHT: divided_by})
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def unit_names(keys: pd.DataFrame) -> pd.Series:
    """One text a row from the keys of its series."""
    names = keys.iloc[:, 0].astype(str)
    for column in keys.columns[1:]:
        names = names + " | " + keys[column].astype(str)
    return names


def _of_prices(result: PriceBacktest) -> Scores:
    place = [c.MODEL, c.FOLD, CUT]
    table = result.scores.melt(place, [*_PRICES], var_name=METRIC, value_name=VALUE)
    return Scores.from_frame(table, _PRICES, not_run=result.not_run)


def _of_lists(result: Judgement) -> Scores:
    """A list of k slots is asked for at each cut; views are metrics of their own."""
    cuts = [_asked(cut, result.k) for cut in result.by_customer[CUT]]
    rows = result.by_customer.assign(**{CUT: cuts})
    place = [c.MODEL, VIEW, CUT]
    measures = [name for name in result.measures if rows[name].notna().any()]
    table = rows.groupby(place, sort=False)[measures].mean().reset_index()
    table = table.melt(place, measures, var_name=METRIC, value_name=VALUE)
    paired = rows.melt([*place, c.CUSTOMER], measures, var_name=METRIC, value_name=VALUE)
    better: dict[str, Better] = {
        f"{view}_{name}": HIGHER
        for view in rows[VIEW].unique()
        for name in (*_LISTS, *_LISTS_IN_MONEY)
        if name in measures
    }
    return Scores.from_frame(
        _of_view(table),
        better,
        paired=_of_view(paired).rename(columns={c.CUSTOMER: UNIT}),
        not_run=result.not_run,
    )


def _asked(cut: pd.Timestamp, slots: int) -> str:
    """Lists that were made elsewhere have no cut."""
    return f"{f'{cut:%Y-%m-%d}, ' if pd.notna(cut) else ''}{slots} slots"


def _of_view(table: pd.DataFrame) -> pd.DataFrame:
    named = table[VIEW].astype(str) + "_" + table[METRIC].astype(str)
    return table.assign(**{METRIC: named, c.FOLD: table[CUT]})


def _of_orders(replays: Mapping[str, Replay]) -> Scores:
    """Each path of demand is a fold; without paths there is one. The clairvoyant is a bound."""
    first = next(iter(replays.values()))
    named = dict(replays)
    if len(named) == 1 and "baseline" in first.compare().index:
        named[f"baseline: {first.baseline.policy}"] = first.baseline
    _check_same_demand(named)
    bound, wanted = first.clairvoyant, first.totals.demand
    tables = [
        _by_path(name, one.cost, one.profit, one.totals.met, wanted) for name, one in named.items()
    ]
    tables.append(_by_path(CLAIRVOYANT, bound.cost, bound.profit, bound.met, wanted))
    paired = pd.concat([_by_path_and_series(name, one) for name, one in named.items()])
    return Scores.from_frame(
        pd.concat(tables, ignore_index=True), _ORDERS, paired=paired, bounds=[CLAIRVOYANT]
    )


def _check_same_demand(replays: Mapping[str, Replay]) -> None:
    first, *others = replays.values()
    for other in others:
        same = np.array_equal(first.setting.demand, other.setting.demand)
        if not (same and first.setting.warm_up == other.setting.warm_up):
            raise DataError(
                "the policies were not replayed on the same demand",
                table="replays",
                next_step="Replay them with the same demand, start and warm_up.",
            )


def _by_path(
    model: str, cost: np.ndarray, profit: np.ndarray, met: np.ndarray, wanted: np.ndarray
) -> pd.DataFrame:
    """Each array is (series[, paths])."""
    units, served = np.atleast_1d(wanted.sum(axis=0)), np.atleast_1d(met.sum(axis=0))
    figures = {
        "cost": np.atleast_1d(cost.sum(axis=0)),
        "profit": np.atleast_1d(profit.sum(axis=0)),
        "fill_rate": np.divide(served, units, out=np.ones(len(units)), where=units > 0),
        "units_lost": units - served,
    }
    table = pd.DataFrame(figures).rename_axis(c.FOLD).reset_index()
    return table.melt(c.FOLD, var_name=METRIC, value_name=VALUE).assign(**{c.MODEL: model})


def _by_path_and_series(model: str, outcome: Replay) -> pd.DataFrame:
    """Weights of one n-th, so that the value of a fold is the sum over its n series."""
    names = unit_names(outcome.keys)
    parts = []
    for metric, values in (("cost", outcome.cost), ("profit", outcome.profit)):
        table = pd.DataFrame(values.reshape(len(names), -1), index=pd.Index(names, name=UNIT))
        parts.append(
            table.reset_index()
            .melt(UNIT, var_name=c.FOLD, value_name=VALUE)
            .assign(**{c.MODEL: model, METRIC: metric, WEIGHT: 1 / len(names)})
        )
    return pd.concat(parts, ignore_index=True)


def _is_replay(given: object) -> bool:
    return isinstance(given, Replay)
