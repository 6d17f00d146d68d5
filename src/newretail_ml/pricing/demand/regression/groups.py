"""One regression a group of series, and why the data cannot tell where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.pricing.demand.regression.sample import (
    GROUP,
    INSTRUMENT,
    OUTCOME,
    OWN_PRICE,
    PERIOD,
    SERIES,
)
from newretail_ml.pricing.estimation import absorb, estimate

_NOTHING = 1e-6
_MANY_SERIES = 10
_LEAST_PERIODS = 8


@dataclass(frozen=True)
class Specification:
    """What is held constant, and how.

    Attributes:
        effects: that are absorbed inside each group.
        controls: columns beside the price.
        family: "linear" or "poisson".
        instrumented: whether the instrument stands in for the price.
        cluster: of errors; by period, and by series where there are many, if None.
    """

    effects: tuple[object, ...]
    controls: tuple[str, ...]
    family: str = "linear"
    instrumented: bool = False
    cluster: tuple[object, ...] | None = None


@dataclass(frozen=True)
class GroupFit:
    """What the rows of one group say.

    Attributes:
        coefficient: of the own price; NaN where they say nothing.
        error: its standard error as a normal has it: that of t widened to its variance.
        controls: name -> coefficient.
        leaning: name -> how that coefficient changes for each one of the price's.
        spread: of the price in the rows as it is; as a standard deviation.
        left: share of its variance that effects and controls do not explain.
        strength: first-stage F statistic of the instrument; NaN without.
        reason: why they say nothing.
    """

    coefficient: float = np.nan
    error: float = np.inf
    controls: dict[str, float] = field(default_factory=dict)
    leaning: dict[str, float] = field(default_factory=dict)
    spread: float = np.nan
    left: float = np.nan
    strength: float = np.nan
    reason: str = ""


def fit_groups(rows: pd.DataFrame, n: int, how: Specification) -> list[GroupFit]:
    """One regression for each of n groups; groups without rows say nothing."""
    parts = dict(list(rows.groupby(GROUP, sort=True)))
    empty = GroupFit(reason="no period with known demand and price: check stock-outs and prices")
    return [fit_group(parts[number], how) if number in parts else empty for number in range(n)]


def fit_group(rows: pd.DataFrame, how: Specification) -> GroupFit:
    """The regression of one group."""
    rows = rows[np.isfinite(rows[OUTCOME].to_numpy())]
    effects = _needed(rows, how.effects)
    periods = rows[PERIOD].nunique()
    if periods < _LEAST_PERIODS:
        return GroupFit(
            reason=f"{periods} periods with known demand and price, and {_LEAST_PERIODS} are the "
            "least: wait for more"
        )
    kept, spread, left, reason = _variation(rows, how.controls, effects)
    if reason:
        return GroupFit(spread=spread, left=left, reason=reason)
    try:
        found = estimate(
            rows,
            OUTCOME,
            [OWN_PRICE, *kept],
            absorb=effects,
            cluster=_clusters(rows) if how.cluster is None else list(how.cluster),
            family="poisson" if how.family == "poisson" else "linear",
            endogenous=[OWN_PRICE] if how.instrumented else (),
            instruments=[INSTRUMENT] if how.instrumented else (),
        )
    except DataError as problem:
        return GroupFit(spread=spread, left=left, reason=_plain(problem))
    place, freedom = found.names.index(OWN_PRICE), found.freedom
    with_price = found.covariance[place] / max(found.covariance[place, place], 1e-300)
    error = float(found.standard_errors[place])
    error = error * np.sqrt(freedom / (freedom - 2)) if freedom > 2 else np.inf
    return GroupFit(
        coefficient=found[OWN_PRICE],
        error=error if error > 0 else np.inf,
        controls={name: found[name] for name in kept},
        leaning={name: float(with_price[found.names.index(name)]) for name in kept},
        spread=spread,
        left=left,
        strength=found.instruments.strength if found.instruments else np.nan,
        reason="" if error > 0 else "the rows fit without an error: there are too few of them",
    )


def _plain(problem: DataError) -> str:
    return str(problem).split("\n")[0]


def _needed(rows: pd.DataFrame, effects: Sequence[object]) -> list[object]:
    """Effects that have several levels in these rows, the first always."""
    chosen: list[object] = []
    for effect in effects:
        names = list(effect) if isinstance(effect, tuple) else [effect]
        if not chosen or len(rows[names].drop_duplicates()) > 1:
            chosen.append(effect)
    return chosen


def _clusters(rows: pd.DataFrame) -> list[object]:
    return [PERIOD, SERIES] if rows[SERIES].nunique() >= _MANY_SERIES else [PERIOD]


def _variation(
    rows: pd.DataFrame, controls: Sequence[str], effects: Sequence[object]
) -> tuple[list[str], float, float, str]:
    """Controls that vary, the price's spread, what is left of it, and what is wrong with that."""
    columns = rows[[*controls, OWN_PRICE]].to_numpy(float)
    codes = [_codes(rows, effect) for effect in effects]
    start = np.sqrt(((columns - columns.mean(axis=0)) ** 2).sum(axis=0))
    spread = start[-1] / np.sqrt(len(rows))
    if start[-1] <= _NOTHING * np.abs(columns[:, -1]).max(initial=1.0):
        return [], spread, 0.0, "the price never moved: change it in some periods or locations"
    within = absorb(columns, codes) if codes else columns - columns.mean(axis=0)
    alone = float(np.linalg.norm(within[:, -1]) / start[-1])
    if alone <= _NOTHING**0.5:
        return (
            [],
            spread,
            0.0,
            (
                "effects of "
                + " and ".join(map(_named, effects))
                + " explain the price: move it at "
                "other times, or hold fewer effects constant"
            ),
        )
    kept, basis = [], np.empty((len(rows), 0))
    for place, name in enumerate(controls):
        left = _apart(within[:, place], basis)
        if np.linalg.norm(left) > _NOTHING**0.5 * max(start[place], 1e-300):
            kept.append(name)
            basis = np.column_stack([basis, left / np.linalg.norm(left)])
    share = float(np.linalg.norm(_apart(within[:, -1], basis)) / start[-1])
    reason = ""
    if share <= _NOTHING**0.5:
        reason = (
            f"the price is perfectly collinear with {' and '.join(kept)}: change the price "
            "without them, or have them at the same price"
        )
    return kept, spread, share**2, reason


def _named(effect: object) -> str:
    return " x ".join(map(str, effect)) if isinstance(effect, tuple) else str(effect)


def _codes(rows: pd.DataFrame, effect: object) -> np.ndarray:
    names = list(effect) if isinstance(effect, tuple) else [effect]
    return np.asarray(rows.groupby(names, sort=False).ngroup().to_numpy())


def _apart(column: np.ndarray, basis: np.ndarray) -> np.ndarray:
    for _ in range(2):
        column = column - basis @ (basis.T @ column)
    return column
