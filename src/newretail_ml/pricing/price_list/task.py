"""The task of a price list: demand, objective and uncertainty on a board, ready for any rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from newretail_ml.pricing.price_list.board import Board, Rows
from newretail_ml.pricing.price_list.worth import (
    Joint,
    Table,
    Worth,
    separable_table,
    unit_table,
)
from newretail_ml.pricing.response import DemandResponse

EXPECTED, MEAN, CAUTIOUS = "expected", "mean", "cautious"


@dataclass(frozen=True, eq=False)
class Task:
    """Everything but the rules.

    Attributes:
        board: products and points.
        response: expected demand.
        draws: responses that are as likely as the data allows.
        share: of the cost that counts in the objective.
        uncertainty: expected, mean or cautious.
        worst: share of the draws that count where cautious.
        gap: share of the objective that may be missing.
        time_limit: seconds for one list.
    """

    board: Board
    response: DemandResponse
    draws: Sequence[DemandResponse]
    share: float
    uncertainty: str
    worst: float
    gap: float
    time_limit: float

    @cached_property
    def worth(self) -> Worth:
        """The objective, charges not paid."""
        counted = [self.response] if self.uncertainty == EXPECTED else self.draws
        worst = self.worst if self.uncertainty == CAUTIOUS else None
        if self.response.separable:
            table = separable_table(self.board, counted, self.share, worst)
            return Table(self.board, table)
        return Joint(self.board, counted, self.share, worst)

    def revenue(self, among: np.ndarray) -> Worth:
        """Expected revenue of some products."""
        if self.response.separable:
            table = separable_table(self.board, [self.response], 0.0, None)
            return Table(self.board, table * among[:, None])
        return Joint(self.board, [self.response], 0.0, among=among)

    @cached_property
    def units_now(self) -> np.ndarray:
        """(n,) expected units at current prices."""
        return self.response.units(self.board.current)

    def needed(self, share: float, among: np.ndarray) -> float:
        """Revenue that a rule wants to be held."""
        now = float((self.board.current * self.units_now)[among].sum())
        return share * now - 1e-9 * abs(now)

    def revenue_of(self, chosen: np.ndarray, among: np.ndarray) -> float:
        """Expected revenue of some products."""
        prices = self.board.at(chosen)
        return float((prices * self.response.units(prices))[among].sum())

    def holds(self, revenues: Sequence[tuple[float, np.ndarray]], chosen: np.ndarray) -> bool:
        """Whether a choice holds the revenue that rules want."""
        return all(
            self.revenue_of(chosen, among) >= self.needed(share, among) for share, among in revenues
        )

    def revenue_rows(self, revenues: Sequence[tuple[float, np.ndarray]]) -> list[Rows]:
        """Revenue to be held as sums over products, where these do not touch each other."""
        made = []
        for share, among in revenues:
            members = np.flatnonzero(among)
            values = (unit_table(self.board, self.response) * self.board.prices)[members]
            needed = self.needed(share, among)
            made.append(Rows(members[None], -values[None], np.array([-needed])))
        return made
