"""Figures of recommenders: which lists meet what is bought, for whom, and what rules cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.plots.labels import label_places
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, empty, new_figure
from newretail_ml.recommendation.judging import names as w

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from newretail_ml.recommendation.judging import Judgement

RULE, PURCHASES, MARGIN = "rule", "purchases", "margin"
_COLORS = (BLUE, ORANGE, GREY, RED, "#4f9d8f", "#7a5ea8", "#b7950b", "#5b6770")
_MARKERS = "osD^vP*X"
_FAR = 0.05
_LONGEST_RULE = 50
_VIEW_WORDS = {
    w.NEXT: "next purchases: all that was bought",
    w.DISCOVERY: "discovery: what the customer never bought before",
}


def accuracy_coverage_chart(judged: Judgement, measure: str = w.NDCG) -> Figure:
    """Accuracy of each model against the share of the catalogue it shows, a panel a view.

    Up is better lists, right is a wider range. Bars are two standard errors to each side.

    Args:
        judged: of `backtest_recommenders` or `evaluate`, with a history.
        measure: of accuracy.

    Raises:
        DataError: the measure is not known of each customer.
    """
    table = _measured(judged, measure)
    if table[w.COVERAGE].isna().all():
        return empty("Coverage is not known: lists were judged without a history")
    views = list(dict.fromkeys(table.index.get_level_values(w.VIEW)))
    figure, panels = new_figure(height=0.6 + 3.4 * len(views), rows=len(views))
    widest = 100 * float(table[w.COVERAGE].max())
    for view, axes in zip(views, np.ravel(panels), strict=True):
        _draw_points(axes, table.loc[view], measure, widest, judged.models)
        axes.set_title(_VIEW_WORDS[view], fontsize=10, loc="left")
        axes.set_ylabel(f"{_words(measure)} at {judged.k}")
    np.ravel(panels)[-1].set_xlabel("share of the catalogue in any list, percent")
    figure.suptitle("Which lists meet what is bought, and how much of the range they show")
    return figure


def segment_chart(
    judged: Judgement,
    by: str = w.ACTIVITY,
    measure: str = w.NDCG,
    *,
    labels: pd.DataFrame | None = None,
) -> Figure:
    """Accuracy of each model by kind of customer, a panel a view.

    Bars are two standard errors to each side. Kinds that have an order, such as recency, are
    joined by lines.

    Args:
        judged: of `backtest_recommenders` or `evaluate`.
        by: activity, recency, or a column of the customers table.
        measure: one that is known of each customer.
        labels: customer_id and a column ``by`` of your own.

    Raises:
        DataError: the measure or the column is not known.
    """
    _measured(judged, measure)
    table = judged.by_segment(by, labels=labels)
    views = list(dict.fromkeys(table.index.get_level_values(w.VIEW)))
    kinds = _kinds(judged if labels is None else labels, by, table)
    figure, panels = new_figure(height=0.8 + 3.0 * len(views), rows=len(views))
    for view, axes in zip(views, np.ravel(panels), strict=True):
        _draw_kinds(axes, table.loc[view], measure, kinds, by in (w.ACTIVITY, w.RECENCY))
        axes.set_title(_VIEW_WORDS[view], fontsize=10, loc="left")
        axes.set_ylabel(f"{_words(measure)} at {judged.k}")
    last = np.ravel(panels)[-1]
    of_view = table.loc[views[-1]]["customers"].groupby(level=by, observed=True).max()
    last.set_xticks(range(len(kinds)), [f"{kind}\n{of_view.get(kind, 0):,}" for kind in kinds])
    last.set_xlabel(f"{_words(by)}, and number of customers")
    figure.suptitle(f"For whom lists are good: {_words(measure)} by {_words(by)}")
    handles, names = last.get_legend_handles_labels()
    figure.legend(handles, names, frameon=False, ncols=4, fontsize=8, loc="outside lower center")
    return figure


def slate_cost_chart(costs: pd.DataFrame) -> Figure:
    """What each rule of slates costs: units that are not sold, and money that is not made.

    Bars to the left are what a rule costs, bars to the right what it brings.

    Args:
        costs: rule, purchases (expected units lost by the rule), margin (expected money lost by
            it); `SlatePlan.explain()`. A column without numbers is left out.

    Raises:
        DataError: a column is missing, or an amount is infinite.
    """
    need_columns(costs, "costs", [RULE, PURCHASES, MARGIN])
    words = {PURCHASES: "expected purchases, units", MARGIN: "expected margin, money"}
    for name in words:
        amount = pd.to_numeric(costs[name], errors="coerce").to_numpy(float)
        refuse_values(costs[name], np.isinf(amount), "costs", "are infinite")
    shown = [name for name in words if costs[name].notna().any()]
    if costs.empty or not shown:
        return empty("There is no rule whose cost is known")
    figure, panels = new_figure(height=1.5 + 0.36 * len(costs), columns=len(shown))
    for name, axes in zip(shown, np.ravel(panels), strict=True):
        _draw_costs(axes, -costs[name].to_numpy(float))
        axes.set_xlabel(words[name])
    first = np.ravel(panels)[0]
    first.set_yticks(range(len(costs)), map(_short, costs[RULE]), fontsize=8)
    first.set_ylim(len(costs) - 0.4, -0.6)
    figure.suptitle("What each rule costs, beside slates without it", fontsize=11)
    return figure


def _measured(judged: Judgement, measure: str) -> pd.DataFrame:
    if measure not in judged.measures:
        raise DataError(
            f"{measure!r} is no measure of each customer",
            next_step=f"Choose from {', '.join(judged.measures)}.",
        )
    return judged.table(measure)


def _draw_points(
    axes: Axes, table: pd.DataFrame, measure: str, widest: float, models: list[str]
) -> None:
    x, y = 100 * table[w.COVERAGE].to_numpy(), table[measure].to_numpy()
    error = 2 * table[f"{measure}{w.ERROR}"].fillna(0.0).to_numpy()
    colors = [_COLORS[models.index(name) % len(_COLORS)] for name in table.index]
    for place, color in enumerate(colors):
        axes.errorbar(x[place], y[place], error[place], fmt="o", ms=6, color=color, capsize=3)
    low, high = (y - error).min(), (y + error).max()
    room = max(high - low, 0.1 * abs(high), 1e-9)
    left, right = -0.04 * max(widest, 1e-9), 1.25 * max(widest, 1e-9)
    bottom, top = low - 0.15 * room, high + 0.15 * room
    axes.set(xlim=(left, right), ylim=(bottom, top))
    spots = np.column_stack([(x - left) / (right - left), (y - bottom) / (top - bottom)])
    places = label_places(spots, error / (top - bottom), [len(name) for name in table.index])
    for name, color, spot, (place_x, place_y) in zip(
        table.index, colors, spots, places, strict=True
    ):
        far = np.hypot(place_x - spot[0], place_y - spot[1]) > _FAR and place_x > spot[0]
        axes.annotate(
            name,
            spot,
            (place_x, place_y),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=8.5,
            color=color,
            arrowprops={"arrowstyle": "-", "color": color, "lw": 0.6} if far else None,
        )


def _kinds(source: Judgement | pd.DataFrame, by: str, table: pd.DataFrame) -> list[object]:
    """The kinds that occur, in their own order."""
    values = (source if isinstance(source, pd.DataFrame) else source.labels)[by]
    seen = set(table.index.get_level_values(by))
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [kind for kind in values.cat.categories if kind in seen]
    return sorted(seen, key=str)


def _draw_kinds(
    axes: Axes, table: pd.DataFrame, measure: str, kinds: list[object], joined: bool
) -> None:
    models = list(dict.fromkeys(table.index.get_level_values(c.MODEL)))
    step = min(0.1, 0.4 / len(models))
    for number, name in enumerate(models):
        rows = table.loc[name].reindex(kinds)
        place = np.arange(len(kinds)) + step * (number - (len(models) - 1) / 2)
        axes.errorbar(
            place,
            rows[measure],
            2 * rows[f"{measure}{w.ERROR}"].fillna(0.0),
            fmt=_MARKERS[number % len(_MARKERS)],
            ls="-" if joined else "none",
            lw=1,
            ms=5,
            elinewidth=1.2,
            capsize=2,
            color=_COLORS[number % len(_COLORS)],
            label=name,
        )
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#eeeeee", lw=0.8)
    axes.set_axisbelow(True)


def _draw_costs(axes: Axes, change: np.ndarray) -> None:
    change = np.nan_to_num(change)
    axes.barh(range(len(change)), change, 0.66, color=np.where(change < 0, RED, BLUE))
    axes.axvline(0, color="black", lw=0.8)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter("{x:,.10g}")
    low, high = min(float(change.min()), 0.0), max(float(change.max()), 0.0)
    room = 0.3 * max(high - low, 1e-9)
    axes.set_xlim(low - room, high + room)
    for row, value in enumerate(change):
        side = "right" if value < 0 else "left"
        words = f" {value:+,.3g} " if abs(value) < 1000 else f" {value:+,.0f} "
        axes.text(value, row, words if value else " nothing", va="center", ha=side, fontsize=8)


def _short(rule: object) -> str:
    words = str(rule)
    return f"{words[:_LONGEST_RULE]}…" if len(words) > _LONGEST_RULE else words


def _words(name: str) -> str:
    return name.replace("_", " ")
