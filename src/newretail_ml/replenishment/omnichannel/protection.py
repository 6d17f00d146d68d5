"""Protection levels: units kept for the channels with the better margins.

Customers of the channel with the smallest margin come first, those of the best margin last; a
unit is sold to a lesser channel only while more than the protection level is left. Sources:
Littlewood (1972); Belobaba (1989), EMSR; Brumelle and McGill (1993); all in Talluri and van Ryzin
(2004), The Theory and Practice of Revenue Management, section 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from newretail_ml.checks import as_numbers, check_numbers, check_whole
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import (
    Demand,
    DiscreteDemand,
    NormalDemand,
    PoissonDemand,
)

# Averages of equal margins may differ from them by a rounding error.
SAME_MARGIN = 1 - 1e-12


def littlewood(better: Demand, better_margin: float, lesser_margin: float) -> float:
    """Units to keep for the better of two channels, exact.

    The last unit is kept as long as the chance that the better channel wants it, times its
    margin, exceeds the lesser margin. The lesser channel's demand and the stock do not matter.

    Args:
        better: demand of the channel with the better margin.
        better_margin: of a unit, above 0.
        lesser_margin: of a unit in the other channel, above 0 and not above the better.

    Raises:
        DataError: the margins are not in this order, or not above 0.

    >>> round(littlewood(NormalDemand(17.3, 5.8), 1050, 567), 1)
    16.7
    """
    margins = _falling_margins([better_margin, lesser_margin], 2)
    return _kept(better, float(margins[1] / margins[0]))


def emsr_b(demands: Sequence[Demand], margins: Sequence[float]) -> np.ndarray:
    """Protection levels of several channels by EMSR-b, a heuristic; exact for two.

    All channels better than the one at hand count as one, with the sum of their demand and the
    average of their margins, weighted by mean demand; then Littlewood's rule holds.

    Args:
        demands: of each channel, independent, the best margin first.
        margins: of a unit in each channel, never rising, above 0.

    Returns:
        (channels - 1,) units kept for the first channel, the first two, ..., never falling.

    Raises:
        DataError: fewer than two channels, or margins that rise or are not above 0.

    >>> means, sds = (17.3, 45.1, 39.6, 34), (5.8, 15, 13.2, 11.3)
    >>> demands = [NormalDemand(*one) for one in zip(means, sds)]
    >>> emsr_b(demands, [1050, 567, 534, 520]).round(1).tolist()
    [16.7, 50.9, 83.2]
    """
    margins_of = _falling_margins(margins, len(demands))
    means = np.array([demand.mean for demand in demands])
    levels = []
    for count in range(1, len(demands)):
        together = reduce(_sum_of, demands[:count])
        weights = means[:count] if means[:count].sum() > 0 else np.ones(count)
        average = float(np.average(margins_of[:count], weights=weights))
        levels.append(_kept(together, float(margins_of[count]) / average))
    return np.maximum.accumulate(levels)


@dataclass(frozen=True, eq=False)
class ProtectionPlan:
    """Nested protection levels and what they bring.

    Attributes:
        levels: (channels - 1,) whole units kept for the first channel, the first two, ...
        margin: expected.
    """

    levels: np.ndarray
    margin: float


def optimal_protection(
    demands: Sequence[Demand], margins: Sequence[float], stock: int
) -> ProtectionPlan:
    """The best nested protection levels, exact, by dynamic programming over channels.

    Section 2.2.2 of the source. With x units left before the better channels come, one more unit
    is worth delta V(x); a lesser channel is served while its margin is at least that.

    Args:
        demands: of each channel, independent, in whole units (others are rounded to them), the
            best margin first.
        margins: of a unit in each channel, never rising, above 0.
        stock: whole units.

    Raises:
        DataError: as for `emsr_b`, or the stock is no whole number.

    >>> demands = [PoissonDemand(4), PoissonDemand(6), PoissonDemand(9)]
    >>> optimal_protection(demands, [10, 6, 5], 15).levels.tolist()
    [3, 8]
    """
    margins_of = _falling_margins(margins, len(demands))
    stock = check_whole("stock", stock)
    levels: list[int] = []
    value = np.zeros(stock + 1)
    for number, demand in enumerate(demands):
        if number:
            worth = np.diff(value) > margins_of[number] * (1 + 1e-12)
            levels.append(int(worth.sum()))
        kept = levels[-1] if levels else 0
        value = _value_before(value, demand, float(margins_of[number]), kept)
    return ProtectionPlan(np.array(levels), float(value[-1]))


def protection_margin(
    levels: Sequence[float] | np.ndarray,
    demands: Sequence[Demand],
    margins: Sequence[float],
    stock: int,
) -> float:
    """Expected margin of nested protection levels, exact for independent demand in whole units.

    Args:
        levels: (channels - 1,) units kept, rounded to whole ones.
        demands: of each channel, independent, the best margin first.
        margins: of a unit in each channel, never rising, above 0.
        stock: whole units.

    Raises:
        DataError: lists differ in length, or a number is wrong.

    >>> demands = [PoissonDemand(4), PoissonDemand(6), PoissonDemand(9)]
    >>> round(protection_margin([3, 8], demands, [10, 6, 5], 15), 3)
    90.495
    """
    margins_of = _falling_margins(margins, len(demands))
    stock = check_whole("stock", stock)
    kept = np.rint(check_numbers("levels", levels)).astype(int)
    if len(kept) != len(demands) - 1:
        raise DataError(
            f"there are {len(kept)} levels for {len(demands)} channels",
            next_step="Give one level for each channel but the last.",
        )
    value = np.zeros(stock + 1)
    for demand, margin, level in zip(demands, margins_of, [0, *kept], strict=True):
        value = _value_before(value, demand, float(margin), int(level))
    return float(value[-1])


def paths_margin(
    levels: np.ndarray, paths: np.ndarray, margins: Sequence[float], stock: float
) -> float:
    """Mean margin of nested protection levels on joint paths, however they depend.

    Args:
        levels: (channels - 1,) units kept.
        paths: (channels, paths) units, the best margin first.
        margins: of a unit in each channel.
        stock: units.

    >>> paths_margin(np.array([2]), np.array([[1, 3], [4, 4]]), [5, 3], 5)
    16.5
    """
    left = np.full(paths.shape[1], float(stock))
    earned = np.zeros(paths.shape[1])
    kept = np.concatenate([[0.0], levels])
    for demand, margin, level in reversed(list(zip(paths, margins, kept, strict=True))):
        sold = np.minimum(demand, np.maximum(left - level, 0.0))
        earned += margin * sold
        left -= sold
    return float(earned.mean())


def _value_before(after: np.ndarray, demand: Demand, margin: float, kept: int) -> np.ndarray:
    """(stock + 1,) expected margin before a channel comes, for each number of units left."""
    stock = len(after) - 1
    chances = demand.probabilities()
    # No more than the stock can be sold, so all larger demand counts as the stock.
    ends = np.bincount(np.minimum(np.arange(len(chances)), stock), chances, minlength=stock + 1)
    at_least = ends[::-1].cumsum()[::-1]
    value = np.array(after)
    for left in range(kept + 1, stock + 1):
        most = left - kept
        taken = np.arange(most)
        value[left] = ends[:most] @ (margin * taken + after[left - taken])
        value[left] += at_least[most] * (margin * most + after[kept])
    return value


def _kept(better: Demand, ratio: float) -> float:
    # Between channels of the same margin nothing is gained by waiting.
    return 0.0 if ratio >= SAME_MARGIN else max(better.quantile(1.0 - ratio), 0.0)


def _sum_of(one: Demand, other: Demand) -> Demand:
    if isinstance(one, NormalDemand) and isinstance(other, NormalDemand):
        return NormalDemand(one.mean + other.mean, float(np.hypot(one.sd, other.sd)))
    if isinstance(one, PoissonDemand) and isinstance(other, PoissonDemand):
        return PoissonDemand(one.mean + other.mean)
    chances = np.convolve(one.probabilities(), other.probabilities())
    return DiscreteDemand(np.arange(len(chances)), chances)


def _falling_margins(margins: Sequence[float], channels: int) -> np.ndarray:
    values = as_numbers("margins", margins)
    if values.shape != (channels,) or channels < 2:
        raise DataError(
            f"there are {values.size} margins for {channels} channels",
            next_step="Give one margin a channel, of at least two channels.",
        )
    if not (np.isfinite(values) & (values > 0)).all() or (np.diff(values) > 0).any():
        raise DataError(
            "margins must be above 0 and never rise from the first channel on",
            next_step="Put the best channel first; leave out channels that earn nothing.",
        )
    return values
