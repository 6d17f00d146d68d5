"""The mixed-integer programme of a curve with cross effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.programme import Answer, Programme
from newretail_ml.pricing.price_list.task import Task


@dataclass(frozen=True, eq=False)
class Effects:
    """What price points do to levels and to own demand.

    Attributes:
        cross: (n, n) coefficients of other products' prices; the diagonal is zero.
        move: (n, m) what they are multiplied with at each point.
        own: (n, m) own factor (or own part, where demand is linear) at each point.
        low: (n,) lowest sums of cross effects over allowed points.
        high: (n,) highest ones.
    """

    cross: np.ndarray
    move: np.ndarray
    own: np.ndarray
    low: np.ndarray
    high: np.ndarray


class CurveModel:
    """Choices x, levels z that other prices set, and their products w = x z.

    Args:
        task: a curve with cross effects on a board.
        ruling: the rules.
        effects: of the curve on the allowed points.
        breaks: for each product, where secants of the exponential touch it; None where demand
            is linear, and levels are the sums of cross effects themselves.
    """

    def __init__(
        self,
        task: Task,
        ruling: Ruling,
        effects: Effects,
        breaks: Sequence[np.ndarray] | None,
    ) -> None:
        self.task, self.ruling, self.effects = task, ruling, effects
        self.programme = Programme(ruling.allowed, ruling.rows)
        self.product, self.point = self.programme.product, self.programme.point
        self.weight = task.board.prices - task.share * task.board.cost[:, None]
        self._worth: list[np.ndarray] = []
        n = len(effects.low)
        total = self._add(effects.low, effects.high)
        self._tie(total)
        if breaks is None:
            level, self.low, self.high = total, effects.low, effects.high
        else:
            self.low, self.high = np.exp(effects.low), np.exp(effects.high)
            level = self._add(self.low, self.high)
            for row in range(n):
                self._secants(total[row], level[row], breaks[row])
        self.parts = self._products(level)
        self.own_parts = self._units(linear=breaks is None)
        for share, among in ruling.revenues:
            self._hold(share, among)

    def solve(self, seconds: float) -> Answer:
        """The list of the programme, and its bound."""
        weight = self.weight[self.product, self.point]
        choice, worth = -self.ruling.charge, np.concatenate(self._worth)
        factors, columns = self.own_parts
        worth[columns - self.programme.n_choices] += weight * factors
        if self.direct is not None:
            choice = choice + self.weight * self.direct
        return self.programme.solve(choice, worth, time_limit=seconds, gap=self.task.gap)

    def _add(self, low: np.ndarray, high: np.ndarray, *, integer: bool = False) -> np.ndarray:
        self._worth.append(np.zeros(len(low)))
        return self.programme.add_columns(low, high, integer=integer)

    def _tie(self, total: np.ndarray) -> None:
        """Total = sum of cross effects of the chosen points."""
        values = self.effects.cross[:, self.product] * self.effects.move[self.product, self.point]
        row, choice = np.nonzero(values)
        n = len(total)
        self.programme.add_rows(
            np.concatenate([row, np.arange(n)]),
            np.concatenate([choice, total]),
            np.concatenate([values[row, choice], -np.ones(n)]),
            np.zeros(n),
            np.zeros(n),
        )

    def _products(self, level: np.ndarray) -> np.ndarray:
        """(choices,) columns of w = x z: their sum over a product's points is its level."""
        low, high = self.low[self.product], self.high[self.product]
        columns = self._add(np.minimum(low, 0.0), np.maximum(high, 0.0))
        n, many = len(level), len(columns)
        self.programme.add_rows(
            np.concatenate([self.product, np.arange(n)]),
            np.concatenate([columns, level]),
            np.concatenate([np.ones(many), -np.ones(n)]),
            np.zeros(n),
            np.zeros(n),
        )
        self._between(columns, low, high)
        return columns

    def _between(self, columns: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Low x <= column <= high x, choice by choice."""
        many = len(columns)
        row = np.tile(np.arange(many), 2)
        column = np.concatenate([columns, np.arange(many)])
        for limit, at_least, at_most in ((low, 0.0, np.inf), (high, -np.inf, 0.0)):
            value = np.concatenate([np.ones(many), -limit])
            self.programme.add_rows(
                row, column, value, np.full(many, at_least), np.full(many, at_most)
            )

    def _units(self, *, linear: bool) -> tuple[np.ndarray, np.ndarray]:
        """Factors and columns of units by choice; `direct` is what choices add themselves."""
        own = self.effects.own[self.product, self.point]
        self.direct = None
        if not linear:
            return own, self.parts
        clipped = np.flatnonzero(own + self.low[self.product] < 0)
        direct = np.where(self.programme.allowed, self.effects.own, 0.0)
        direct[self.product[clipped], self.point[clipped]] = 0.0
        self.direct = direct
        columns = self.parts.copy()
        columns[clipped] = self._clipped(clipped, own[clipped])
        return np.ones(len(columns)), columns

    def _clipped(self, choice: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Columns y = max(0, own x + w) of choices whose demand may end."""
        low = own + self.low[self.product[choice]]
        high = np.maximum(own + self.high[self.product[choice]], 0.0)
        many = len(choice)
        y = self._add(np.zeros(many), high)
        sells = self._add(np.zeros(many), np.ones(many), integer=True)
        part, each = self.parts[choice], np.arange(many)
        ones = np.ones(many)

        def add(low: float | np.ndarray, high: float | np.ndarray, **values: np.ndarray) -> None:
            columns = {"y": y, "part": part, "choice": choice, "sells": sells}
            self.programme.add_rows(
                np.tile(each, len(values)),
                np.concatenate([columns[name] for name in values]),
                np.concatenate([*values.values()]),
                np.broadcast_to(low, many),
                np.broadcast_to(high, many),
            )

        add(0.0, np.inf, y=ones, part=-ones, choice=-own)
        add(-np.inf, -low, y=ones, part=-ones, choice=-own, sells=-low)
        add(-np.inf, 0.0, y=ones, sells=-high)
        add(-np.inf, 0.0, sells=ones, choice=-ones)
        return y

    def _secants(self, total: int, level: int, breaks: np.ndarray) -> None:
        """Level between tangents below and, piece by piece, secants above the exponential."""
        heights = np.exp(breaks)
        many = len(breaks)
        self.programme.add_rows(
            np.tile(np.arange(many), 2),
            np.repeat([level, total], many),
            np.concatenate([np.ones(many), -heights]),
            heights * (1.0 - breaks),
            np.full(many, np.inf),
        )
        if many < 2:
            return
        slope = np.diff(heights) / np.diff(breaks)
        offset = heights[:-1] - slope * breaks[:-1]
        if many == 2:
            row, column = np.zeros(2, int), np.array([level, total])
            value = np.array([1.0, -slope[0]])
            self.programme.add_rows(row, column, value, np.array([-np.inf]), offset)
            return
        self._pieces(total, level, breaks, slope, offset)

    def _pieces(
        self, total: int, level: int, breaks: np.ndarray, slope: np.ndarray, offset: np.ndarray
    ) -> None:
        many = len(slope)
        inside = self._add(np.zeros(many), np.ones(many), integer=True)
        part = self._add(np.minimum(breaks[:-1], 0.0), np.maximum(breaks[1:], 0.0))
        one, none, ones = np.zeros(1), np.zeros(many, int), np.ones(many)
        self.programme.add_rows(none, inside, ones, one + 1, one + 1)
        self.programme.add_rows(
            np.zeros(many + 1, int), np.append(part, total), np.append(ones, -1.0), one, one
        )
        row = np.tile(np.arange(many), 2)
        for limit, low, high in ((breaks[:-1], 0.0, np.inf), (breaks[1:], -np.inf, 0.0)):
            self.programme.add_rows(
                row,
                np.concatenate([part, inside]),
                np.concatenate([ones, -limit]),
                np.full(many, low),
                np.full(many, high),
            )
        self.programme.add_rows(
            np.zeros(2 * many + 1, int),
            np.concatenate([part, inside, [level]]),
            np.concatenate([-slope, -offset, [1.0]]),
            one - np.inf,
            one,
        )

    def _hold(self, share: float, among: np.ndarray) -> None:
        factors, columns = self.own_parts
        some = np.flatnonzero(among[self.product])
        price = self.task.board.prices[self.product, self.point]
        column, value = columns[some], (price * factors)[some]
        if self.direct is not None:
            added = (price * self.direct[self.product, self.point])[some]
            column, value = np.concatenate([column, some]), np.concatenate([value, added])
        needed = np.array([self.task.needed(share, among)])
        self.programme.add_rows(
            np.zeros(len(column), int), column, value, needed, np.array([np.inf])
        )
