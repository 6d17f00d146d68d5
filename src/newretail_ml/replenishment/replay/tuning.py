"""A policy's parameter chosen by replay, before the periods that the policy is judged on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml.checks import check_numbers, check_whole
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay.engine import Policy
from newretail_ml.replenishment.replay.run import replay

GROUP = "group"
VALUE = "value"
COST = "cost"
ERROR = "standard_error"
ABOVE_BEST = "above_best"
ABOVE_ERROR = "standard_error_above_best"


@dataclass(frozen=True, eq=False, repr=False)
class Tuned:
    """The value of a parameter with the least mean cost, and how the others did.

    Attributes:
        by_series: (series,) best value for each series; the same for all without groups.
        table: one row a group and candidate: group (if there are groups), value, cost (mean over
            windows and paths), standard_error, above_best (cost above that of the best value on
            the same demand) and standard_error_above_best.
        at_edge: whether some best value is the smallest or largest candidate, so that a better
            one may lie beyond.
        make_policy: as given to `tune`.
    """

    by_series: np.ndarray
    table: pd.DataFrame
    at_edge: bool
    make_policy: Callable[[Any], Policy]

    @property
    def value(self) -> float:
        """The best value of all series together.

        Raises:
            DataError: each group has its own.
        """
        if GROUP in self.table:
            raise DataError("each group has its own value", next_step="Use by_series or policy().")
        return float(self.by_series[0])

    def policy(self) -> Policy:
        """The policy with the best value; with groups it is made from `by_series`."""
        return self.make_policy(self.by_series if GROUP in self.table else self.value)

    def __repr__(self) -> str:
        best = self.table[self.table[ABOVE_BEST] == 0]
        count = f"{self.table[VALUE].nunique():,} candidates"
        if GROUP in self.table:
            low, high = self.by_series.min(), self.by_series.max()
            groups = self.table[GROUP].nunique()
            text = f"{low:g} to {high:g} in {groups:,} groups, the best of {count}"
        else:
            cost, error = best[COST].iloc[0], best[ERROR].iloc[0]
            text = f"{self.value:g}, the best of {count}: cost {cost:,.2f} ± {error:,.2f}"
        return f"Tuned({text}{'; at the edge, so widen the candidates' if self.at_edge else ''})"


def tune(
    make_policy: Callable[[Any], Policy],
    candidates: Sequence[float] | np.ndarray,
    demand: Panel | np.ndarray,
    terms: pd.DataFrame,
    *,
    starts: Sequence[str | pd.Timestamp | int] | None = None,
    periods: int | None = None,
    groups: Sequence[object] | np.ndarray | None = None,
    progress: bool = True,
    **options: Any,
) -> Tuned:
    """The value of a policy's parameter that costs least in replays on the same demand.

    Demand is either drawn from a forecast, or what happened in earlier windows. All of it counts
    as training: pass ``panel.until(t)`` and judge the policy on what follows. Every candidate
    meets the same demand (common random numbers), so that differences between them are known
    better than their costs. Of equal candidates the smallest is chosen.

    Standard errors are over paths where demand has several, else over series, taken as
    independent; NaN where there is one of each.

    Source: Law (2015), Simulation Modeling and Analysis, 5th edition, chapter 10 and
    section 11.2 (common random numbers).

    Args:
        make_policy: makes a policy of a value; with groups, also of an array (series,).
        candidates: values to try, such as factors on an order-up-to level.
        demand: panel, or array (series, periods) or (series, paths, periods), as for `replay`.
        terms: as for `replay`; the stock is there at the start of each window.
        starts: date or number of the period with which each window starts; a panel needs them.
            Without them an array is one window.
        periods: length of each window; by default up to the end of the demand.
        groups: (series,) labels in the order of the demand, each of which gets its own value:
            ``np.arange(series)`` tunes every series by itself. By default one value for all.
        progress: show a progress bar if it takes longer than a few seconds.
        options: further arguments of `replay`: due, backorders, issuing, capacity, warm_up.

    Raises:
        DataError: a candidate is no number, a window does not fit into the demand, there is not
            one group a series, or what `replay` raises.

    >>> from newretail_ml.replenishment.replay import base_stock_policy
    >>> terms = pd.DataFrame({"item_id": ["tea"], "on_hand": [4], "lead_time": [1],
    ...                       "review_period": [1], "holding_cost": [1], "shortage_cost": [9]})
    >>> demand = np.random.default_rng(0).poisson(3, size=(1, 50, 60))
    >>> tune(base_stock_policy, range(4, 16), demand, terms, warm_up=10)
    Tuned(9, the best of 12 candidates: cost 215.94 ± 4.03)
    """
    values = np.unique(check_numbers("candidates", list(candidates), at_least=None))
    windows = _windows(demand, starts, periods)
    policies = (make_policy(float(value)) for value in _shown(values, progress))
    costs = np.array([_mean_cost(policy, windows, terms, options) for policy in policies])
    labels, group = _labels(groups, costs.shape[1])
    tables = [_compared(values, costs[:, group == number]) for number in range(len(labels))]
    best = np.array([int(table[COST].to_numpy().argmin()) for table in tables])
    if groups is not None:
        for label, table in zip(labels, tables, strict=True):
            table.insert(0, GROUP, label)
    return Tuned(
        by_series=values[best][group],
        table=pd.concat(tables, ignore_index=True),
        at_edge=len(values) > 1 and bool(np.isin(best, [0, len(values) - 1]).any()),
        make_policy=make_policy,
    )


def _shown(values: np.ndarray, progress: bool) -> Iterable[float]:
    from tqdm import tqdm

    return tqdm(values, desc="tune", delay=3, leave=False, disable=not progress)


def _mean_cost(
    policy: Policy,
    windows: list[tuple[Panel | np.ndarray, int]],
    terms: pd.DataFrame,
    options: dict[str, Any],
) -> np.ndarray:
    """(series[, paths]) cost of a window."""
    still: dict[str, Any] = {"baseline": None, "keep": False, "progress": False}
    costs = [
        replay(policy, part, terms, start=start, **still, **options).cost for part, start in windows
    ]
    return np.mean(costs, axis=0)


def _compared(values: np.ndarray, costs: np.ndarray) -> pd.DataFrame:
    """Costs (candidates, series[, paths]) of a group, added up over its series."""
    if costs.ndim == 3 and costs.shape[2] > 1:
        replications = costs.sum(axis=1)
    else:
        # Independent series: the error of their sum is that of their mean, times their number.
        costs = costs.reshape(*costs.shape[:2])
        replications = costs * costs.shape[1]
    mean = replications.mean(axis=1)
    above = replications - replications[mean.argmin()]
    return pd.DataFrame(
        {
            VALUE: values,
            COST: mean,
            ERROR: _standard_error(replications),
            ABOVE_BEST: above.mean(axis=1),
            ABOVE_ERROR: _standard_error(above),
        }
    )


def _standard_error(replications: np.ndarray) -> np.ndarray:
    count = replications.shape[1]
    if count < 2:
        return np.full(len(replications), np.nan)
    return replications.std(axis=1, ddof=1) / np.sqrt(count)


def _windows(
    demand: Panel | np.ndarray,
    starts: Sequence[str | pd.Timestamp | int] | None,
    periods: int | None,
) -> list[tuple[Panel | np.ndarray, int]]:
    """Demand up to the end of each window, and the period with which the window starts."""
    if starts is None and isinstance(demand, Panel):
        raise DataError(
            "a panel holds history and the windows to replay, and no starts are given",
            next_step="Pass starts=, periods or dates before those that the policy is judged on.",
        )
    if starts is not None and not len(starts):
        raise DataError("there are no windows", next_step="Pass at least one start.")
    demand = demand if isinstance(demand, Panel) else np.asarray(demand)
    known = demand.cut if isinstance(demand, Panel) else demand.shape[-1]
    length = None if periods is None else check_whole("periods", periods, at_least=1)
    made: list[tuple[Panel | np.ndarray, int]] = []
    for start in [0] if starts is None else starts:
        first = _position(demand, start)
        end = known if length is None else first + length
        if not 0 <= first < end <= known:
            raise DataError(
                f"the window from {start} over {end - first} periods lies outside the "
                f"{known:,} periods of demand that are known",
                next_step="Start earlier, or shorten the windows with periods=.",
            )
        made.append((demand.until(end) if isinstance(demand, Panel) else demand[..., :end], first))
    return made


def _position(demand: Panel | np.ndarray, start: str | pd.Timestamp | int) -> int:
    if isinstance(start, int | np.integer):
        return int(start)
    if not isinstance(demand, Panel):
        raise DataError(
            f"the start {start!r} is a date, and the demand has none",
            next_step="Pass numbers of periods.",
        )
    return int(demand.periods.position([pd.Timestamp(start)])[0])


def _labels(
    groups: Sequence[object] | np.ndarray | None, series: int
) -> tuple[Sequence[object], np.ndarray]:
    """Distinct labels, and the number of each series' label."""
    if groups is None:
        return [None], np.zeros(series, dtype=int)
    labels = pd.Series(list(groups))
    if len(labels) != series or labels.isna().any():
        raise DataError(
            f"there are {int(labels.notna().sum()):,} groups for {series:,} series",
            next_step="Pass one label a series, in the order of the demand.",
        )
    group, distinct = pd.factorize(labels)
    return list(distinct), group
