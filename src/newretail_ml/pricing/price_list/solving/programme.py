"""One mixed-integer programme of price points under rules, solved by HiGHS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from newretail_ml.pricing.price_list.board import Rows
from newretail_ml.quiet import without_stray_lines

if TYPE_CHECKING:
    from scipy.optimize import LinearConstraint

# Rows are written large, so that the solver's tolerance of 1e-6 is none in prices.
_ROW_SIZE = 1e3
# So that the solver's absolute gap of 1e-6 is none in money.
_OBJECTIVE_SIZE = 1e4


@dataclass(frozen=True, eq=False)
class Answer:
    """What the solver said.

    Attributes:
        chosen: (n,) chosen points, None where none was found.
        bound: on the objective; minus infinity where the rules contradict one another.
        columns: values of the added columns.
        impossible: whether it is proved that no choice keeps the rules.
    """

    chosen: np.ndarray | None
    bound: float
    columns: np.ndarray
    impossible: bool


class Programme:
    """Exactly one allowed point a product, sums within their limits, and columns added later.

    Args:
        allowed: (n, m) points that may be chosen, at least one a product.
        rows: sums over products.
    """

    def __init__(self, allowed: np.ndarray, rows: Sequence[Rows]) -> None:
        self.allowed = allowed
        self.product, self.point = np.nonzero(allowed)
        self.n_choices = len(self.product)
        self.position = np.full(allowed.shape, -1)
        self.position[self.product, self.point] = np.arange(self.n_choices)
        self.n_columns = self.n_choices
        self._lower, self._upper = [np.zeros(self.n_choices)], [np.ones(self.n_choices)]
        self._integer = [np.ones(self.n_choices)]
        self._parts: list[tuple[sparse.csr_array, np.ndarray, np.ndarray]] = []
        ones = np.ones(len(allowed))
        self.add_rows(self.product, np.arange(self.n_choices), np.ones(self.n_choices), ones, ones)
        for one in rows:
            self._add(one)

    def add_columns(
        self, lower: np.ndarray, upper: np.ndarray, *, integer: bool = False
    ) -> np.ndarray:
        """(count,) positions of new columns with these bounds."""
        positions = np.arange(self.n_columns, self.n_columns + len(lower))
        self._lower.append(np.asarray(lower, float))
        self._upper.append(np.asarray(upper, float))
        self._integer.append(np.full(len(lower), float(integer)))
        self.n_columns += len(lower)
        return positions

    def add_rows(
        self,
        row: np.ndarray,
        column: np.ndarray,
        value: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        *,
        enlarged: bool = False,
    ) -> None:
        """Constraints low <= sum of value x column <= high, from entries."""
        if not len(column):
            return
        shape = (len(low), int(column.max(initial=-1)) + 1)
        matrix = sparse.csr_array((value, (row, column)), shape=shape)
        size = np.maximum(abs(matrix).max(axis=1).toarray().ravel(), 1e-12)
        factor = np.where(size == 1.0, 1.0, (_ROW_SIZE if enlarged else 1.0) / size)
        scaled = sparse.diags_array(factor) @ matrix
        self._parts.append((sparse.csr_array(scaled), low * factor, high * factor))

    def solve(
        self,
        objective: np.ndarray,
        columns: np.ndarray | None = None,
        *,
        offset: float = 0.0,
        time_limit: float,
        gap: float = 0.0,
    ) -> Answer:
        """The choice of the largest objective.

        Args:
            objective: (n, m) of the points.
            columns: of the added columns, in their order.
            offset: what is added to it; counts for the gap.
            time_limit: seconds.
            gap: share of the objective that may be missing.
        """
        worth = np.zeros(self.n_columns + 1)
        worth[-1] = offset
        worth[: self.n_choices] = objective[self.product, self.point]
        if columns is not None:
            worth[self.n_choices : -1] = columns
        size = np.abs(worth[:-1]).max(initial=0.0)
        factor = _OBJECTIVE_SIZE / size if size > 0 else 1.0
        from scipy.optimize import Bounds, milp

        with without_stray_lines():
            result = milp(
                -worth * factor,
                integrality=np.concatenate([*self._integer, [0.0]]),
                bounds=Bounds(
                    np.concatenate([*self._lower, [1.0]]), np.concatenate([*self._upper, [1.0]])
                ),
                constraints=self._constraint(),
                options={"time_limit": max(time_limit, 0.05), "mip_rel_gap": gap},
            )
        return self._answer(result, factor)

    def _answer(self, result: object, factor: float) -> Answer:
        x = getattr(result, "x", None)
        impossible = getattr(result, "status", None) == 2
        dual = getattr(result, "mip_dual_bound", None)
        bound = np.inf if dual is None or not np.isfinite(dual) else -float(dual) / factor
        if x is None:
            bound = -np.inf if impossible else bound
            return Answer(None, bound, np.empty(0), impossible)
        worth = np.full(self.allowed.shape, -1.0)
        worth[self.product, self.point] = x[: self.n_choices]
        return Answer(worth.argmax(axis=1), bound, x[self.n_choices : -1], False)

    def _constraint(self) -> LinearConstraint:
        from scipy.optimize import LinearConstraint

        blocks = []
        for matrix, _, _ in self._parts:
            wide = sparse.csr_array(matrix, copy=True)
            wide.resize((matrix.shape[0], self.n_columns + 1))
            blocks.append(wide)
        low = np.concatenate([part[1] for part in self._parts])
        high = np.concatenate([part[2] for part in self._parts])
        return LinearConstraint(sparse.vstack(blocks, format="csc"), low, high)

    def _add(self, rows: Rows) -> None:
        count = len(rows.at_most)
        row = np.broadcast_to(np.arange(count)[:, None, None], rows.values.shape)
        column = self.position[rows.products]
        some = (rows.values != 0) & (column >= 0)
        high = rows.at_most + rows.slack() / 2
        self.add_rows(
            row[some], column[some], rows.values[some], np.full(count, -np.inf), high, enlarged=True
        )


def packed(rows: Sequence[Rows], some: np.ndarray) -> list[Rows]:
    """Rows whose products are all among some, with positions among these."""
    new = np.full(int(some.max(initial=-1)) + 1, -1)
    new[some] = np.arange(len(some))
    return [Rows(new[one.products], one.values, one.at_most) for one in rows]
