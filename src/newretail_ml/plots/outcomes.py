"""What came of a decision, week by week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from newretail_ml import columns as c
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, empty, new_figure
from newretail_ml.tracking.outcomes import names as w
from newretail_ml.tracking.outcomes.result import FORECAST, ORDERS, PRICES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from newretail_ml.tracking import Outcomes

_TWICE = 2.0


def outcomes_chart(found: Outcomes) -> Figure:
    """A decision against what happened, by week.

    Of forecasts and prices: expected against what was wanted or sold, and below the bias with two
    standard errors over items; red weeks are biased beyond chance. Of orders: units sold and come
    in, and below the share of series and days that sold out. Of slates: what was bought of what
    was shown, which is not what the slates sold.
    """
    weeks = found.by_week
    if weeks.empty:
        return empty(f"nothing is known yet of what came of the {found.kind}")
    both = found.kind in (FORECAST, ORDERS, PRICES)
    figure, axes = new_figure(max(6.0, 1.5 + 0.8 * len(weeks)), 4.8 if both else 3.2, rows=1 + both)
    upper, *lower = np.ravel(axes)
    for name, words, color in _LINES[found.kind]:
        if name in weeks:
            upper.plot(np.arange(len(weeks)), weeks[name], "o-", color=color, ms=4, label=words)
    upper.margins(y=0.12)
    upper.set_ylim(bottom=0)
    upper.set_ylabel("units")
    upper.set_title(_TITLES[found.kind])
    upper.legend(frameon=False, fontsize=8, loc="best")
    if found.kind == ORDERS:
        _sold_out(lower[0], found)
    elif both:
        _bias(lower[0], found)
    last = lower[0] if both else upper
    last.set_xticks(range(len(weeks)), [f"{week:%Y-%m-%d}" for week in weeks[w.WEEK]])
    last.tick_params(axis="x", rotation=30 if len(weeks) > 4 else 0, labelsize=8)
    last.set_xlabel("week of")
    return figure


_LINES = {
    FORECAST: (
        (w.EXPECTED, "expected by the forecast", BLUE),
        (w.DEMAND, "demand, expected where sold out", ORANGE),
        (c.UNITS, "sold", GREY),
    ),
    PRICES: ((w.EXPECTED_UNITS, "expected at these prices", BLUE), (c.UNITS, "sold", ORANGE)),
    ORDERS: ((c.UNITS, "sold", ORANGE), (w.RECEIVED, "came in", BLUE)),
    "slates": ((c.UNITS, "bought of what was shown", ORANGE),),
}
_TITLES = {
    FORECAST: "What was forecast, and what was wanted",
    PRICES: "Where prices were charged as planned and stock lasted",
    ORDERS: "What came of the orders",
    "slates": "Bought after being shown (not: because of it)",
}


def _bias(axes: Any, found: Outcomes) -> None:
    weeks = found.by_week
    at = np.arange(len(weeks))
    reach = _TWICE * weeks[w.BIAS_ERROR].fillna(0.0).to_numpy(float)
    for place, bias, width, off in zip(at, weeks[w.BIAS], reach, weeks[w.BIASED], strict=True):
        axes.errorbar(place, bias, width, fmt="D", ms=5, capsize=3, color=RED if off else BLUE)
    axes.axhline(0.0, color=GREY, lw=0.8, ls="--")
    axes.yaxis.set_major_formatter("{x:+.0%}")
    axes.set_ylabel("bias ± 2 errors")


def _sold_out(axes: Any, found: Outcomes) -> None:
    axes.bar(np.arange(len(found.by_week)), found.by_week[w.SHARE_SOLD_OUT], 0.5, color=RED)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_ylabel("sold out")
    axes.set_ylim(0.0, max(0.05, 1.1 * float(found.by_week[w.SHARE_SOLD_OUT].max())))
