"""Models side by side on the same data and folds, each with how far chance may carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.tracking.noise import (
    LUCK,
    fewest_folds,
    mean_over_folds,
    paired_over_folds,
)
from newretail_ml.tracking.scores import Better, better_words, losses
from newretail_ml.tracking.units import OverUnits

STANDARD_ERROR: Final = "standard_error"
DIFFERENCE: Final = "difference"
DIFFERENCE_ERROR: Final = "difference_error"
P_VALUE: Final = "p_value"
P_UNITS: Final = "p_units"
VERDICT: Final = "verdict"
RUN: Final = "run_id"

BEST_MODEL: Final = "best"
BEHIND: Final = "behind"
UNSURE: Final = "not told apart"
TOO_FEW: Final = "too few folds"
BOUND_MODEL: Final = "bound"
_BESIDE = (DIFFERENCE, DIFFERENCE_ERROR, P_VALUE, P_UNITS, VERDICT)
_MOST_NAMED = 6


@dataclass(frozen=True, eq=False, repr=False)
class Leaderboard:
    """What a tracking server says of models that were judged on the same data and folds.

    Attributes:
        experiment: where the runs belong.
        question: that the comparison answers.
        metric: by which models are ranked.
        better: which of its values are good ones.
        in_time: folds are cuts in time.
        data: fingerprint of the data.
        folds: what folds were judged on, in words.
        by_fold: one row a model and one column a fold, as they were logged, best first.
        runs: id of each model's run.
        bounds: models that know what nobody can know.
        over_units: paired tests against the best over single series or customers, by model,
            where their values were logged.
        apart: runs that cannot be set beside these: model, run_id, started, reason.
    """

    experiment: str
    question: str
    metric: str
    better: Better
    in_time: bool
    data: str
    folds: str
    by_fold: pd.DataFrame
    runs: Mapping[str, str]
    bounds: tuple[str, ...]
    over_units: Mapping[str, OverUnits]
    apart: pd.DataFrame

    @property
    def best(self) -> str | None:
        """Name of the best model that can be used; None where there are only bounds."""
        usable = [name for name in self.by_fold.index if name not in self.bounds]
        return usable[0] if usable else None

    def table(self) -> pd.DataFrame:
        """One row a model, best first.

        Returns:
            mean and standard_error over the folds; difference to the best and difference_error,
            fold by fold, in the loss (how far from the target, where values should be near one);
            p_value of no difference over folds and p_units over single series or customers
            (two-sided, not adjusted for the number of models; empty where too few are known);
            verdict: best, behind (beyond chance, at 5% in each test that could be made), not told
            apart, too few folds, or bound; run_id.
        """
        rows = {name: self._row(name) for name in self.by_fold.index}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(c.MODEL)

    def _row(self, name: str) -> dict[str, object]:
        mine = self.by_fold.loc[name].to_numpy(float)
        estimate = mean_over_folds(mine)
        row = {c.MEAN: estimate.mean, STANDARD_ERROR: estimate.error}
        return {**row, **self._beside_the_best(name, mine), RUN: self.runs[name]}

    def _beside_the_best(self, name: str, mine: np.ndarray) -> dict[str, object]:
        if self.best is None or name == self.best:
            unknown = (0.0, np.nan, np.nan, np.nan, BEST_MODEL if self.best else BOUND_MODEL)
            return dict(zip(_BESIDE, unknown, strict=True))
        best = losses(self.by_fold.loc[self.best].to_numpy(float), self.better)
        found = paired_over_folds(losses(mine, self.better) - best, in_time=self.in_time)
        units = self.over_units.get(name, OverUnits())
        verdict = _verdict(found.p_value, units.p_value)
        # A profit that is lower is shown as such; a loss is what is tested.
        sign = -1.0 if self.better == "higher" else 1.0
        return {
            DIFFERENCE: sign * found.mean,
            DIFFERENCE_ERROR: found.error,
            P_VALUE: found.p_value,
            P_UNITS: units.p_value,
            VERDICT: BOUND_MODEL if name in self.bounds else verdict,
        }

    @property
    def notes(self) -> list[str]:
        """What the reader should know."""
        n_folds, fewest = self.by_fold.shape[1], fewest_folds(self.in_time)
        notes = [f"{self.metric}: {better_words(self.better)}; ± is one standard error over folds"]
        if n_folds == 1:
            notes.append("one fold: how far chance carries is not known; judge on more")
        elif n_folds < fewest:
            notes.append(
                f"{n_folds} folds are too few to tell chance from skill: that takes {fewest}"
            )
        n_units = max((one.units for one in self.over_units.values()), default=0)
        if n_units:
            notes.append(f"p over units is over {n_units:,} series or customers in the same folds")
        if not self.apart.empty:
            notes.append(f"{len(self.apart):,} runs are set apart, with the reason")
        return notes

    def __repr__(self) -> str:
        table = self.table()
        shown = pd.DataFrame(
            {
                "mean": _with_error(table[c.MEAN], table[STANDARD_ERROR]),
                "to the best": _with_error(table[DIFFERENCE], table[DIFFERENCE_ERROR], "+"),
                "p": table[P_VALUE].map(_p_words),
                "p over units": table[P_UNITS].map(_p_words),
                "": table[VERDICT],
            }
        )
        shown = shown.loc[:, (shown != "").any() | ~shown.columns.str.startswith("p ")]
        n_folds = self.by_fold.shape[1]
        lines = [
            f"{self.experiment}: {self.question}",
            f"{len(table)} models on {n_folds} fold{'s' * (n_folds != 1)} ({_short(self.folds)}), "
            f"data {self.data or 'not known'}",
            "",
            shown.rename_axis(None).to_string(),
            "",
            *(f"- {note}" for note in self.notes),
        ]
        if not self.apart.empty:
            by_reason = self.apart.groupby(c.REASON, sort=False)
            lines += ["", "Set apart:", *(_apart_words(str(why), rows) for why, rows in by_reason)]
        return "\n".join(lines)


def ranked(values: pd.DataFrame, better: Better) -> pd.DataFrame:
    """The models, best first, by the mean loss over the folds."""
    order = losses(values, better).mean(axis=1).sort_values(kind="stable")
    return values.loc[order.index]


def _verdict(*p_values: float) -> str:
    known = [p for p in p_values if not np.isnan(p)]
    if not known:
        return TOO_FEW
    return BEHIND if max(known) < LUCK else UNSURE


def _p_words(p_value: float) -> str:
    return "" if np.isnan(p_value) else f"{p_value:.3f}"


def _with_error(values: pd.Series, errors: pd.Series, sign: str = "") -> list[str]:
    digits = _digits(values)
    return [
        f"{value:{sign},.{digits}f}" + ("" if np.isnan(error) else f" ±{error:,.{digits}f}")
        for value, error in zip(values, errors, strict=True)
    ]


def _digits(values: pd.Series) -> int:
    """Four digits for shares, none for money in thousands."""
    largest = float(values.abs().max())
    return 4 if not np.isfinite(largest) or largest < 10 else (1 if largest < 10_000 else 0)


def _short(words: str, longest: int = 80) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _apart_words(reason: str, rows: pd.DataFrame) -> str:
    runs = [f"{name} ({run[:8]})" for name, run in zip(rows[c.MODEL], rows[RUN], strict=True)]
    more = f" and {len(runs) - _MOST_NAMED:,} more" if len(runs) > _MOST_NAMED else ""
    return f"- {reason}: {', '.join(runs[:_MOST_NAMED])}{more}"
