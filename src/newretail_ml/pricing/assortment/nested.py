"""Best lists under the nested logit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.assortment.rules import Settled

ROUNDS = 200
# Larger nests get as many orders, evenly spaced, and their lists are no longer proven.
MOST_ORDERS = 20_000


def nested_list(
    log_attraction: np.ndarray,
    gain: np.ndarray,
    nests: list[np.ndarray],
    dissimilarity: np.ndarray,
    rules: Settled,
) -> tuple[np.ndarray, float, bool]:
    """(n,) bool, the list with the largest money a customer, under at_most and never alone.

    Without a limit each nest lists its products with the largest gains (Davis, Gallego and
    Topaloglu 2014, Operations Research 62). With a limit on their number, the best list of a
    nest maximizes the sum of attraction (gain - u) for some u, so the candidates between the
    points where that order changes are enough (Gallego and Topaloglu 2014, Management Science
    60), and nests share the number by a dynamic programme.

    Args:
        log_attraction: (n,) worth over dissimilarity, v / d.
        gain: (n,) money of a unit.
        nests: positions of the products of each nest.
        dissimilarity: (n,) of each product's nest.
        rules: only at_most and never are looked at.

    Returns:
        The list, its money a customer, and whether it is proven.
    """
    wanted = ~rules.never & np.isfinite(log_attraction)
    offered = [members[wanted[members]] for members in nests]
    offered = [members for members in offered if len(members)]
    tops = [log_attraction[members].max() * dissimilarity[members[0]] for members in offered]
    top = max(0.0, *tops) if tops else 0.0
    limited = rules.at_most < wanted.sum()
    made = [
        _Nest.of(log_attraction, gain, members, float(dissimilarity[members[0]]), top, limited)
        for members in offered
    ]
    listed, earned = np.zeros(len(gain), bool), 0.0
    outside = np.exp(-top)
    for _ in range(ROUNDS):
        found = _best_for(made, earned, rules.at_most)
        chosen = np.zeros(len(gain), bool)
        money, total = 0.0, outside
        for nest, (row, count) in zip(made, found, strict=True):
            chosen[nest.products(row, count)] = True
            part, worth = nest.parts(row, count)
            money, total = money + worth * part, total + worth
        if money / total <= earned * (1 + 1e-15):
            break
        listed, earned = chosen, money / total
    return listed, float(earned), all(nest.complete for nest in made)


def _best_for(nests: list[_Nest], reference: float, at_most: int) -> list[tuple[int, int]]:
    """Row and number of products of each nest's list, with the largest sum over the reference."""
    best = np.zeros(at_most + 1)
    taken: list[np.ndarray] = []
    tables = [nest.over(reference) for nest in nests]
    for table, _ in tables:
        number = np.arange(at_most + 1)[:, None] - np.arange(len(table))
        sums = np.where(number >= 0, best[np.maximum(number, 0)] + table, -np.inf)
        taken.append(sums.argmax(axis=1))
        best = sums.max(axis=1)
    left, found = at_most, []
    for (_, rows), counts in zip(reversed(tables), reversed(taken), strict=True):
        count = int(counts[left])
        found.append((int(rows[count]), count))
        left -= count
    return found[::-1]


@dataclass(frozen=True, eq=False)
class _Nest:
    """Candidate lists of a nest: rows are orders of its products, lists are their beginnings."""

    members: np.ndarray
    order: np.ndarray
    attraction: np.ndarray
    money: np.ndarray
    dissimilarity: float
    scale: float
    complete: bool

    @classmethod
    def of(
        cls,
        log_attraction: np.ndarray,
        gain: np.ndarray,
        members: np.ndarray,
        dissimilarity: float,
        top: float,
        limited: bool,
    ) -> _Nest:
        logs, own = log_attraction[members], gain[members]
        attraction = np.exp(logs - logs.max())
        order = _orders(attraction, own) if limited else np.argsort(-own, kind="stable")[None]
        totals = np.cumsum(attraction[order], axis=1)
        money = np.cumsum((attraction * own)[order], axis=1)
        # Worth of a list: scale * attraction ** dissimilarity, over the market's largest.
        scale = np.exp(dissimilarity * logs.max() - top)
        complete = len(order) < MOST_ORDERS
        return cls(members, order, totals, money, dissimilarity, float(scale), complete)

    def over(self, reference: float) -> tuple[np.ndarray, np.ndarray]:
        """(1 + products,) the most over a reference with so many products, and in which row."""
        worth = self.scale * self.attraction**self.dissimilarity
        gain = worth * (self.money / self.attraction - reference)
        rows = gain.argmax(axis=0)
        most = gain[rows, np.arange(gain.shape[1])]
        return np.append(0.0, most), np.append(0, rows)

    def parts(self, row: int, count: int) -> tuple[float, float]:
        """Money of a buyer in the nest, and the worth of the list."""
        if count == 0:
            return 0.0, 0.0
        total = self.attraction[row, count - 1]
        return (
            float(self.money[row, count - 1] / total),
            float(self.scale * total**self.dissimilarity),
        )

    def products(self, row: int, count: int) -> np.ndarray:
        """Positions of the list's products."""
        return self.members[self.order[row, :count]]


def _orders(attraction: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """(orders, products) each order of attraction (gain - u) that some u brings about."""
    first, second = np.triu_indices(len(gain), 1)
    slope = attraction[first] - attraction[second]
    level = (attraction * gain)[first] - (attraction * gain)[second]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = level / slope
    points = np.unique(np.concatenate([gain, crossing[np.isfinite(crossing)]]))
    between = np.concatenate([points[:1] - 1.0, (points[1:] + points[:-1]) / 2, points[-1:] + 1.0])
    if len(between) > MOST_ORDERS:
        between = between[np.linspace(0, len(between) - 1, MOST_ORDERS).astype(int)]
    over = attraction * (gain - between[:, None])
    return np.argsort(-over, axis=1, kind="stable")
