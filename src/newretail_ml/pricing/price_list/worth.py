"""What price lists are worth: the objective at any choice of points, for every kind of demand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from newretail_ml.pricing.price_list.board import Board
from newretail_ml.pricing.response import DemandResponse

_CELLS = 20_000_000


class Worth(ABC):
    """The objective as a function of the chosen points.

    Attributes:
        board: products and points.
    """

    board: Board

    @abstractmethod
    def value(self, chosen: np.ndarray) -> float:
        """Objective at chosen points (n,)."""

    @abstractmethod
    def moves(self, chosen: np.ndarray) -> np.ndarray:
        """(n, m) what the objective gains where one product alone takes another point."""

    @abstractmethod
    def around(self, here: np.ndarray) -> np.ndarray:
        """(n, m) likewise, from prices (n,) that need not be points."""


class Table(Worth):
    """Products that do not touch each other: the sum of a table's entries.

    Args:
        board: products and points.
        table: (n, m) what each product earns at each of its points.
    """

    def __init__(self, board: Board, table: np.ndarray) -> None:
        self.board, self.table = board, table

    def value(self, chosen: np.ndarray) -> float:
        """Objective at chosen points (n,)."""
        return float(self.table[np.arange(len(chosen)), chosen].sum())

    def moves(self, chosen: np.ndarray) -> np.ndarray:
        """(n, m) gains of single moves."""
        return self.table - self.table[np.arange(len(chosen)), chosen][:, None]

    def around(self, here: np.ndarray) -> np.ndarray:
        """(n, m) the table, from the worth of points next to the prices."""
        nearest = np.nanargmin(np.abs(self.board.points - here[:, None]), axis=1)
        return self.moves(nearest)


class Joint(Worth):
    """Products that draw on one another: units at whole price lists.

    Args:
        board: products and points.
        responses: one, or several that are as likely; then the mean counts, or the mean of the
            worst ones.
        share: of the cost that counts: 1 for profit, 0 for revenue.
        worst: share of the responses that count, from those of least gain; None for all.
        among: (n,) products that count; None for all.
    """

    def __init__(
        self,
        board: Board,
        responses: Sequence[DemandResponse],
        share: float,
        worst: float | None = None,
        among: np.ndarray | None = None,
    ) -> None:
        self.board, self.responses, self.worst = board, list(responses), worst
        self.among = np.ones(len(board.cost), bool) if among is None else among
        self.cost = share * board.cost
        self._now = self._each(board.current[None])[:, 0]

    def value(self, chosen: np.ndarray) -> float:
        """Objective at chosen points (n,)."""
        return float(self.values(chosen[None])[0])

    def values(self, lists: np.ndarray) -> np.ndarray:
        """(lists,) objective at chosen points (lists, n)."""
        rows = np.arange(lists.shape[1])
        step = max(1, _CELLS // lists.shape[1])
        parts = [
            self._summed(self.board.points[rows, lists[first : first + step]])
            for first in range(0, len(lists), step)
        ]
        return np.concatenate(parts)

    def moves(self, chosen: np.ndarray) -> np.ndarray:
        """(n, m) gains of single moves."""
        return self.around(self.board.at(chosen))

    def around(self, here: np.ndarray) -> np.ndarray:
        """(n, m) what the objective gains over prices (n,) where one moves to its points."""
        n, n_points = self.board.points.shape
        gains = np.empty((n, n_points))
        step = max(1, _CELLS // (n * n_points))
        for first in range(0, n, step):
            some = np.arange(first, min(first + step, n))
            lists = np.repeat(here[None], len(some) * n_points, axis=0)
            lists = lists.reshape(len(some), n_points, n)
            lists[np.arange(len(some))[:, None], np.arange(n_points), some[:, None]] = (
                self.board.prices[some]
            )
            gains[some] = self._summed(lists)
        return gains - float(self._summed(here[None])[0])

    def _each(self, prices: np.ndarray) -> np.ndarray:
        """(responses, ...) objective of price lists (..., n)."""
        margin = np.where(self.among, prices - self.cost, 0.0)
        return np.stack([(margin * one.units(prices)).sum(axis=-1) for one in self.responses])

    def _summed(self, prices: np.ndarray) -> np.ndarray:
        """(...) objective of price lists (..., n)."""
        each = self._each(prices)
        if self.worst is None:
            return each.mean(axis=0)
        gains = each - self._now.reshape(-1, *[1] * (each.ndim - 1))
        return self._now.mean() + mean_of_worst(gains, self.worst)


def unit_table(board: Board, response: DemandResponse) -> np.ndarray:
    """(n, m) units of each product at each of its points, all others at current prices."""
    return response.units(board.prices.T).T


def separable_table(
    board: Board, responses: Sequence[DemandResponse], share: float, worst: float | None
) -> np.ndarray:
    """(n, m) expected worth of each point, or what is certain of it.

    With `worst`, gains over the current price count by the mean of their worst share, product by
    product: the conditional value at risk (Rockafellar and Uryasev 2000, Journal of Risk 2). As
    it never rises by splitting, the list as a whole is at least as safe as the sum says.
    """
    margin = board.prices - share * board.cost[:, None]
    tables = (unit_table(board, one) * margin for one in responses)
    if worst is None:
        return np.mean([*tables], axis=0) if len(responses) > 1 else next(tables)
    own = board.current - share * board.cost
    now = np.stack([one.units(board.current) * own for one in responses])
    gains = np.stack([*tables]) - now[:, :, None]
    return now.mean(axis=0)[:, None] + mean_of_worst(gains, worst)


def mean_of_worst(gains: np.ndarray, share: float) -> np.ndarray:
    """(...) mean of the smallest share of values along the first axis, at least of one."""
    count = max(1, int(np.ceil(share * len(gains) - 1e-9)))
    if count >= len(gains):
        return gains.mean(axis=0)
    return np.partition(gains, count - 1, axis=0)[:count].mean(axis=0)
