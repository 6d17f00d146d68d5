"""What a decision under a choice model comes back as."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class ChoiceDecision:
    """Prices or lists chosen under a choice model, and how good they provably are.

    Attributes:
        table: one row a product: its keys, what was decided, expected units, revenue, profit.
        objective: expected profit a period (revenue, where no unit costs were given).
        bound: no decision under the same rules earns more than this.
        exact: whether the method proves its decision to be best; False for a heuristic, which
            may still have found it.
        why: how it was found, and what of it deserves a second look.
    """

    table: pd.DataFrame
    objective: float
    bound: float
    exact: bool
    why: str

    @property
    def gap(self) -> float:
        """How much more could be earned at most, as a share of the bound."""
        return max(self.bound - self.objective, 0.0) / max(abs(self.bound), 1e-300)

    def __repr__(self) -> str:
        how = "exact" if self.exact else f"heuristic, gap {self.gap:.2%}"
        return f"{type(self).__name__}({len(self.table):,} products, {self.objective:,.6g}, {how})"


@dataclass(frozen=True, eq=False)
class Priced:
    """Prices of one market, their profit's bound, and how they were found."""

    prices: np.ndarray
    bound: float
    exact: bool
    why: str
