"""Why each price is what it is, in a sentence."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.price_list.binding import Binding
from newretail_ml.pricing.price_list.outcome import Outcome
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.task import Task

_UNKNOWN = ("the response is not identified", "nothing is expected to sell")


def reasons(
    task: Task,
    ruling: Ruling,
    prices: np.ndarray,
    made: Outcome,
    binding: Binding,
    kept: bool,
) -> list[str]:
    """(n,) one sentence a product.

    Args:
        task: demand on the board.
        ruling: the rules.
        prices: (n,) of the list.
        made: what they are expected to do.
        binding: which rule holds each.
        kept: whether prices whose response is not identified are kept.
    """
    board = task.board
    unseen = ~task.response.evidence.seen(prices)
    below = prices < board.cost * (1 - 1e-9)
    sentences = []
    for row, price in enumerate(prices):
        if kept and not board.identified[row]:
            reason = str(task.response.evidence.reason[row]) or _UNKNOWN[int(made.now[0, row] <= 0)]
            broken = [title for title, some in ruling.spared.items() if some[row]]
            words = f"Kept: {reason}" + "".join(f"; breaks '{title}'" for title in broken)
        else:
            words = _moved(price, board.current[row], made, row) + _held(price, binding, row)
        words += "; sold below cost" if below[row] else ""
        words += "; this price was never seen in the data" if unseen[row] else ""
        sentences.append(f"{words}.")
    return sentences


def _moved(price: float, current: float, made: Outcome, row: int) -> str:
    change = price / current - 1.0
    if abs(change) <= 1e-9:
        return "Kept"
    word = "Raised" if change > 0 else "Lowered"
    gain = made.new[2, row] - made.now[2, row]
    sure = f"{made.lower[2, row]:+,.2f} to {made.upper[2, row]:+,.2f}"
    return f"{word} {abs(change):.1%}: profit {gain:+,.2f} ({sure})"


def _held(price: float, binding: Binding, row: int) -> str:
    rule = binding.rule[row]
    if not rule:
        return "" if price != binding.price[row] else ", no other point is worth more"
    return f", '{rule}' forbids {binding.price[row]:g} ({binding.cost[row]:+,.2f})"
