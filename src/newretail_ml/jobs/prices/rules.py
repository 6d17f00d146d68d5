"""What a price list must keep, as options of a command or lines of a small file say it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing import (
    AveragePrice,
    ChangeCost,
    MarginFloor,
    MaxChange,
    MostChanges,
    SmallestChange,
    price_points,
)
from newretail_ml.pricing.price_list.points import points_around
from newretail_ml.pricing.price_list.rules import Rule

_STEPS = 5
_STEP = 0.02


@dataclass(frozen=True)
class PriceRules:
    """The rules of every category's price list.

    Args:
        max_change: most that a price moves from today's, as a share of it.
        margin_floor: least margin, as a share of the price; prices are never below the cost.
        endings: how new prices end, such as ".x9"; none for any price.
        coin: the smallest piece of money.
        average_at_most: most that prices are, on average over a category and weighted by revenue,
            as a multiple of today's; 1 holds the average.
        smallest_change: least change of a price that changes at all, as a share of it.
        most_changes: most prices that change in a category.
        change_cost: money that a changed price costs, a period.

    Raises:
        DataError: a number is out of its range, or an ending cannot be read.

    >>> PriceRules(margin_floor=0.15).of_list()[1].title
    'margin at least 15% of the price'
    """

    max_change: float = 0.1
    margin_floor: float | None = None
    endings: tuple[str, ...] = ()
    coin: float = 0.01
    average_at_most: float | None = None
    smallest_change: float | None = None
    most_changes: int | None = None
    change_cost: float | None = None

    def __post_init__(self) -> None:
        check_number("max_change", self.max_change, above=0.0, at_most=0.99)
        check_number("coin", self.coin, above=0.0)
        if self.margin_floor is not None:
            check_number("margin_floor", self.margin_floor, at_most=0.99)
        if self.most_changes is not None:
            check_whole("most_changes", self.most_changes)
        for name in ("average_at_most", "smallest_change", "change_cost"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name))
        if self.endings:
            price_points(self.coin, 1_000 * self.coin, self.endings, coin=self.coin)

    @classmethod
    def from_file(cls, path: str | Path, **others: Any) -> Self:
        """The rules of a TOML file, such as ``margin_floor = 0.15``.

        Args:
            path: the file.
            others: rules that take the place of those in the file; None for those that do not.

        Raises:
            DataError: it cannot be read, or has a rule that there is not.
        """
        try:
            content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataError(
                f"the rules {path} cannot be read ({error})",
                next_step="Name a TOML file with lines such as: max_change = 0.1",
            ) from error
        return cls.from_dict({**content, **_given(others)})

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """The rules by name; None stands for what is not said.

        Raises:
            DataError: there is no such rule, or its value has the wrong type.
        """
        known = [field.name for field in fields(cls)]
        unknown = [name for name in content if name not in known]
        if unknown:
            raise DataError(
                f"there is no rule {', '.join(unknown)}",
                next_step=f"The rules are {', '.join(known)}.",
            )
        given = _given(content)
        if "endings" in given:
            endings = given["endings"]
            listed = [endings] if isinstance(endings, str) else endings
            if not isinstance(listed, list | tuple) or not all(map(_is_text, listed)):
                raise DataError(
                    f"endings is {endings!r}, not text", next_step='Write endings = [".x9"].'
                )
            given["endings"] = tuple(listed)
        return cls(**given)

    def facts(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def of_list(self) -> list[Rule]:
        """As the planner takes them."""
        rules: list[Rule] = [MaxChange(self.max_change)]
        if self.margin_floor is not None:
            rules.append(MarginFloor(self.margin_floor))
        if self.average_at_most is not None:
            rules.append(AveragePrice(at_most=self.average_at_most))
        if self.smallest_change is not None:
            rules.append(SmallestChange(self.smallest_change))
        if self.most_changes is not None:
            rules.append(MostChanges(self.most_changes))
        if self.change_cost is not None:
            rules.append(ChangeCost(self.change_cost))
        return rules

    def points(self, prices: np.ndarray) -> list[np.ndarray]:
        """For each price of today, those that it may become; it may stay, however it ends."""
        if not self.endings:
            step = min(_STEP, self.max_change / _STEPS)
            around = points_around(prices, down=self.max_change, up=self.max_change, step=step)
            return [row[~np.isnan(row)] for row in around]
        return [np.union1d(self._ending(price), [price]) for price in prices]

    def _ending(self, price: float) -> np.ndarray:
        low, high = (1 - self.max_change) * price, (1 + self.max_change) * price
        try:
            return price_points(low, high, self.endings, coin=self.coin)[0]
        except DataError:
            # The endings were read before: what is wrong is that none lies between the bounds.
            return np.array([])

    def least_price(self, costs: np.ndarray) -> np.ndarray:
        """The least prices that costs and the margin floor allow."""
        return costs / (1.0 - (self.margin_floor or 0.0))


def _given(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value is not None}


def _is_text(value: object) -> bool:
    return isinstance(value, str)
