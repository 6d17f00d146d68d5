"""Expected cost of an order on the paths, and the order with the least.

On a path, the cost of q units is a sum of hinges: units left above what is needed by the end of
a period, units short below it. Each is convex in q, and so is their mean, so that the best
number of packs is the first whose next pack costs more than it saves.

Sources: Morton (1971), Operations Research 19 (the myopic policy for lost sales); Zheng and Chen
(1992), Inventory policies with quantized ordering, Naval Research Logistics 39, and Chen (2000),
Optimal policies for multi-echelon inventory problems with batch ordering, Operations Research 48
((R, nQ) policies are optimal where orders are multiples of Q); Veinott (1965), Optimal policy for
a multi-product, dynamic, nonstationary inventory problem, Management Science 12 (when the myopic
order is optimal, and that stock above the next myopic level is what it neglects).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.replenishment.planning.lines import NEVER, Lines
from newretail_ml.replenishment.planning.projection import Needs


@dataclass(frozen=True)
class Hinge:
    """What q units cost on the paths around one turning point.

    Attributes:
        at: (lines, paths) units.
        above, below: (lines,) money a unit above and below it.
    """

    at: np.ndarray
    above: np.ndarray
    below: np.ndarray


@dataclass(frozen=True)
class ExpectedCost:
    """Expected cost of lines as a function of their orders.

    Attributes:
        hinges: whose mean over the paths is the cost.
        last: (lines, paths) units needed up to the end of the cycle, or of the shelf life.
    """

    hinges: list[Hinge]
    last: np.ndarray

    def of(self, units: np.ndarray) -> np.ndarray:
        """(lines,) expected cost of (lines,) units."""
        total = np.zeros(len(units))
        for hinge in self.hinges:
            over = units[:, None] - hinge.at
            above = np.maximum(over, 0.0).mean(axis=1)
            total += hinge.above * above + hinge.below * (above - over.mean(axis=1))
        return total

    def of_one_more(self, units: np.ndarray, step: np.ndarray) -> np.ndarray:
        """(lines,) what a further step costs on top of the units; it never falls with them."""
        total = np.zeros(len(units))
        for hinge in self.hinges:
            used = (units + step)[:, None] - hinge.at
            np.clip(used, 0.0, step[:, None], out=used)
            total += (hinge.above + hinge.below) * used.mean(axis=1) - hinge.below * step
        return total

    def short(self, units: np.ndarray) -> np.ndarray:
        """(lines,) expected units short of what is needed in the cycle."""
        return np.maximum(self.last - units[:, None], 0.0).mean(axis=1)

    def best_steps(self, step: np.ndarray) -> np.ndarray:
        """(lines,) steps with the least expected cost; the fewest, where several are equal."""
        most = np.ceil(np.maximum(self.peak(), 0.0) / step).astype(int)
        fewest = np.zeros(len(step), int)
        tiny = 1e-9 * step * sum(hinge.above + hinge.below for hinge in self.hinges)
        while (fewest < most).any():
            middle = (fewest + most) // 2
            enough = self.of_one_more(middle * step, step) >= -tiny
            most = np.where(enough, middle, most)
            fewest = np.where(enough | (fewest == most), fewest, middle + 1)
        return fewest

    def peak(self) -> np.ndarray:
        """(lines,) units beyond which no path saves anything."""
        return np.max([hinge.at.max(axis=1) * (hinge.below > 0) for hinge in self.hinges], axis=0)

    def take(self, rows: np.ndarray) -> ExpectedCost:
        """Some of the lines."""
        hinges = [Hinge(h.at[rows], h.above[rows], h.below[rows]) for h in self.hinges]
        return ExpectedCost(hinges, self.last[rows])


def periods_needed(lines: Lines, horizon: int) -> int:
    """How far the needs of the lines must be known: the cycle, and the end of the items."""
    ends = lines.end[lines.end < NEVER]
    furthest = min(int(ends.max(initial=0)), horizon)
    return max(int(lines.following[0]), furthest)


def expected_cost(lines: Lines, needs: Needs, *, backorders: bool) -> ExpectedCost:
    """Holding and shortage from this arrival to the next, and what outlives the item.

    A unit left is charged holding in every period but the one in which it is wasted; a unit of
    lost sales is charged shortage once, a waiting unit in every period. Units of today's order
    are sold before later ones, so those that its shelf life (or the item's delisting) outlives
    are the ones above the demand up to that end. Units left when the next order arrives may cost
    more than their holding so far (`left_over`), and every unit its transport. Beyond the
    horizon, demand goes on as it was on any of the paths since the arrival.
    """
    arrival, length = int(lines.arrival[0]), int(lines.following[0]) - int(lines.arrival[0])
    keeps = np.minimum(lines.end - arrival, NEVER)
    last = np.minimum(keeps, length) - 1
    hinges = []
    for number in range(length):
        charged = (last == number).astype(float)
        if backorders:
            # Who still waits when the units can no longer be sold waits for the next order.
            charged = np.where(last == number, length - last, last > number)
        hinges.append(
            Hinge(
                needs.needed[number],
                lines.holding * (keeps > number + 1) + lines.left_over * (number == length - 1),
                lines.shortage * charged,
            )
        )
    if (keeps < NEVER // 2).any() and lines.loss.any():
        hinges.append(_outliving(lines, needs, keeps))
    if lines.transport.any():
        nothing = np.zeros(len(keeps))
        hinges.append(Hinge(np.zeros_like(needs.needed[0]), lines.transport, nothing))
    needed = needs.needed[length - 1]
    if (last < length - 1).any():
        needed = np.stack(needs.needed[:length])[last, np.arange(len(last))]
    return ExpectedCost(hinges, needed)


def _outliving(lines: Lines, needs: Needs, keeps: np.ndarray) -> Hinge:
    known = len(needs.needed)
    inside = np.minimum(keeps, known) - 1
    at = np.stack(needs.needed)[inside, np.arange(len(inside))]
    beyond = np.where(keeps < NEVER // 2, np.maximum(keeps - known, 0), 0)
    at = at + _going_on(needs.demand[int(lines.arrival[0]) :], beyond)
    return Hinge(at, lines.loss * (keeps < NEVER // 2), np.zeros(len(at)))


def _going_on(demand: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """(lines, paths) demand of so many periods more, each block of them that of another path."""
    block, length = demand.sum(axis=0, dtype=float), len(demand)
    total = np.zeros(block.shape)
    for number in range(-(-int(periods.max(initial=0)) // length)):
        share = np.clip(periods / length - number, 0.0, 1.0)
        total += share[:, None] * np.roll(block, number + 1, axis=1)
    return total
