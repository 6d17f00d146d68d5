"""The best promotions of items one by one: an exact dynamic programme over weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import as_numbers, check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing.promotions.dynamic import best_levels, factors_along
from newretail_ml.pricing.promotions.memory import Memory


@dataclass(frozen=True, eq=False)
class PromotionPaths:
    """Promotions of items, one by one.

    Attributes:
        levels: (items, weeks) position of each week's level; 0 is no promotion.
        units: (items, weeks) expected.
        profit: (items,) expected.
        no_promotion: (items,) expected profit without any.
    """

    levels: np.ndarray
    units: np.ndarray
    profit: np.ndarray
    no_promotion: np.ndarray

    def __repr__(self) -> str:
        promoted = int((self.levels > 0).sum())
        return (
            f"PromotionPaths({len(self.levels):,} items, {promoted:,} promoted weeks, profit "
            f"{self.profit.sum():,.2f} against {self.no_promotion.sum():,.2f} without)"
        )


def promotion_paths(
    units: np.ndarray,
    margin: np.ndarray,
    dip: np.ndarray | None = None,
    *,
    at_most: int | None = None,
    gap: int = 0,
) -> PromotionPaths:
    """The promotions of most profit of each item, exactly, by dynamic programming.

    After a promotion demand dips: in the k-th week after it units are multiplied with the dip of
    that promotion's level. A newer promotion's dip takes the place of an older one's.

    Args:
        units: (items, weeks, levels) or (weeks, levels) expected units at each level without any
            dip; the first level is no promotion.
        margin: profit a unit at each level, of the same shape, or (levels,).
        dip: (levels,) factor in the week after, or (levels, weeks after); 1 where nothing dips.
        at_most: most weeks with a promotion.
        gap: weeks without promotion between two promotions, at least.

    Raises:
        DataError: shapes differ, or a number is out of its range.

    Source: Cohen, Leung, Panchamgam, Perakis and Smith (2017), The impact of linear optimization
    on promotion planning, Operations Research 65(2), whose demand has the same form; the dynamic
    programme is exact for a memory of the last promotion.

    >>> base = np.array([100, 100, 120, 100, 150, 100, 100, 130])
    >>> units = base[:, None] * np.array([1.0, 0.8**-3, 0.6**-3])
    >>> found = promotion_paths(units, [5, 3, 1], [1, 0.85, 0.7], at_most=3, gap=1)
    >>> found.levels.tolist(), found.profit.round(2).tolist()
    ([[0, 0, 1, 0, 1, 0, 0, 1]], [4693.75])
    """
    demand, earned, dips = checked_paths(units, margin, dip)
    most, gap = _limits(at_most, gap, demand.shape[1])
    memory = Memory.of(demand.shape[2], dips.shape[-1], gap)
    factor = memory.factors(dips)
    profit = demand * earned
    levels = best_levels(profit, factor, memory, most)
    rows = np.arange(len(demand))[:, None]
    weeks = np.arange(demand.shape[1])
    dipped = factors_along(levels, memory, factor)
    sold = demand[rows, weeks, levels] * dipped
    made = (profit[rows, weeks, levels] * dipped).sum(axis=1)
    return PromotionPaths(levels, sold, made, profit[:, :, 0].sum(axis=1))


def count_promotion_paths(
    weeks: int, levels: int, *, at_most: int | None = None, gap: int = 0
) -> int:
    """How many calendars of one item keep the rules.

    >>> count_promotion_paths(8, 3, at_most=3, gap=1)
    261
    """
    weeks = check_whole("weeks", weeks, at_least=1)
    levels = check_whole("levels", levels, at_least=1)
    most, gap = _limits(at_most, gap, weeks)
    memory = Memory.of(levels, 0, gap)
    ways = np.zeros((most + 1, len(memory.level)), object)
    ways[0, 0] = 1
    for _ in range(weeks):
        after = np.zeros_like(ways)
        for level in range(levels):
            kept = ways * memory.allowed[:, level]
            moved = kept if level == 0 else np.vstack([np.zeros_like(kept[:1]), kept[:-1]])
            for state, following in enumerate(memory.following[:, level]):
                after[:, following] += moved[:, state]
        ways = after
    return int(ways.sum())


def checked_paths(
    units: object, margin: object, dip: object
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units and margins (items, weeks, levels), and dips (levels, lags)."""
    demand = as_numbers("units", units)
    demand = demand[None] if demand.ndim == 2 else demand
    if demand.ndim != 3 or not demand.size or not (np.isfinite(demand) & (demand >= 0)).all():
        raise DataError(
            f"units of shape {demand.shape} must be (items, weeks, levels), finite and at least "
            "zero",
            next_step="Give expected units of each item, week and level.",
        )
    earned = as_numbers("margins", margin)
    dips = as_numbers("dips", np.ones(demand.shape[2]) if dip is None else dip)
    dips = dips[:, None] if dips.ndim == 1 else dips
    shapes = earned.ndim <= 3 and all(
        size in (1, whole)
        for size, whole in zip(earned.shape[::-1], demand.shape[::-1], strict=False)
    )
    if not shapes or dips.shape[:1] != demand.shape[2:] or dips.ndim != 2:
        raise DataError(
            f"margins have shape {earned.shape} and dips {dips.shape} for units of shape "
            f"{demand.shape}",
            next_step="Give one margin and one dip (or one for each week after) a level.",
        )
    if not np.isfinite(earned).all() or not (np.isfinite(dips) & (dips >= 0)).all():
        raise DataError(
            "margins must be finite, dips finite and at least zero", next_step="Correct them."
        )
    return demand, np.broadcast_to(earned, demand.shape), dips


def _limits(at_most: int | None, gap: int, weeks: int) -> tuple[int, int]:
    most = weeks if at_most is None else check_whole("at_most", at_most)
    return min(most, weeks), check_whole("gap", gap)
