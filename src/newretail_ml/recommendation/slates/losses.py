"""What is sold at a loss out of stock that may run out: fewer units of it are the better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.recommendation.slates.sales import expected_sales, plentiful


def least_served(chance: np.ndarray, group: np.ndarray, units: np.ndarray) -> np.ndarray:
    """(groups,) the part of demand that stock serves if all are shown what they might be.

    Whoever is shown it, no smaller part is served: the chance that a unit is left falls with each
    customer more. A loss on that part of the demand is thus no more than the loss that is made.

    Args:
        chance: (candidates,) chance of purchase of all who might be shown the item.
        group: (candidates,) which stock it comes from.
        units: (groups,) there are.

    >>> least_served(np.array([0.5, 0.5]), np.array([0, 0]), np.array([1.0])).round(2).tolist()
    [0.75]
    """
    demand = np.bincount(group, chance, len(units))
    scarce = (demand > 0) & ~plentiful(demand, units)
    some = scarce[group]
    sold = expected_sales(chance[some], group[some], units)
    return np.divide(sold, demand, out=np.ones(len(units)), where=scarce)


def least_losses(
    worth: np.ndarray, chance: np.ndarray, group: np.ndarray, units: np.ndarray
) -> np.ndarray:
    """(n, m) worth, where it is a loss no more of one than stock running out can make of it.

    Args:
        worth: (n, m) of a purchase, -inf where it is not offered.
        chance: (n, m) of purchase.
        group: (n, m) stock it comes from, -1 where there is no limit.
        units: (groups,) there are.
    """
    losses = (group >= 0) & np.isfinite(worth) & (worth < 0)
    made = worth.copy()
    made[losses] *= least_served(chance[losses], group[losses], units)[group[losses]]
    return made


@dataclass(frozen=True, eq=False)
class Shown:
    """What slates show of some stocks.

    Attributes:
        row: (shown,) customer.
        column: (shown,) candidate.
        chance: (shown,) of purchase at its rank.
        group: (shown,) stock it comes from.
    """

    row: np.ndarray
    column: np.ndarray
    chance: np.ndarray
    group: np.ndarray

    @classmethod
    def of(
        cls, slate: np.ndarray, chance: np.ndarray, group: np.ndarray, attention: np.ndarray
    ) -> Shown:
        """What (n, k) slates show of the stocks that (n, m) candidates come from."""
        row, place = np.nonzero(slate >= 0)
        column = slate[row, place]
        some = group[row, column] >= 0
        row, column, place = row[some], column[some], place[some]
        return cls(row, column, chance[row, column] * attention[place], group[row, column])

    def difference(self, worth: np.ndarray, counted: np.ndarray, units: np.ndarray) -> float:
        """By how much what is sold is worth more than demand was counted for.

        Args:
            worth: (n, m) of a unit sold.
            counted: (n, m) for a unit of demand.
            units: (groups,) there are.
        """
        at = (self.row, self.column)
        each = np.zeros(len(units))
        each[self.group] = worth[at]
        sold = expected_sales(self.chance, self.group, units)
        return float(each @ sold - (counted[at] * self.chance).sum())
