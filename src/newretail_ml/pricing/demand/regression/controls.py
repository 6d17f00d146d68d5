"""Whether the answer moves with what is held constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.regression.groups import GroupFit, Specification, fit_groups
from newretail_ml.pricing.demand.regression.sample import (
    ELSEWHERE,
    INSTRUMENT,
    MONTH,
    PERIOD,
    SERIES,
    TIME,
    TREND,
    WEEKDAY,
    Sample,
    default_controls,
    held,
    sample_of,
)

AS_FITTED, NO_PROMOTION, NOTHING, SEASON = "as fitted", "no promotion", "nothing", "season"
OF_TIME = (TIME, PERIOD, MONTH, WEEKDAY)
STRONG = 10.0
_CHANCE = 0.05
_MATTERS = 0.25
_YEARS = 2.0
_A_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0}


@dataclass(frozen=True, eq=False)
class ControlComparison:
    """Elasticities under different controls.

    Attributes:
        table: one row a group and set of controls: controls, elasticity, standard_error, counts
            (whether the set is a fair rival: it holds promotions and some form of time constant)
            and reason, where there is no estimate.
        verdict: one row a group: least and most among the sets that count, moves (whether they
            differ by more than their errors allow, and by more than a quarter), and between.
    """

    table: pd.DataFrame
    verdict: pd.DataFrame


def compare_controls(
    panel: Panel,
    form: str = "log-log",
    by: Sequence[str] = (c.ITEM,),
    effects: Sequence[object] = (SERIES, TIME, WEEKDAY),
) -> ControlComparison:
    """Elasticities with and without promotion, season, trend, period effects and an instrument.

    An answer that depends on what else is held constant is an opinion: see Leamer (1983), Let's
    take the con out of econometrics. Two sets of controls disagree where their estimates differ by
    more than 5% chance allows, counted for all pairs (Bonferroni), as if estimates were
    independent. As they rest on the same sales, they are closer than that: what is found to move
    moves.

    Args:
        panel: with prices.
        form: of the regression, see `PriceRegression`.
        by: names of what shares coefficients.
        effects: held constant in the set "as fitted".

    Raises:
        DataError: nothing was sold at known prices, or arguments are wrong.

    >>> rng = np.random.default_rng(0)
    >>> price = rng.choice([2.0, 2.2, 2.5], 100)
    >>> units = 90 * price**-2.0 * np.exp(rng.normal(0, 0.05, 100))
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=100),
    ...                       "units": units, "price": price})
    >>> bool(compare_controls(Panel.from_frame(frame)).verdict.loc[0, "moves"])
    False
    """
    sample = sample_of(panel, form, by, effects, ELSEWHERE)
    family = "poisson" if form == "poisson" else "linear"
    how = Specification(held(effects, panel), default_controls(sample), family)
    return compare(sample, how, fit_groups(sample.rows, len(sample.labels), how), panel, form)


def compare(
    sample: Sample, how: Specification, fitted: list[GroupFit], panel: Panel, form: str
) -> ControlComparison:
    """`compare_controls` on rows that are there already."""
    n, scale = len(sample.labels), sample.to_elasticity(form)
    found = {AS_FITTED: (fitted, True)}
    for name, (other, counts) in _sets(sample, how, panel).items():
        if other != how:
            found[name] = fit_groups(sample.rows, n, other), counts
    tables = []
    for name, (fits, counts) in found.items():
        error = np.array([fit.error for fit in fits]) * scale
        weak = np.array([fit.strength < STRONG for fit in fits])
        tables.append(
            sample.labels.assign(
                controls=name,
                elasticity=np.array([fit.coefficient for fit in fits]) * scale,
                standard_error=error,
                counts=counts & np.isfinite(error) & ~weak,
                reason=[
                    "the instrument is weak" if w else f.reason
                    for f, w in zip(fits, weak, strict=True)
                ],
            )
        )
    return ControlComparison(pd.concat(tables, ignore_index=True), _verdict(sample.labels, tables))


def _sets(
    sample: Sample, how: Specification, panel: Panel
) -> dict[str, tuple[Specification, bool]]:
    """Name -> what is held constant, and whether that is enough to count."""
    unit = tuple(effect for effect in how.effects if not _is_of_time(effect))
    days = (WEEKDAY,) if panel.periods.freq == "D" else ()
    plain = replace(how, instrumented=False)
    trending = (*(name for name in how.controls if name != TREND), TREND)
    sets = {
        NOTHING: (replace(plain, effects=unit, controls=()), False),
        TREND: (replace(plain, effects=(*unit, *days), controls=trending), True),
        TIME: (replace(plain, effects=(*unit, TIME, *days)), True),
    }
    if how.controls:
        sets[NO_PROMOTION] = replace(plain, controls=()), False
    if panel.cut >= _YEARS * _A_YEAR[panel.periods.freq]:
        sets[SEASON] = replace(plain, effects=(*unit, MONTH, *days), controls=trending), True
    if panel.n_series > len(sample.labels):
        within = tuple(name for name in how.controls if name != TREND)
        sets[PERIOD] = replace(plain, effects=(*unit, PERIOD), controls=within), True
        if INSTRUMENT in sample.rows and how.family == "linear":
            effects = (*unit, TIME, *days)
            sets[ELSEWHERE] = replace(how, effects=effects, instrumented=True), True
    return sets


def _is_of_time(effect: object) -> bool:
    names = effect if isinstance(effect, tuple) else (effect,)
    return any(name in OF_TIME for name in names)


def _verdict(labels: pd.DataFrame, tables: list[pd.DataFrame]) -> pd.DataFrame:
    counts = np.array([table["counts"] for table in tables])
    value = np.where(counts, [table["elasticity"] for table in tables], np.nan)
    error = np.where(counts, [table["standard_error"] for table in tables], np.nan)
    names = [table["controls"].iloc[0] for table in tables]
    found = [_range(value[:, one], error[:, one], names) for one in range(len(labels))]
    columns = pd.DataFrame(found, columns=["least", "most", "moves", "between"])
    return pd.concat([labels, columns], axis=1)


def _range(
    value: np.ndarray, error: np.ndarray, names: list[str]
) -> tuple[float, float, bool, str]:
    from scipy.special import ndtri

    known = np.flatnonzero(~np.isnan(value))
    if len(known) < 2:
        only = value[known[0]] if len(known) else np.nan
        return only, only, False, ""
    least, most = known[np.argmin(value[known])], known[np.argmax(value[known])]
    gap = np.abs(value[:, None] - value)
    allowed = -ndtri(_CHANCE / (len(known) * (len(known) - 1)))
    beyond = np.nan_to_num(gap / np.sqrt(error[:, None] ** 2 + error**2)) > allowed
    matters = np.nan_to_num(gap) > _MATTERS * abs(float(np.median(value[known])))
    wrong = np.nan_to_num(gap) * (beyond & matters)
    if not wrong.any():
        return value[least], value[most], False, ""
    one, other = np.unravel_index(np.argmax(wrong), wrong.shape)
    text = f"{names[one]} {value[one]:.2f}, {names[other]} {value[other]:.2f}"
    return value[least], value[most], True, text
