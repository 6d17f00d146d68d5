"""What prices earn on paths: of the policy, and of one price kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.markdown.lines import Lines, Setting
from newretail_ml.pricing.markdown.programme import NEVER, Policy
from newretail_ml.pricing.markdown.sales_so_far import class_of

# Of the money in play: a price that is worth hardly more than the one on the shelf stays.
_WORTH_A_LABEL = 1e-5
_ALL = 2


@dataclass(frozen=True, eq=False)
class Outcome:
    """Money and stock on each path.

    Attributes:
        revenue, salvage, holding: (n, paths) money.
        left: (n, paths) units left at the end.
        waste: (n, paths) units that went off before.
        price: (n, paths, horizon) position of the price charged.
        stock: (n, paths, horizon) units at the start of each period.
        units: (n, paths, horizon) units sold.
    """

    revenue: np.ndarray
    salvage: np.ndarray
    holding: np.ndarray
    left: np.ndarray
    waste: np.ndarray
    price: np.ndarray
    stock: np.ndarray
    units: np.ndarray

    @property
    def profit(self) -> np.ndarray:
        """(n, paths) revenue and salvage less holding; what the stock cost is spent."""
        return self.revenue + self.salvage - self.holding


class Shop:
    """The stock of n items on all paths, sold period by period.

    Args:
        lines: n items.
        luck: (paths, horizon) between 0 and 1, by which demand is rounded to whole units so that
            its mean stays; None where units need not be whole.
        alternatives: how many shops of each item and path stand side by side; 1 for one.
    """

    def __init__(self, lines: Lines, luck: np.ndarray | None, alternatives: int = 1) -> None:
        self.lines, self.luck = lines, luck
        shape = (*lines.paths.shape[:2], alternatives)
        self.stock = np.broadcast_to(lines.stock[:, None, None], shape).astype(float)
        self.revenue, self.salvage = np.zeros(shape), np.zeros(shape)
        self.holding, self.left, self.waste = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    @property
    def profit(self) -> np.ndarray:
        """(n, paths, alternatives) revenue and salvage less holding."""
        return self.revenue + self.salvage - self.holding

    def sell(self, period: int, price: np.ndarray, ratio: np.ndarray) -> np.ndarray:
        """Units sold in a period at prices, (n, paths, alternatives), with their demand ratios."""
        demand = self.lines.paths[:, :, period, None] * ratio
        if self.luck is not None:
            demand = np.floor(demand + self.luck[:, period, None] + 1e-6)
        selling = np.less(period, self.lines.periods)[:, None, None]
        sold = np.where(selling, np.minimum(self.stock, demand), 0.0)
        self.revenue += price * sold
        after = self.stock - sold
        kept = np.minimum(after, np.maximum(self.lines.lasting[:, period], 0.0)[:, None, None])
        self.waste += np.where(selling, after - kept, 0.0)
        self.stock = np.where(selling, kept, 0.0)
        self.holding += self.lines.holding[:, None, None] * self.stock
        ends = np.equal(period, self.lines.periods - 1)[:, None, None]
        self.left += np.where(ends, self.stock, 0.0)
        self.salvage += np.where(ends, self.lines.salvage[:, None, None] * self.stock, 0.0)
        return sold


def luck_of(lines: Lines, setting: Setting) -> np.ndarray | None:
    """(paths, horizon) the rounding of demand: the same for all items and all plans."""
    if not setting.whole:
        return None
    return np.random.default_rng(setting.seed).random(lines.paths.shape[1:])


def follow(policy: Policy, lines: Lines, setting: Setting) -> Outcome:
    """The policy on all paths, on each as learned from the half of paths that it is not in.

    Only the first price is that of the policy learned from all paths, for it is the one that
    will be charged.
    """
    shop = Shop(lines, luck_of(lines, setting))
    shape = lines.paths.shape
    ratios, usual = lines.ratio_of_paths(), lines.ratio.mean(axis=1)
    price = np.repeat(lines.current[:, None], shape[1], axis=1)
    count = np.zeros(shape[:2], np.intp)
    so_far = np.zeros(shape[:2])
    prices = np.empty(shape, np.int16)
    stock, units = np.empty(shape, np.float32), np.empty(shape, np.float32)
    fold = 1 - np.arange(shape[1]) % 2
    rows = np.arange(shape[0])[:, None]
    for period in range(shape[2]):
        stock[:, :, period] = shop.stock[..., 0]
        if setting.open[period]:
            classes = class_of(so_far, policy.edges[:, period])
            learned = fold if period else np.full(shape[1], _ALL)
            chosen = _chosen(
                policy, period, lines, setting, learned, price, count, classes, shop.stock[..., 0]
            )
            count += (chosen != price) & (setting.most is not None)
            price = chosen
        prices[:, :, period] = price
        charged = lines.prices[rows, price][..., None]
        ratio = np.take_along_axis(ratios, price[..., None], axis=2)
        sold = shop.sell(period, charged, ratio)[..., 0]
        units[:, :, period] = sold
        expected = usual[rows, price]
        so_far += np.divide(sold, expected, out=np.zeros_like(sold), where=expected > 0)
    return Outcome(
        shop.revenue[..., 0],
        shop.salvage[..., 0],
        shop.holding[..., 0],
        shop.left[..., 0],
        shop.waste[..., 0],
        prices,
        stock,
        units,
    )


def _chosen(
    policy: Policy,
    period: int,
    lines: Lines,
    setting: Setting,
    fold: np.ndarray,
    price: np.ndarray,
    count: np.ndarray,
    classes: np.ndarray,
    stock: np.ndarray,
) -> np.ndarray:
    """(n, paths) position of the price worth most; the one on the shelf where none is better."""
    worth = policy.worth[period]
    items, points = len(lines), worth.shape[-1]
    in_play = np.maximum(stock - policy.beyond[:, None], 0.0)
    place = in_play / policy.steps[:, None]
    low = np.clip(place.astype(np.intp), 0, points - 2)
    part = (place - low).astype(np.float32)[..., None]
    options = np.arange(lines.prices.shape[1])
    changed = options != price[..., None]
    counted = count[..., None] + (changed & (setting.most is not None))
    allowed = lines.moves[np.arange(items)[:, None], price] & (counted < setting.counts)
    counted = np.minimum(counted, setting.counts - 1)
    cell = (fold * items + np.arange(items)[:, None])[..., None]
    for size, place_in in (
        (len(options), options),
        (setting.counts, counted),
        (setting.classes, classes[..., None]),
        (points, low[..., None]),
    ):
        cell = cell * size + place_in
    flat = worth.reshape(-1)
    below = flat[cell]
    value = below + part * (flat[cell + 1] - below)
    value = np.where(allowed | ~changed, value, NEVER)
    keeping = np.take_along_axis(value, price[..., None], axis=2)
    charged = lines.prices[np.arange(items)[:, None], price] * in_play
    bonus = _WORTH_A_LABEL * (np.abs(keeping) + charged[..., None])
    return np.where(changed, value, value + bonus).argmax(axis=2)


def kept_prices(lines: Lines, setting: Setting) -> tuple[Shop, np.ndarray]:
    """The shop of each price that is kept, (n, paths, points), and whether it may be, (n, points).

    A price is charged from the first period in which prices may change; today's price is kept
    until then, and for good in its own column.
    """
    options = lines.prices.shape[1]
    rows = np.arange(len(lines))
    shop = Shop(lines, luck_of(lines, setting), options)
    ratios = lines.ratio_of_paths()
    old_ratio = np.take_along_axis(ratios, lines.current[:, None, None], axis=2)
    old_price = lines.prices[rows, lines.current][:, None, None]
    prices = np.nan_to_num(lines.prices)[:, None, :]
    changed = np.logical_or.accumulate(setting.open)
    for period in range(lines.horizon):
        if changed[period]:
            shop.sell(period, prices, ratios)
        else:
            shop.sell(period, old_price, old_ratio)
    may = lines.moves[rows, lines.current] & bool(changed[-1] and setting.most != 0)
    may[rows, lines.current] = True
    return shop, may & ~np.isnan(lines.prices)
