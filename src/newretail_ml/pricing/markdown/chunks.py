"""Many items in turns, so that the working arrays stay small; turns may run side by side."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from newretail_ml.pricing.markdown.foresight import clairvoyant
from newretail_ml.pricing.markdown.lines import Lines, Setting
from newretail_ml.pricing.markdown.programme import solve
from newretail_ml.pricing.markdown.simulation import Outcome, follow, kept_prices

_ITEMS = 32


@dataclass(frozen=True, eq=False)
class Summary:
    """Means over paths, of n items.

    Attributes:
        first: (n,) position of this period's price.
        revenue, salvage, left, waste, profit: (n,) of the policy.
        fixed: (n,) position of the best single price.
        fixed_profit, unchanged: (n,) profit of that price and of today's.
        unchanged_left: (n,) units that would not be sold at today's price.
        gain_error: (n,) standard error of the policy's gain on today's price.
        bound: (n,) profit with perfect foresight.
        usual: (n, horizon) position of the most frequent price.
        mean_price, stock, units: (n, horizon).
        reach: (n, points) whether the policy charges a price on some path.
    """

    first: np.ndarray
    revenue: np.ndarray
    salvage: np.ndarray
    left: np.ndarray
    waste: np.ndarray
    profit: np.ndarray
    fixed: np.ndarray
    fixed_profit: np.ndarray
    unchanged: np.ndarray
    unchanged_left: np.ndarray
    gain_error: np.ndarray
    bound: np.ndarray
    usual: np.ndarray
    mean_price: np.ndarray
    stock: np.ndarray
    units: np.ndarray
    reach: np.ndarray


def planned(lines: Lines, setting: Setting) -> Summary:
    """The plans of all items, with what they are expected to do."""
    if not len(lines):
        return _nothing(lines)
    order = np.argsort(lines.stock, kind="stable")
    turns = [order[first : first + _ITEMS] for first in range(0, len(order), _ITEMS)]

    def one(rows: np.ndarray) -> Summary:
        return _planned(lines.select(rows), setting)

    made = _side_by_side(one, turns)
    back = np.argsort(order, kind="stable")
    return Summary(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in made])[back]
            for field in fields(Summary)
        }
    )


def _nothing(lines: Lines) -> Summary:
    """The summary of no items."""
    horizon, points = lines.horizon, lines.prices.shape[1]
    wide = {"usual": horizon, "mean_price": horizon, "stock": horizon, "units": horizon}
    none = np.zeros(0)
    made = {field.name: none for field in fields(Summary)}
    made |= {name: np.zeros((0, size)) for name, size in (wide | {"reach": points}).items()}
    whole = {name: made[name].astype(np.intp) for name in ("first", "fixed", "usual")}
    return Summary(**(made | whole | {"reach": made["reach"].astype(bool)}))


def _side_by_side(work: Callable[[np.ndarray], Summary], turns: list[np.ndarray]) -> list[Summary]:
    workers = min(os.cpu_count() or 1, len(turns), 8)
    if workers <= 1:
        return [work(rows) for rows in turns]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, turns))


def _planned(lines: Lines, setting: Setting) -> Summary:
    policy = solve(lines, setting)
    outcome = follow(policy, lines, setting)
    shop, may = kept_prices(lines, setting)
    kept = np.where(may[:, None], shop.profit, -np.inf)
    rows, half = np.arange(len(lines)), np.arange(kept.shape[1]) % 2
    fixed = kept.mean(axis=1).argmax(axis=1)
    fixed_profit = _judged_on_the_other_half(kept, half)
    unchanged = kept[rows, :, lines.current]
    gain = outcome.profit - unchanged
    counts = _counts(outcome, lines)
    charged = (counts * np.nan_to_num(lines.prices)[:, None]).sum(axis=2)
    active = np.arange(lines.horizon) < lines.periods[:, None]
    return Summary(
        first=outcome.price[:, 0, 0].astype(np.intp),
        revenue=outcome.revenue.mean(axis=1),
        salvage=outcome.salvage.mean(axis=1),
        left=outcome.left.mean(axis=1),
        waste=outcome.waste.mean(axis=1),
        profit=outcome.profit.mean(axis=1),
        fixed=fixed,
        fixed_profit=fixed_profit,
        unchanged=unchanged.mean(axis=1),
        unchanged_left=(shop.left + shop.waste)[rows, :, lines.current].mean(axis=1),
        gain_error=gain.std(axis=1, ddof=1) / np.sqrt(gain.shape[1]),
        bound=clairvoyant(lines).mean(axis=1),
        usual=counts.argmax(axis=2),
        mean_price=charged / kept.shape[1],
        stock=outcome.stock.mean(axis=1),
        units=outcome.units.mean(axis=1),
        reach=np.any((counts > 0) & active[:, :, None], axis=1),
    )


def _counts(outcome: Outcome, lines: Lines) -> np.ndarray:
    """(n, horizon, points) on how many paths each price is charged."""
    points = range(lines.prices.shape[1])
    return np.stack([(outcome.price == point).sum(axis=1) for point in points], axis=-1)


def _judged_on_the_other_half(kept: np.ndarray, half: np.ndarray) -> np.ndarray:
    """(n,) profit of the best single price, chosen on one half of the paths, on the other one."""
    rows = np.arange(len(kept))
    total = np.zeros(len(kept))
    for here in (0, 1):
        chosen = kept[:, half != here].mean(axis=1).argmax(axis=1)
        total += kept[rows, :, chosen][:, half == here].sum(axis=1)
    return total / kept.shape[1]
