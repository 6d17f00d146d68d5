"""Slates of all customers under shared stock, by prices of what is scarce."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.recommendation.slates.ruling import Ruling
from newretail_ml.recommendation.slates.sales import SalesCurve, expected_sales
from newretail_ml.recommendation.slates.solving.one_by_one import Solver, as_chosen
from newretail_ml.recommendation.slates.solving.placing import Answer, best_slates
from newretail_ml.recommendation.slates.solving.programme import lacking

_CLOSE = 1e-4


@dataclass(frozen=True, eq=False)
class Shared:
    """Stock that customers share.

    Attributes:
        group: (n, m) stock that each candidate comes from, -1 where there is no limit.
        curve: what each stock can be worth.
    """

    group: np.ndarray
    curve: SalesCurve

    @property
    def n_groups(self) -> int:
        """Number of stocks."""
        return len(self.curve.stock)


@dataclass(frozen=True, eq=False)
class Goods:
    """What is offered and what it is worth.

    Attributes:
        ruling: the rules.
        solver: for those that count.
        chance: (n, m) chance of purchase at full attention.
        worth: (n, m) worth of a purchase, -inf where the candidate may not be shown.
        shared: stock that customers share; None where each slate stands alone.
    """

    ruling: Ruling
    solver: Solver
    chance: np.ndarray
    worth: np.ndarray
    shared: Shared | None

    def values(self, price: np.ndarray | None = None) -> np.ndarray:
        """(n, m) worth of showing a candidate, at the worth of more demand for each stock."""
        known = np.where(np.isfinite(self.worth), self.worth, 0.0)
        if price is not None and self.shared is not None:
            group = self.shared.group
            known = np.where(group >= 0, np.append(price, 0.0)[group], known)
        return np.where(np.isfinite(self.worth), known * self.chance, -np.inf)

    @property
    def stock(self) -> Shared:
        """The stock that is shared; there must be some."""
        assert self.shared is not None  # noqa: S101
        return self.shared

    def demand(self, slate: np.ndarray) -> np.ndarray:
        """(groups,) expected demand for each stock."""
        chance, group = self.exposures(slate)
        return np.bincount(group, chance, self.stock.n_groups)

    def exposures(self, slate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chances of purchase of all that is shown and scarce, and the stock it comes from."""
        at = np.maximum(slate, 0).astype(np.int64)
        chance = np.take_along_axis(self.chance, at, axis=1) * self.solver.attention
        group = np.take_along_axis(self.stock.group, at, axis=1)
        scarce = (slate >= 0) & (group >= 0)
        return chance[scarce], group[scarce]

    def of_rows(self, rows: np.ndarray) -> Goods:
        """What is offered to some customers."""
        return Goods(
            self.ruling,
            self.solver.of_rows(rows),
            self.chance[rows],
            self.worth[rows],
            Shared(self.stock.group[rows], self.stock.curve),
        )

    def total(self, slate: np.ndarray) -> float:
        """What the slates are expected to be worth, stock running out included."""
        linear = self.values()
        if self.shared is None:
            return float(self.solver.worth(linear, slate).sum())
        curve = self.shared.curve
        free = np.where(self.shared.group >= 0, 0.0, linear)
        chance, group = self.exposures(slate)
        sold = curve.worth @ expected_sales(chance, group, curve.stock)
        extra = curve.extra_worth @ expected_sales(chance, group, curve.extra_stock)
        return float(self.solver.worth(free, slate).sum() + sold + extra)


def shared_slates(goods: Goods, *, rounds: int, sweeps: int, random_state: int) -> Answer:
    """Slates that share stock, and a bound that none can exceed.

    Expected sales of a stock are a concave function of the expected demand for it. Each round
    puts a price on every stock, the slope of that function at the demand so far, finds the best
    slates at these prices, and moves a part of the customers to them (Frank and Wolfe 1956, Naval
    Research Logistics 3). Prices give a Lagrangian bound. Then the slates of small groups of
    customers are chosen anew, one group after the other, at the prices that the others leave: a
    heuristic for whole slates, whose gap to the bound is known.

    Args:
        goods: what is offered; stock is shared.
        rounds: of prices.
        sweeps: over all customers, in ever smaller groups.
        random_state: seed of who moves when.
    """
    rng = np.random.default_rng(random_state)
    answer = _at(goods, np.zeros(goods.stock.n_groups))
    slate, bound = answer.slate.copy(), answer.bound
    turn = rng.permutation(len(slate))
    start = 0
    for number in range(1, rounds + 1):
        if bound - _most(goods, slate) <= _CLOSE * abs(bound):
            break
        answer = _at(goods, goods.demand(slate))
        bound = min(bound, answer.bound)
        moved = max(int(np.ceil(2 * len(slate) / (number + 2))), 1)
        rows = turn[(start + np.arange(moved)) % len(turn)]
        start += moved
        slate[rows] = answer.slate[rows]
    slate = _with_contracts(answer, slate)
    for sweep in range(sweeps):
        _sweep(goods, answer, slate, rng.permutation(len(slate)), 32 * 4**sweep)
    _complete(goods, answer, slate)
    last = _at(goods, goods.demand(slate), thorough=True)
    return Answer(slate, answer.forced, answer.deadline, min(bound, last.bound))


def _complete(goods: Goods, answer: Answer, slate: np.ndarray) -> None:
    """Choose slates that lack what a rule wants anew, by integer programmes, in place."""
    chosen = as_chosen(slate, goods.chance.shape[1])
    short = np.zeros(len(slate), dtype=bool)
    for one in goods.solver.limits:
        short |= lacking(one, chosen)
    rows = np.flatnonzero(short)
    if not len(rows):
        return
    values = goods.values(goods.stock.curve.slope(goods.demand(slate)))[rows]
    open_ended = np.full(len(rows), np.inf)
    slate[rows] = goods.solver.of_rows(rows).thorough(
        values, slate[rows], open_ended, answer.forced[rows], answer.deadline[rows]
    )[0]


def _most(goods: Goods, slate: np.ndarray) -> float:
    """The most that slates can be worth, for the expected demand that they make."""
    free = np.where(goods.stock.group >= 0, 0.0, goods.values())
    scarce = goods.stock.curve.value(goods.demand(slate))
    return float(goods.solver.worth(free, slate).sum() + scarce.sum())


def _at(goods: Goods, demand: np.ndarray, *, thorough: bool = False) -> Answer:
    """The best slates at the prices of a demand, with the bound that these prices give."""
    curve = goods.stock.curve
    price = curve.slope(demand)
    found = best_slates(goods.ruling, goods.solver, goods.values(price), thorough=thorough)
    # The tangent at the demand lies above the curve: where it meets no demand is the rest.
    bound = found.bound + float((curve.value(demand) - price * demand).sum())
    return Answer(found.slate, found.forced, found.deadline, bound)


def _with_contracts(answer: Answer, slate: np.ndarray) -> np.ndarray:
    """The slates, those of the last answer where it keeps a contract."""
    return np.where(np.any(answer.forced, axis=1, keepdims=True), answer.slate, slate)


def _sweep(goods: Goods, answer: Answer, slate: np.ndarray, turn: np.ndarray, groups: int) -> None:
    """Choose the slates of one group of customers after the other anew, in place."""
    curve = goods.stock.curve
    demand = goods.demand(slate)
    price = curve.slope(demand)
    for rows in np.array_split(turn, min(groups, len(turn))):
        part, old = goods.of_rows(rows), slate[rows]
        values = part.values(_price_beside(part, old, demand, price))
        new = part.solver.slates(values, answer.forced[rows], answer.deadline[rows])
        gain = part.solver.worth(values, new) - part.solver.worth(values, old)
        by = np.argsort(-gain, kind="stable")
        by = by[gain[by] > 1e-12]
        for share in (1.0, 0.25):
            some = by[: int(np.ceil(share * len(by)))]
            stocks, change, free = _change(goods.of_rows(rows[some]), old[some], new[some])
            touched, before = curve.of(stocks), demand[stocks]
            after = before + change
            if len(some) and free + (touched.value(after) - touched.value(before)).sum() > 1e-12:
                slate[rows[some]] = new[some]
                demand[stocks], price[stocks] = after, touched.slope(after)
                break


def _price_beside(
    part: Goods, slate: np.ndarray, demand: np.ndarray, price: np.ndarray
) -> np.ndarray:
    """(stocks,) prices that others leave to one customer; those of all to many."""
    if len(slate) > 1:
        return price
    own, stocks = part.exposures(slate)
    beside = price.copy()
    beside[stocks] = part.stock.curve.of(stocks).slope(demand[stocks] - own)
    return beside


def _change(part: Goods, old: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Stocks whose expected demand other slates change, by how much, and what else they gain."""
    free = np.where(part.stock.group >= 0, 0.0, part.values())
    gain = part.solver.worth(free, new).sum() - part.solver.worth(free, old).sum()
    (less, left), (more, come) = part.exposures(old), part.exposures(new)
    stocks, place = np.unique(np.concatenate([left, come]), return_inverse=True)
    change = np.bincount(place, np.concatenate([-less, more]), len(stocks))
    return stocks, change, float(gain)
