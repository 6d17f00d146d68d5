"""One regression a group of series, and why the data cannot tell where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

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
from newretail_ml.pricing.estimation import Estimate, absorb, estimate

_NOTHING = 1e-3
_EXACT = 1e-6
_STILL = "the price never moved: change it in some periods or locations"
_EXPLAINED = (
    "effects of {} explain the price: move it at other times, or hold fewer effects constant"
)
_COLLINEAR = (
    "the price is perfectly collinear with {}: change it without them, or have them at one price"
)
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
        control_errors: name -> standard error.
        leaning: name -> how that coefficient changes for each one of the price's.
        redundant: controls that move with others only, which speak for them.
        spread: of the price in the rows as it is; as a standard deviation.
        left: share of its variance that effects and controls do not explain.
        strength: first-stage F statistic of the instrument; NaN without.
        reason: why they say nothing.
    """

    coefficient: float = np.nan
    error: float = np.inf
    controls: dict[str, float] = field(default_factory=dict)
    control_errors: dict[str, float] = field(default_factory=dict)
    leaning: dict[str, float] = field(default_factory=dict)
    redundant: tuple[str, ...] = ()
    spread: float = np.nan
    left: float = np.nan
    strength: float = np.nan
    reason: str = ""


@dataclass(frozen=True)
class Variation:
    """How the price of some rows moves.

    Attributes:
        spread: its standard deviation as it is.
        left: share of its variance that effects and controls do not explain.
        controls: those that vary apart from effects and from one another.
        redundant: those that vary with others only.
        classic: (1 + controls,) variances of coefficients, the price's first, over that of errors.
        leaning: (controls,) how their coefficients change for each one of the price's.
        reason: why nothing can be told; empty where it can.
    """

    spread: float
    left: float = 0.0
    controls: tuple[str, ...] = ()
    redundant: tuple[str, ...] = ()
    classic: np.ndarray = field(default_factory=lambda: np.empty(0))
    leaning: np.ndarray = field(default_factory=lambda: np.empty(0))
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
    seen = variation_of(rows, how.controls, effects)
    nothing = GroupFit(spread=seen.spread, left=seen.left, reason=seen.reason)
    if seen.reason:
        return nothing
    try:
        found = estimate(
            rows,
            OUTCOME,
            [OWN_PRICE, *seen.controls],
            absorb=effects,
            cluster=_clusters(rows) if how.cluster is None else list(how.cluster),
            family="poisson" if how.family == "poisson" else "linear",
            endogenous=[OWN_PRICE] if how.instrumented else (),
            instruments=[INSTRUMENT] if how.instrumented else (),
        )
    except DataError as problem:
        return replace(nothing, reason=str(problem).split("\n")[0])
    return _told(found, seen, how)


def _told(found: Estimate, seen: Variation, how: Specification) -> GroupFit:
    parameters = len(found.names) + found.absorbed
    freedom = min(found.freedom, found.n_rows - parameters)
    if freedom <= 2:
        few = f"{found.n_rows} rows are too few for {parameters} parameters: wait for more"
        return GroupFit(spread=seen.spread, left=seen.left, reason=few)
    variance = np.diag(found.covariance)
    if how.family == "linear" and not how.instrumented:
        # Robust errors are too small where few rows tell: Angrist and Pischke (2009), Mostly
        # Harmless Econometrics, section 8.1, take the larger.
        noise = float((found.residuals**2).sum()) / (found.n_rows - parameters)
        variance = np.fmax(variance, noise * seen.classic)
    # A t statistic has this much more variance than a normal one.
    errors = np.sqrt(np.maximum(variance, 0.0) * freedom / (freedom - 2))
    errors = np.maximum(errors, _EXACT * np.maximum(np.abs(found.coefficients), 1.0))
    first = found.names.index(OWN_PRICE)
    value = dict(zip(found.names, found.coefficients.tolist(), strict=True))
    error = dict(zip(found.names, errors.tolist(), strict=True))
    return GroupFit(
        coefficient=value[OWN_PRICE],
        error=float(errors[first]),
        controls={name: value[name] for name in seen.controls},
        control_errors={name: error[name] for name in seen.controls},
        leaning=dict(zip(seen.controls, seen.leaning.tolist(), strict=True)),
        redundant=seen.redundant,
        spread=seen.spread,
        left=seen.left,
        strength=found.instruments.strength if found.instruments else np.nan,
    )


def _needed(rows: pd.DataFrame, effects: Sequence[object]) -> list[object]:
    """Effects that have several levels in these rows, the first always."""
    chosen: list[object] = []
    for effect in effects:
        codes = _codes(rows, effect)
        if not chosen or (codes != codes[:1]).any():
            chosen.append(effect)
    return chosen


def _clusters(rows: pd.DataFrame) -> list[object]:
    return [PERIOD, SERIES] if rows[SERIES].nunique() >= _MANY_SERIES else [PERIOD]


def variation_of(
    rows: pd.DataFrame, controls: Sequence[str], effects: Sequence[object]
) -> Variation:
    """How the price moves in rows, apart from effects and from controls that vary."""
    columns = rows[[*controls, OWN_PRICE]].to_numpy(float)
    start = np.linalg.norm(columns - columns.mean(axis=0), axis=0)
    seen = Variation(spread=float(start[-1] / np.sqrt(len(rows))))
    if start[-1] <= _NOTHING * np.linalg.norm(columns[:, -1]):
        return replace(seen, reason=_STILL)
    within = absorb(columns, [_codes(rows, effect) for effect in effects])
    if np.linalg.norm(within[:, -1]) <= _NOTHING * start[-1]:
        named = " and ".join(map(_named, effects))
        return replace(seen, reason=_EXPLAINED.format(named))
    kept: list[int] = []
    moving = np.linalg.norm(within, axis=0) > _NOTHING * np.maximum(start, 1e-300)
    basis = np.empty((len(rows), 0))
    for place in range(len(controls)):
        left = _apart(within[:, place], basis)
        if np.linalg.norm(left) > _NOTHING * max(start[place], 1e-300):
            kept.append(place)
            basis = np.column_stack([basis, left / np.linalg.norm(left)])
    names = tuple(controls[place] for place in kept)
    others = tuple(
        name for name, moves in zip(controls, moving, strict=False) if moves and name not in names
    )
    share = float(np.linalg.norm(_apart(within[:, -1], basis)) / start[-1])
    if share <= _NOTHING:
        return replace(seen, reason=_COLLINEAR.format(" and ".join(names)))
    beside = within[:, kept]
    ordered = np.column_stack([within[:, -1], beside])
    return replace(
        seen,
        controls=names,
        redundant=others,
        left=share**2,
        classic=np.diag(np.linalg.inv(ordered.T @ ordered)),
        leaning=-np.linalg.lstsq(beside, within[:, -1], rcond=None)[0],
    )


def _named(effect: object) -> str:
    return " x ".join(map(str, effect)) if isinstance(effect, tuple) else str(effect)


def _codes(rows: pd.DataFrame, effect: object) -> np.ndarray:
    """(rows,) numbers of an effect; of a cross, numbered anew."""
    if not isinstance(effect, tuple):
        return rows[effect].to_numpy()
    return np.asarray(rows.groupby(list(effect), sort=False).ngroup().to_numpy())


def _apart(column: np.ndarray, basis: np.ndarray) -> np.ndarray:
    for _ in range(2):
        column = column - basis @ (basis.T @ column)
    return column
