"""Why a price is marked down, or not, in words and numbers."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.markdown.chunks import Summary
from newretail_ml.pricing.markdown.lines import Lines


def reasons(lines: Lines, made: Summary) -> list[str]:
    """One sentence a line.

    Args:
        lines: n lines.
        made: their plans.
    """
    rows = np.arange(len(lines))
    now, new = lines.prices[rows, lines.current], lines.prices[rows, made.first]
    gain = made.profit - made.unchanged
    later = made.usual[rows, np.maximum(lines.periods - 1, 0)]
    last = lines.prices[rows, later]
    choices = lines.moves[rows, lines.current].any(axis=1)
    return [
        _sentence(*row)
        for row in zip(
            lines.stock.tolist(),
            lines.periods.tolist(),
            now.tolist(),
            new.tolist(),
            last.tolist(),
            made.unchanged_left.tolist(),
            (made.left + made.waste).tolist(),
            gain.tolist(),
            choices.tolist(),
            strict=True,
        )
    ]


def _sentence(
    stock: float,
    periods: int,
    now: float,
    new: float,
    last: float,
    left: float,
    then: float,
    gain: float,
    choices: bool,
) -> str:
    need = (
        f"{stock:,.0f} on hand for {periods} periods; at {now:.2f} {left:,.1f} of them would be "
        "left"
    )
    if not choices:
        return f"{need}; no other price is allowed"
    if new != now:
        return f"{need}; {new:.2f} now leaves {then:,.1f} in the end and earns {gain:+,.2f}"
    if last != now:
        return (
            f"{need}; keeping it now and {last:.2f} later leaves {then:,.1f} and earns {gain:+,.2f}"
        )
    return f"{need}; keeping it is worth most now"
