"""What rules cost: shadow prices, and what is lost by each supplier minimum.

With the suppliers and trucks of a plan held, the rest is a linear programme, and the dual values
of its rows are the profit of one more unit of each rule. They hold for small changes; a change
large enough to take another supplier or truck is worth something else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newretail_ml.replenishment.planning.programme.arrays import Programme
from newretail_ml.replenishment.planning.programme.relaxation import Relaxed, relax
from newretail_ml.replenishment.planning.programme.rules import (
    Limit,
    SupplierMinimum,
    Trucks,
    joined,
)


def prices_of_rows(programme: Programme, relaxed: Relaxed, packs: np.ndarray) -> np.ndarray:
    """(rows,) profit of one more unit of room, in the scale of the rows."""
    fixed = relax(programme, whole=programme.decided(packs), like=relaxed)
    return np.zeros(len(programme.room)) if fixed is None else fixed.prices


def by_rule(
    programme: Programme,
    prices: np.ndarray,
    limits: Sequence[Limit],
    minimums: Sequence[SupplierMinimum],
    trucks: Sequence[Trucks],
) -> dict[str, float]:
    """Profit of a limit higher, a minimum lower or a truck larger by one unit, by name.

    A truck is priced by its capacity; that it must be filled has no price of its own.
    """
    names = [one.name for one in joined(limits, minimums, trucks)]
    unit_prices = (prices / programme.scale)[: len(names)]
    return dict(zip(names, unit_prices.tolist(), strict=True))


def minimum_costs(
    programme: Programme,
    prices: np.ndarray,
    packs: np.ndarray,
    minimums: Sequence[SupplierMinimum],
) -> dict[str, float]:
    """Profit that the lines of each supplier lose by its minimum, by name.

    Each line pays the prices of the other rules; what it would then earn at most, less what it
    earns in the plan, is lost by the minimum. Nothing is lost by a minimum without a price that
    is reached.
    """
    gain = programme.gain
    paid = programme.use.T @ prices
    use, costs = programme.use.toarray() if minimums else np.empty((0, 0)), {}
    for place, minimum in enumerate(minimums, programme.limits):
        mine = use[place] < 0
        price = (paid - use[place] * prices[place])[mine]
        net = gain[mine] - price[:, None] * np.arange(gain.shape[1])
        lost = net.max(axis=1) - net[np.arange(len(net)), packs[mine]]
        reached = packs[mine].any() and prices[place] == 0
        costs[minimum.name] = 0.0 if reached else max(float(lost.sum()), 0.0)
    return costs
