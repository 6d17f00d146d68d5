"""Quick response: a small order before the season, a second one after its first sales.

Early sales tell more about a new item than any plan made before the season. Who orders twice
needs less stock for the same service, and pays for it with a dearer second order.

Sources: Fisher and Raman (1996), Reducing the cost of demand uncertainty through accurate
response to early sales, Operations Research 44(1); Iyer and Bergen (1997), Quick response in
manufacturer-retailer channels, Management Science 43(4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError


@dataclass(frozen=True)
class QuickResponseCosts:
    """Money of a season with two orders, a unit.

    Attributes:
        price: of a unit sold.
        first_cost: of a unit ordered before the season.
        second_cost: of a unit ordered after the read; above price, nobody orders again.
        salvage: for a unit left after the season; negative when it costs money to get rid of.
        goodwill: lost with a unit short, beyond its margin.
        capacity: most units of the second order.
    """

    price: float
    first_cost: float
    second_cost: float
    salvage: float = 0.0
    goodwill: float = 0.0
    capacity: float = math.inf

    def __post_init__(self) -> None:
        check_number("price", self.price)
        check_number("first_cost", self.first_cost, at_most=self.price)
        check_number("second_cost", self.second_cost)
        check_number("salvage", self.salvage, at_least=None)
        check_number("goodwill", self.goodwill)
        if not math.isinf(self.capacity) or self.capacity < 0:
            check_number("capacity", self.capacity)
        if self.salvage >= min(self.first_cost, self.second_cost):
            raise DataError(
                f"units left over bring {self.salvage:g}, not less than they cost "
                f"({min(self.first_cost, self.second_cost):g})",
                next_step="Correct salvage or unit costs: otherwise endless stock pays.",
            )

    @property
    def first_ratio(self) -> float:
        """Critical ratio of a single order before the season."""
        return (self.price + self.goodwill - self.first_cost) / self._at_stake

    @property
    def second_ratio(self) -> float:
        """Critical ratio of the second order, zero where it never pays."""
        return max(self.price + self.goodwill - self.second_cost, 0.0) / self._at_stake

    @property
    def _at_stake(self) -> float:
        return self.price + self.goodwill - self.salvage

    def profit(
        self,
        demand: float | np.ndarray,
        first: float | np.ndarray,
        second: float | np.ndarray,
        left: float | np.ndarray,
    ) -> np.ndarray:
        """Profit of a season by its demand, the two orders and the units left.

        >>> QuickResponseCosts(10, 4, 5).profit(demand=8, first=3, second=4, left=0).item()
        38.0
        """
        sold = np.asarray(first) + second - left
        earned = self.price * sold + self.salvage * np.asarray(left)
        paid = self.first_cost * np.asarray(first) + self.second_cost * np.asarray(second)
        return earned - paid - self.goodwill * (demand - sold)

    def clairvoyant(self, demand: np.ndarray, late: np.ndarray) -> np.ndarray:
        """Profit of one who knows demand, and how much of it can wait for the second order.

        >>> QuickResponseCosts(10, 4, 3).clairvoyant(np.array([8.0]), late=np.array([5.0]))
        array([53.])
        """
        cheaper = self.second_cost < self.first_cost
        second = np.minimum(late, self.capacity) if cheaper else np.zeros_like(late)
        return self.profit(demand, demand - second, second, 0.0)


@dataclass(frozen=True, eq=False)
class QuickResponse:
    """The two orders of a season, and what the second one is worth.

    Attributes:
        first_order: units ordered before the season.
        sold: units sold in the read, rising; the last entry is the first order, sold out.
        second_orders: units to order again by what was sold.
        expected_profit: with both orders.
        one_shot_order: units, if there were no second order.
        one_shot_profit: expected, with that one order.
        clairvoyant_profit: expected, for one who knows demand before the season.
        standard_error: of the value of quick response; zero where it is exact.
    """

    first_order: float
    sold: np.ndarray
    second_orders: np.ndarray
    expected_profit: float
    one_shot_order: float
    one_shot_profit: float
    clairvoyant_profit: float
    standard_error: float = 0.0

    @property
    def value(self) -> float:
        """Profit that the second order adds to a single order's."""
        return self.expected_profit - self.one_shot_profit

    @property
    def value_of_perfect_information(self) -> float:
        """Profit that knowing demand before the season would add to a single order's."""
        return self.clairvoyant_profit - self.one_shot_profit

    def second_order(self, sold: float | np.ndarray) -> np.ndarray:
        """Units to order again after so many were sold in the read; whole units.

        Raises:
            DataError: more were sold than ordered, or fewer than none.
        """
        sold = np.asarray(sold, float)
        if not ((sold >= 0) & (sold <= self.first_order)).all():
            raise DataError(
                f"units sold in the read lie between 0 and the first order ({self.first_order:g})",
                next_step="Correct them, or pass the units sold up to the second order only.",
            )
        return np.rint(np.interp(sold, self.sold, self.second_orders))

    def __repr__(self) -> str:
        return (
            f"QuickResponse(first order {self.first_order:,.0f}, profit "
            f"{self.expected_profit:,.2f}; one order of {self.one_shot_order:,.0f}, profit "
            f"{self.one_shot_profit:,.2f}; value {self.value:,.2f} ± {self.standard_error:,.2f} "
            f"of {self.value_of_perfect_information:,.2f})"
        )
