"""What a comparison found, in one form for all kinds: value by model, fold and metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated
from newretail_ml.errors import DataError
from newretail_ml.forecasting.judging.backtest import CUT, METRIC, VALUE
from newretail_ml.tracking.facts import allowed
from newretail_ml.tracking.store import without_password

LOWER: Final = "lower"
HIGHER: Final = "higher"
Better = str | float
"""``lower``, ``higher``, or the number that a value should be near to."""

UNIT: Final = "unit"
WEIGHT: Final = "weight"
_TABLE = "scores"


@dataclass(frozen=True, eq=False)
class Scores:
    """Models judged on the same folds: cuts in time, seeds of a world, paths of demand.

    Attributes:
        by_fold: model, fold (a number of 0 or more), metric, value; NaN where not known.
        better: which values of a metric are good; the first metric decides.
        folds: what each fold was judged on, in words, by its number.
        paired: model, fold, unit (a series, a customer), metric, value, weight, where the values
            of single units are known: the value of a fold is sum(value) / sum(weight).
        not_run: why a model could not be judged, by model.
        bounds: models that know what nobody can know, shown and never the best.
        in_time: folds are cuts in time, whose luck may last, and not independent draws.
    """

    by_fold: pd.DataFrame
    better: Mapping[str, Better]
    folds: Mapping[int, str]
    paired: pd.DataFrame = field(default_factory=pd.DataFrame)
    not_run: Mapping[str, str] = field(default_factory=dict)
    bounds: tuple[str, ...] = ()
    in_time: bool = True

    @property
    def metric(self) -> str:
        """The metric that decides."""
        return next(iter(self.better))

    @property
    def models(self) -> list[str]:
        """Names of the models that were judged, as they came."""
        return [str(name) for name in self.by_fold[c.MODEL].unique()]

    def means(self) -> pd.DataFrame:
        """Mean of each metric over the folds, one row a model, best first."""
        table = self.by_fold.pivot_table(VALUE, c.MODEL, METRIC, sort=False, dropna=False)
        rows = self.by_fold[self.by_fold[METRIC] == self.metric]
        loss = losses(rows[VALUE], self.better[self.metric]).groupby(rows[c.MODEL]).mean()
        order = loss.reindex(table.index).sort_values(kind="stable")
        return table.loc[order.index].rename_axis(columns=None)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        better: Mapping[str, Better],
        *,
        paired: pd.DataFrame | None = None,
        not_run: Mapping[str, str] | None = None,
        bounds: Sequence[str] = (),
    ) -> Scores:
        """Scores from a long table.

        Args:
            frame: model, fold, metric, value; and cut, if folds are cuts in time (a date, or
                words).
            better: "lower", "higher" or a number to be near to, by metric; the first decides.
            paired: values by unit, see the class.
            not_run: why a model could not be judged, by model.
            bounds: models that know what nobody can know.

        Raises:
            DataError: a column is missing, a value is no number or given twice, or the metric
                that decides is not in the table.

        >>> frame = pd.DataFrame({"model": ["a", "b"], "fold": "seed 3", "metric": "profit",
        ...                       "value": [3.0, 5.0]})
        >>> Scores.from_frame(frame, {"profit": "higher"}).means()
               profit
        model
        b         5.0
        a         3.0
        """
        need_columns(frame, _TABLE, [c.MODEL, c.FOLD, METRIC, VALUE])
        table = frame.assign(**{METRIC: [allowed(str(name)) for name in frame[METRIC]]})
        table[VALUE] = _numbers(table[VALUE])
        _check(table, {allowed(name): value for name, value in better.items()})
        refuse_repeated(table, _TABLE, [c.MODEL, c.FOLD, METRIC])
        number = _numbered(table[c.FOLD])
        in_time = CUT in table or pd.api.types.is_datetime64_any_dtype(table[c.FOLD])
        words = table[CUT if CUT in table else c.FOLD].map(_words)
        folds = dict(zip(table[c.FOLD].map(number), words, strict=True))
        table = table.assign(**{c.MODEL: table[c.MODEL].astype(str)})
        table[c.FOLD] = table[c.FOLD].map(number)
        units = pd.DataFrame() if paired is None else _checked_units(paired, number)
        return cls(
            table[[c.MODEL, c.FOLD, METRIC, VALUE]].reset_index(drop=True),
            {allowed(name): value for name, value in better.items()},
            dict(sorted(folds.items())),
            units,
            dict(not_run or {}),
            tuple(bounds),
            in_time,
        )


def losses(values: Any, better: Better) -> Any:
    """Values turned so that less is better.

    >>> losses(np.array([0.7, 0.9]), 0.8).round(2).tolist()
    [0.1, 0.1]
    """
    if isinstance(better, str):
        return values if better == LOWER else -values
    return abs(values - better)


def better_words(better: Better) -> str:
    """Which values are good ones.

    >>> better_words(0.8)
    'nearer to 0.8 is better'
    """
    if isinstance(better, str):
        return f"{'less' if better == LOWER else 'more'} is better"
    return f"nearer to {better:g} is better"


def check_better(metric: str, better: object) -> None:
    """Raise unless it is said which values are good ones."""
    number = isinstance(better, int | float) and not isinstance(better, bool)
    if not (better in (LOWER, HIGHER) or (number and np.isfinite(float(str(better))))):
        raise DataError(
            f"{better!r} does not say which values of {metric} are good ones",
            next_step='Pass "lower", "higher", or the number to be near to.',
        )


def _numbers(values: pd.Series) -> pd.Series:
    try:
        return values.astype(float)
    except (TypeError, ValueError):
        raise DataError(
            "values are not numbers", table=_TABLE, column=VALUE, next_step="Correct them."
        ) from None


def _check(table: pd.DataFrame, better: Mapping[str, Better]) -> None:
    if not better:
        raise DataError(
            "it is not said which metric decides",
            next_step='Pass better={"profit": "higher"}; the first metric decides.',
        )
    for metric, value in better.items():
        check_better(metric, value)
    known = list(table[METRIC].unique())
    decides = next(iter(better))
    if decides not in known:
        raise DataError(
            f"there is no {decides!r} among the metrics ({', '.join(known) or 'none'})",
            table=_TABLE,
            next_step="Put another metric first in better, or add it to the scores.",
        )
    if table[[c.MODEL, c.FOLD]].isna().any(axis=None):
        raise DataError("a model or fold is empty", table=_TABLE, next_step="Name each.")


def _numbered(folds: pd.Series) -> dict[Any, int]:
    """A number for each fold: its own where all are whole and not negative, else its place."""
    distinct: Sequence[Any] = sorted(folds.unique(), key=_order)
    if all(isinstance(one, int | np.integer) and one >= 0 for one in distinct):
        return {one: int(one) for one in distinct}
    return {one: place for place, one in enumerate(distinct)}


def _order(fold: object) -> tuple[str, Any]:
    return ("", fold) if isinstance(fold, int | float | np.number) else (type(fold).__name__, fold)


def _words(fold: object) -> str:
    if isinstance(fold, pd.Timestamp | np.datetime64):
        return str(pd.Timestamp(fold).date())
    return without_password(" ".join(str(fold).split()))


def _checked_units(paired: pd.DataFrame, number: Mapping[Any, int]) -> pd.DataFrame:
    names = [c.MODEL, c.FOLD, UNIT, METRIC, VALUE]
    need_columns(paired, "paired", names)
    refuse_repeated(paired, "paired", names[:-1])
    units = paired if WEIGHT in paired else paired.assign(**{WEIGHT: 1.0})
    units = units.loc[np.isfinite(units[VALUE]), [*names, WEIGHT]]
    places = units[c.FOLD].map(number)
    if places.isna().any():
        raise DataError(
            "it has folds that the scores have not", table="paired", next_step="Leave them out."
        )
    kept = units.assign(**{c.FOLD: places.astype(int)})
    for name in (c.MODEL, UNIT, METRIC):
        kept[name] = kept[name].astype(str).astype("category")
    return kept.reset_index(drop=True)
