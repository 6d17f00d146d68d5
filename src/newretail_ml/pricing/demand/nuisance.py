"""What everything but the price says of demand and of the price, predicted out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from newretail_ml.features.calendar import Days
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.history import History, Scale

_FIXED = {
    "objective": "l2",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "max_bin": 255,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
_ROUNDS = (25, 50, 100, 200)

_N_CODES = 2


@dataclass(frozen=True, eq=False)
class Controls:
    """The columns that are held: plans, other products' prices, calendar, trend, the series.

    Args:
        scale: usual prices and names of plans.
    """

    scale: Scale

    @property
    def categorical(self) -> list[int]:
        """Positions of the columns that hold codes: item and market."""
        return list(range(_N_CODES))

    @property
    def plans(self) -> slice:
        """Positions of the flags."""
        return slice(7, 7 + len(self.scale.flags))

    def of_panel(self, panel: Panel, periods: slice) -> np.ndarray:
        """(periods, series, columns)."""
        market = self.scale.market
        relative = self.scale.relative(self.scale.log_prices(panel, periods))
        plans = self.scale.plans(panel, periods)
        others = np.moveaxis(market.mean_of_others(np.moveaxis(plans, -1, 0)), 0, -1)
        days = Days.of(panel.periods, periods.start, periods.stop - 1).first
        dates = (np.arange(periods.start, periods.stop), days.day_of_week, days.day_of_year)
        shape = relative.shape
        columns = [
            np.broadcast_to(market.item, shape),
            np.broadcast_to(market.place, shape),
            *(np.broadcast_to(np.asarray(date, float)[:, None], shape) for date in dates),
            market.mean_of_others(relative),
            market.least_of_others(relative),
        ]
        return np.concatenate([np.stack(columns, axis=-1), plans, others], axis=-1)


@dataclass(frozen=True, eq=False)
class Nuisance:
    """Boosters of one target, each fitted without one fold.

    Attributes:
        boosters: one a fold.
        predicted: (rows,) what the booster of the row's fold says of it.
    """

    boosters: Sequence[Any]
    predicted: np.ndarray

    def mean(self, columns: np.ndarray, threads: int) -> np.ndarray:
        """(...) mean over the boosters, of columns (..., columns)."""
        rows = columns.reshape(-1, columns.shape[-1])
        said = [booster.predict(rows, num_threads=threads) for booster in self.boosters]
        return np.asarray(np.mean(said, axis=0).reshape(columns.shape[:-1]))


def time_folds(history: History, block: int, folds: int) -> np.ndarray:
    """(periods,) number of the fold: blocks of periods take turns.

    Whole blocks, because neighbouring periods share what no column tells; in turns, because
    trees cannot say anything of a trend that they have not seen.
    """
    return np.asarray((np.arange(len(history.units)) // block) % folds)


def out_of_fold(
    columns: np.ndarray,
    target: np.ndarray,
    fold: np.ndarray,
    controls: Controls,
    seed: int,
    threads: int,
) -> Nuisance:
    """Predictions of a target by boosters that have not seen the row's fold.

    The number of trees is the one that predicts rows out of fold best; it is chosen before the
    elasticity is looked at.

    Args:
        columns: (rows, columns).
        target: (rows,).
        fold: (rows,).
        controls: what the columns are.
        seed: of the boosters.
        threads: how many.
    """
    import lightgbm

    settings = {
        **_FIXED,
        "min_data_in_leaf": max(min(20, len(target) // 40), 3),
        "seed": seed,
        "num_threads": threads,
    }
    boosters, staged = [], np.zeros((len(_ROUNDS), len(target)))
    for number in np.unique(fold):
        inside = fold == number
        data = lightgbm.Dataset(
            columns[~inside],
            target[~inside],
            categorical_feature=controls.categorical,
            params=settings,
        )
        booster = lightgbm.train(settings, data, num_boost_round=_ROUNDS[-1])
        boosters.append(booster)
        for stage, rounds in enumerate(_ROUNDS):
            staged[stage, inside] = booster.predict(
                columns[inside], num_iteration=rounds, num_threads=threads
            )
    best = int(((staged - target) ** 2).mean(axis=1).argmin())
    for booster in boosters:
        booster.best_iteration = _ROUNDS[best]
    return Nuisance(boosters, staged[best])


def left_over(targets: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """(2, rows) what predictions out of fold, (rows, 2), leave of two targets, (rows, 2).

    Trees say too little of large effects, and what they leave of demand and of the price would
    still move together. So the predictions are calibrated: each target is regressed on both,
    their squares and their product.
    """
    first, second = ((predicted - predicted.mean(axis=0)) / (predicted.std(axis=0) + 1e-12)).T
    terms = np.stack(
        [np.ones(len(first)), first, second, first**2, second**2, first * second], axis=1
    )
    return np.asarray((targets - terms @ np.linalg.lstsq(terms, targets, rcond=None)[0]).T)
