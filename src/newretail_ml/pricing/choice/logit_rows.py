"""The rows of a panel that teach a choice model, and what of them varies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.pricing.choice.shares import RIVALS_PRICE, WITHIN, share_frame
from newretail_ml.pricing.demand.history import History
from newretail_ml.pricing.estimation import Estimate, absorb, estimate

PERIOD, SERIES, PLACE, NEST = "period", "series", "place", "nest"
# With fewer markets, errors are clustered by period instead.
LEAST_CLUSTERS = 10


@dataclass(frozen=True, eq=False)
class LogitRows:
    """One row a series and period that teaches.

    Attributes:
        frame: period, series, place, price, units, the plans, and nest where there is one.
        plans: those of the plans that vary when markets and series are held constant.
        priced: whether the price does.
        counts: whether there are many zeros, so that shares have no logarithm.
    """

    frame: pd.DataFrame
    plans: tuple[str, ...]
    priced: bool
    counts: bool

    @classmethod
    def of(cls, history: History, nest: np.ndarray | None) -> LogitRows:
        """The rows of a history, with the nest of each series."""
        period, series = np.nonzero(history.teaches)
        told = {
            PERIOD: period,
            SERIES: series,
            PLACE: history.scale.market.place[series],
            c.PRICE: np.exp(history.log_prices[period, series]),
            c.UNITS: history.units[period, series],
        }
        if nest is not None:
            told[NEST] = nest[series]
        names = plan_names(history)
        told |= {name: history.plans[period, series, at] for at, name in enumerate(names)}
        frame = pd.DataFrame(told)
        size = frame.groupby([PLACE, PERIOD])[SERIES].transform("size")
        frame = frame[(size > 1).to_numpy()].reset_index(drop=True)
        if not len(frame):
            raise DataError(
                "no market has two products in one period, so there is nothing to choose between",
                table="panel",
                next_step="Use a model of single items, or put items of one category together.",
            )
        moves = _moves(frame, [c.PRICE, *names])
        return cls(
            frame, tuple(name for name in names if moves[name]), moves[c.PRICE], history.counts
        )

    def regression(self) -> Estimate:
        """Coefficients of price and plans, markets and series held constant."""
        causes = [c.PRICE, *self.plans]
        held = [(PLACE, PERIOD), SERIES]
        cluster = PLACE if self.frame[PLACE].nunique() >= LEAST_CLUSTERS else PERIOD
        if self.counts:
            return estimate(
                self.frame, c.UNITS, causes, absorb=held, cluster=cluster, family="poisson"
            )
        nest = NEST if NEST in self.frame else None
        ready = share_frame(
            self.frame, [PLACE, PERIOD], SERIES, c.PRICE, c.UNITS, None, nest, absorbed=True
        )
        within = [] if nest is None else [WITHIN]
        return estimate(
            ready.frame,
            ready.outcome,
            [*causes, *within],
            absorb=held,
            cluster=cluster,
            endogenous=within,
            instruments=[RIVALS_PRICE] if within else [],
        )


def plan_names(history: History) -> tuple[str, ...]:
    """Names of the plans, in the order of a history's arrays."""
    return (*history.scale.flags, *history.scale.others)


def nests_of(panel: Panel, column: str | None) -> np.ndarray | None:
    """(series,) nest of each series, by a column of the panel's statics."""
    if column is None:
        return None
    if column not in panel.statics:
        raise DataError(
            f"the statics have no column {column!r} (there are "
            f"{', '.join(map(str, panel.statics.columns)) or 'none'})",
            table="panel",
            next_step="Name one of them as the nest.",
        )
    return panel.statics[column].astype("str").to_numpy()


def _moves(frame: pd.DataFrame, names: list[str]) -> dict[str, bool]:
    """Whether columns vary when markets and series are held constant."""
    values = frame[names].to_numpy(float)
    market = frame.groupby([PLACE, PERIOD]).ngroup().to_numpy()
    left = absorb(values, [market, frame[SERIES].to_numpy()])
    size = np.sqrt((left**2).sum(axis=0))
    whole = np.maximum(np.sqrt((values**2).sum(axis=0)), 1e-300)
    return dict(zip(names, size > 1e-7 * whole, strict=True))
