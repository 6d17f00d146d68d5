"""Figures of a chain's replay: what service costs, and where money is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.plots.stock import REASON_COLORS, amount
from newretail_ml.plots.style import BLUE, GREY, ORANGE, empty, new_figure, series_name
from newretail_ml.replenishment.replay.curve import LEVEL, POLICY
from newretail_ml.replenishment.replay.result import CLAIRVOYANT
from newretail_ml.replenishment.replay.totals import REASONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from newretail_ml.replenishment.replay import Replay

COST, FILL_RATE, BASELINE = "cost", "fill_rate", "baseline"
_MARKS = {"policy": ("o", BLUE), BASELINE: ("s", ORANGE), CLAIRVOYANT: ("*", "black")}
_MOST_LABELS = 12


def service_cost_chart(
    curve: pd.DataFrame, outcome: Replay | None = None, cost: str = COST
) -> Figure:
    """What each level of service costs with a family of policies, and where a policy lies.

    Below the curve is better: the same service for less. No policy comes below the dashed line,
    the least that perfect foresight would have cost.

    Args:
        curve: of `service_cost_curve`.
        outcome: the policy under judgement, replayed on the same demand; its baseline (if it has
            one) and the clairvoyant are shown too.
        cost: "cost" for all reasons together, or one of them, such as "holding", for which there
            is no clairvoyant.
    """
    if curve.empty and outcome is None:
        return empty("There is no policy to show")
    figure, axes = new_figure(height=4.6)
    _draw_family(axes, curve, cost)
    if outcome is not None:
        _draw_judged(axes, outcome, cost)
    highest = axes.dataLim.y1
    axes.set_ylim(0, 1.1 * highest if highest > 0 else 1)
    axes.margins(x=0.08)
    axes.set_xlim(right=min(axes.get_xlim()[1], 1.02))
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%" if share <= 1 else "")
    axes.yaxis.set_major_formatter("{x:,.10g}")
    axes.set_xlabel("fill rate: share of demand met at once")
    axes.set_ylabel("cost" if cost == COST else f"cost of {cost}")
    axes.set_title("What service costs: all series and periods together")
    figure.legend(frameon=False, ncols=2, fontsize=8, loc="outside lower center")
    return figure


def losses_chart(outcome: Replay, by: str | None = None, most: int = 15) -> Figure:
    """Where money is lost: cost by reason beside the baseline's, and who loses most.

    The clairvoyant's cost is a bound from below and has no reasons.

    Args:
        outcome: of `replay`, with its records or without.
        by: a key to add up over, such as "item_id"; by default each series stands for itself.
        most: how many to show at most.

    Raises:
        DataError: `by` is no key of the series.
    """
    losses = _losses(outcome, by)
    top = losses[losses.sum(axis=1) > 0].head(most)
    rows = max(len(top), 1)
    figure, above = new_figure(height=2.9 + 0.25 * rows)
    grid = figure.add_gridspec(2, 1, height_ratios=[1.0, 0.3 + 0.25 * rows])
    above.set_subplotspec(grid[0])
    below = figure.add_subplot(grid[1])
    below.spines[["top", "right"]].set_visible(False)
    _draw_policies(above, outcome)
    _draw_bars(below, top, top.sum(axis=1))
    below.set_title(_title(losses, top, by), fontsize=10)
    count = outcome.totals.periods
    below.set_xlabel(f"cost over {count:,} period{'s' if count != 1 else ''}")
    handles = {label: one for one, label in zip(*above.get_legend_handles_labels(), strict=True)}
    figure.legend(
        handles.values(), handles, frameon=False, ncols=6, fontsize=8, loc="outside lower center"
    )
    return figure


def _draw_family(axes: Axes, curve: pd.DataFrame, cost: str) -> None:
    """The curve, with levels written beside as many points as can be read."""
    if curve.empty:
        return
    families = {name.partition(",")[0] for name in curve[POLICY]}
    family = families.pop() if len(families) == 1 else "a family of policies"
    label = f"{family}, by level"
    axes.plot(curve[FILL_RATE], curve[cost], color=GREY, marker=".", ms=6, lw=1.2, label=label)
    shown = np.unique(np.linspace(0, len(curve) - 1, _MOST_LABELS).round().astype(int))
    for row in curve.iloc[shown].to_dict("records"):
        axes.annotate(
            f"{row[LEVEL]:g}",
            (row[FILL_RATE], row[cost]),
            (0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=7,
            color=GREY,
        )


def _draw_judged(axes: Axes, outcome: Replay, cost: str) -> None:
    for role, row in outcome.compare().iterrows():
        value = _cost_of(outcome, str(role), row[COST], cost)
        if value is None:
            continue
        least = "at least " if role == CLAIRVOYANT else ""
        label = f"{row['name']}: {least}{amount(value)} at {row[FILL_RATE]:.1%}"
        marker, color = _MARKS[str(role)]
        axes.plot(row[FILL_RATE], value, marker, color=color, ms=9, label=label)
        if role == CLAIRVOYANT:
            axes.axhline(value, color=color, ls="--", lw=0.8)


def _cost_of(outcome: Replay, role: str, total: float, cost: str) -> float | None:
    """The cost of one role; None for a reason of the clairvoyant's."""
    if cost == COST:
        return total
    if role == CLAIRVOYANT:
        return None
    return float((outcome.baseline if role == BASELINE else outcome).kpis()[cost])


def _losses(outcome: Replay, by: str | None) -> pd.DataFrame:
    """Cost of each series, or of each value of a key, by reason; the largest first."""
    if by is not None and by not in outcome.keys:
        raise DataError(
            f"the series have no {by}", next_step=f"Choose one of {', '.join(outcome.keys)}."
        )
    table = outcome.by_series()
    losses = table[list(REASONS)]
    if by is None:
        losses.index = pd.Index(outcome.keys.apply(series_name, axis=1))
    else:
        losses = losses.groupby(outcome.keys[by].to_numpy(), sort=False).sum()
        losses.index = pd.Index(losses.index.to_frame().apply(series_name, axis=1))
    order = np.argsort(-losses.sum(axis=1).to_numpy(), kind="stable")
    return losses.iloc[order]


def _draw_policies(axes: Axes, outcome: Replay) -> None:
    """The policy, its baseline and the clairvoyant, the cost of the last without reasons."""
    table = outcome.compare()
    costs = pd.DataFrame(0.0, index=table["name"], columns=list(REASONS))
    costs.iloc[0] = outcome.kpis()[list(REASONS)]
    if BASELINE in table.index:
        costs.iloc[1] = outcome.baseline.kpis()[list(REASONS)]
    _draw_bars(axes, costs, table[COST])
    least = table.loc[CLAIRVOYANT, COST]
    label = "clairvoyant: at least"
    axes.barh(len(table) - 1, least, 0.7, fill=False, ec="black", hatch="///", lw=0.8, label=label)
    axes.set_title(f"Where money is lost: {outcome.policy}")


def _draw_bars(axes: Axes, costs: pd.DataFrame, totals: pd.Series) -> None:
    """One bar a row, the first on top, its parts by reason, its total written at the end."""
    rows, start = np.arange(len(costs)), np.zeros(len(costs))
    for reason in REASONS:
        cost = costs[reason].to_numpy(float)
        if cost.any():
            axes.barh(rows, cost, 0.7, left=start, color=REASON_COLORS[reason], label=reason)
        start = start + cost
    for row, total in enumerate(totals):
        axes.text(total, row, f" {amount(total)}", va="center", fontsize=8)
    axes.set_yticks(rows, costs.index, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(costs) - 0.4, -0.6)
    highest = totals.max() if len(totals) else 0.0
    axes.set_xlim(0, 1.12 * highest if highest > 0 else 1)
    axes.xaxis.set_major_formatter("{x:,.10g}")


def _title(losses: pd.DataFrame, top: pd.DataFrame, by: str | None) -> str:
    if top.empty:
        return "Nothing was lost"
    what = "series" if by is None else f"values of {by}"
    if len(top) == len(losses):
        return f"Cost by {by or 'series'}"
    share = top.to_numpy().sum() / losses.to_numpy().sum()
    return f"The {len(top):,} of {len(losses):,} {what} that lose most: {share:.0%} of the cost"
