"""Price and order of many items for a season, on the paths of their forecast."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from newretail_ml.forecast.ranks import sample_rank

_ITEMS = 256


@dataclass(frozen=True, eq=False)
class Terms:
    """What a unit costs and earns; (n,) each.

    Attributes:
        cost: of a unit ordered.
        salvage: of a unit left over.
        goodwill: lost with a unit short, beyond its margin.
        on_hand: units that are there already.
        pack: units of a pack.
    """

    cost: np.ndarray
    salvage: np.ndarray
    goodwill: np.ndarray
    on_hand: np.ndarray
    pack: np.ndarray

    def select(self, rows: slice) -> Terms:
        """Some of the items."""
        return Terms(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True, eq=False)
class Choice:
    """Expectations at price points.

    Attributes:
        order: (n, points) best order at each price.
        profit: (n, points) expected with it.
        sold, wanted: (n, points) expected units.
        judged: (n, points) expected profit of orders that one half of the paths chose, on the
            other half.
        foresight: (n,) expected profit of one who knows the path before pricing and ordering.
    """

    order: np.ndarray
    profit: np.ndarray
    sold: np.ndarray
    wanted: np.ndarray
    judged: np.ndarray
    foresight: np.ndarray


def choices(demand: np.ndarray, ratio: np.ndarray, prices: np.ndarray, terms: Terms) -> Choice:
    """The best order at each price point.

    Args:
        demand: (n, paths) units of the season at the reference price.
        ratio: (n, draws, points) of demand at each price; draws take turns over the paths.
        prices: (n, points); NaN where there are fewer.
        terms: of the items.
    """
    draws = (np.arange(demand.shape[1]) // 2) % ratio.shape[1]
    made = []
    for first in range(0, len(demand), _ITEMS):
        rows = slice(first, first + _ITEMS)
        paths = demand[rows, :, None] * ratio[rows][:, draws]
        made.append(_choice(np.moveaxis(paths, 1, 2), prices[rows], terms.select(rows)))
    return Choice(
        **{
            field.name: np.concatenate([getattr(one, field.name) for one in made])
            for field in fields(Choice)
        }
    )


def _choice(paths: np.ndarray, prices: np.ndarray, terms: Terms) -> Choice:
    """Of demand (n, points, paths)."""
    order = _best_order(paths, prices, terms)
    profit, sold = _expected(paths, order, prices, terms)
    judged = np.zeros_like(profit)
    half = np.arange(paths.shape[2]) % 2
    for here in (0, 1):
        other = _best_order(paths[:, :, half != here], prices, terms)
        share = (half == here).mean()
        judged += share * _expected(paths[:, :, half == here], other, prices, terms)[0]
    margin = prices - terms.cost[:, None]
    there = terms.on_hand[:, None, None]
    extra = np.maximum(margin[:, :, None], 0.0) * np.maximum(paths - there, 0.0)
    owned = (prices - terms.salvage[:, None])[:, :, None] * np.minimum(paths, there)
    known = extra + owned + terms.salvage[:, None, None] * there
    foresight = np.where(np.isnan(known), -np.inf, known).max(axis=1).mean(axis=1)
    return Choice(order, profit, sold, paths.mean(axis=2), judged, foresight)


def _best_order(paths: np.ndarray, prices: np.ndarray, terms: Terms) -> np.ndarray:
    """(n, points) whole packs: of the two sizes next to the best stock, the better one.

    Expected profit is concave in the stock.
    """
    gained = np.nan_to_num(prices) - (terms.cost - terms.goodwill)[:, None]
    lost = (terms.cost - terms.salvage)[:, None]
    ratio = np.clip(gained / np.maximum(gained + lost, 1e-300), 0.0, 1.0)
    ordered = np.sort(paths, axis=2)
    rank = sample_rank(ratio, paths.shape[2])
    stock = np.take_along_axis(ordered, rank[:, :, None], axis=2)[:, :, 0]
    stock = np.where(ratio > 0, stock, 0.0)
    packs = np.maximum(stock - terms.on_hand[:, None], 0.0) / terms.pack[:, None]
    fewer, more = (turn(packs) * terms.pack[:, None] for turn in (np.floor, np.ceil))
    worth = [_expected(paths, order, prices, terms)[0] for order in (fewer, more)]
    return np.where(worth[1] > worth[0], more, fewer)


def _expected(
    paths: np.ndarray, order: np.ndarray, prices: np.ndarray, terms: Terms
) -> tuple[np.ndarray, np.ndarray]:
    """(n, points) profit, and units sold."""
    stock = order + terms.on_hand[:, None]
    sold = np.minimum(paths, stock[:, :, None]).mean(axis=2)
    short = paths.mean(axis=2) - sold
    profit = (
        prices * sold
        + terms.salvage[:, None] * (stock - sold)
        - terms.cost[:, None] * order
        - terms.goodwill[:, None] * short
    )
    return profit, sold
