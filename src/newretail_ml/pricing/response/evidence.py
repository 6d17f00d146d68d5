"""What the data can say about the response to a price, and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a response rests on, product by product.

    Attributes:
        identified: (n,) whether the data tells how demand answers the price. Decisions keep the
            current price where it does not.
        reason: (n,) why it is not identified, in words; empty where it is.
        lowest, highest: (n,) the range of prices seen in the data; NaN where none is known.
            What is said of prices outside it is a guess of the curve's form.
    """

    identified: np.ndarray
    reason: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray

    @classmethod
    def given(cls, n: int) -> Evidence:
        """Of a response that somebody states: taken as true at every price."""
        nowhere = np.full(n, np.nan)
        return cls(np.ones(n, bool), np.full(n, "", dtype=object), nowhere, nowhere)

    def seen(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) whether prices lie in the range of the data, to a tenth of a percent."""
        below = prices < self.lowest * 0.999
        above = prices > self.highest * 1.001
        return ~(below | above)

    def select(self, products: np.ndarray) -> Evidence:
        """The evidence of some products."""
        return Evidence(
            self.identified[products],
            self.reason[products],
            self.lowest[products],
            self.highest[products],
        )
