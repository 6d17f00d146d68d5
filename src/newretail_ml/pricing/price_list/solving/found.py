"""What a solver found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Found:
    """Chosen points and what is proved of them.

    Attributes:
        chosen: (n,) positions of the chosen points.
        value: of the objective, money of changes paid.
        bound: no list that keeps the rules is worth more; infinite where nothing is proved.
        how: the method, in words.
    """

    chosen: np.ndarray
    value: float
    bound: float
    how: str

    @property
    def gap(self) -> float:
        """Share of the bound that the list may lack; NaN where nothing is proved."""
        lacking = self.bound - self.value
        if not np.isfinite(lacking):
            return float("nan")
        return lacking / max(abs(self.bound), 1e-12) if lacking > 0 else 0.0
