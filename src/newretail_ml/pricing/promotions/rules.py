"""Limits of a promotion calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError


@dataclass(frozen=True)
class PromotionRules:
    """Limits of promotions; None for none.

    Attributes:
        at_most: promoted periods of each item.
        gap: periods without promotion between two promotions of an item, at least.
        per_period: items on promotion in each period.
        slots: items on promotion in each period, by category (the column `category` of items).
        budget: most margin given up in all: price cut, less what suppliers pay, times units.

    Raises:
        DataError: a number is out of its range.

    >>> PromotionRules(at_most=3, gap=1).limits()
    ['at_most', 'gap']
    """

    at_most: int | None = None
    gap: int = 0
    per_period: int | None = None
    slots: Mapping[str, int] | None = None
    budget: float | None = None

    def __post_init__(self) -> None:
        for name in ("at_most", "per_period"):
            value = getattr(self, name)
            if value is not None:
                check_whole(name, value)
        check_whole("gap", self.gap)
        if self.budget is not None:
            check_number("budget", self.budget)
        if self.slots is not None:
            if not isinstance(self.slots, Mapping):
                raise DataError(
                    "slots are not a mapping of categories to numbers",
                    next_step='Write {"juice": 2}.',
                )
            for category, number in self.slots.items():
                check_whole(f"slots of {category}", number)

    def limits(self) -> list[str]:
        """Names of the limits that are set."""
        set_ = {
            "at_most": self.at_most is not None,
            "gap": self.gap > 0,
            "per_period": self.per_period is not None,
            "slots": bool(self.slots),
            "budget": self.budget is not None,
        }
        return [name for name, is_set in set_.items() if is_set]

    def without(self, name: str) -> PromotionRules:
        """The same rules, one limit dropped."""
        dropped: dict[str, Any] = {name: 0 if name == "gap" else None}
        return replace(self, **dropped)
