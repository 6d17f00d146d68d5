"""The leaderboard of tracked runs as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from newretail_ml import columns as c
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, empty, new_figure, number
from newretail_ml.tracking.leaderboard import (
    BEHIND,
    BEST_MODEL,
    DIFFERENCE,
    DIFFERENCE_ERROR,
    STANDARD_ERROR,
    VERDICT,
)
from newretail_ml.tracking.scores import better_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from newretail_ml.tracking import Leaderboard

_COLORS = {BEST_MODEL: BLUE, BEHIND: RED}
_LONGEST_NAME = 32


def standings_chart(board: Leaderboard) -> Figure:
    """Each model's mean and folds on the left, its difference to the best model on the right.

    Bars are one standard error over folds. Red models are behind beyond chance, grey ones cannot
    be told apart from the best one. A model may be far from it on the left and near on the
    right, or the other way round: folds are hard or easy for all models alike.
    """
    table = board.table()[::-1]
    if table.empty:
        return empty(f"{board.experiment}: no models to compare")
    figure, (left, right) = new_figure(10.0, 1.6 + 0.42 * len(table), columns=2)
    rows = np.arange(len(table))
    colors = [_COLORS.get(verdict, GREY) for verdict in table[VERDICT]]
    folds = board.by_fold.loc[table.index].to_numpy(float)
    left.plot(folds, rows[:, None].repeat(folds.shape[1], 1), "o", color=ORANGE, ms=3, alpha=0.6)
    for axes, value, error in (
        (left, c.MEAN, STANDARD_ERROR),
        (right, DIFFERENCE, DIFFERENCE_ERROR),
    ):
        reach = table[error].fillna(0.0).to_numpy(float)
        for row, at, width, color in zip(rows, table[value], reach, colors, strict=True):
            axes.errorbar(at, row, xerr=width, fmt="D", color=color, ms=5, capsize=3)
    right.axvline(0.0, color=GREY, lw=0.8, ls="--")
    names = [f"{_short(str(name))}  {number(at, '.4g')}" for name, at in table[c.MEAN].items()]
    left.set_yticks(rows, names)
    left.set_xlabel(f"{board.metric}: {better_words(board.better)}; each dot is one fold")
    right.set_xlabel("difference to the best, fold by fold")
    for row, verdict, at in zip(rows, table[VERDICT], table[DIFFERENCE], strict=True):
        right.annotate(verdict, (at, row), (0, 6), textcoords="offset points", ha="center", size=8)
    right.margins(0.12, 0.15)
    figure.suptitle(_short(f"{board.experiment}: {board.question}", 90), fontsize=11)
    return figure


def _short(name: str, longest: int = _LONGEST_NAME) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
