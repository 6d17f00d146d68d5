"""The lines of an order list, the rules that tie them together, and the plan that keeps them.

A line is one item at one location. Everything is counted in packs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from newretail_ml.checks import as_numbers, check_number
from newretail_ml.errors import DataError

# Sums of decimal prices are off by rounding errors; a rule is kept if it is kept to this share.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class LineValues:
    """What each line earns, and how many packs it may order.

    Attributes:
        value: (lines, packs + 1) expected profit of ordering 0, 1, 2, ... packs instead of none,
            without the fixed cost of ordering; 0 for none. Beyond `most` it is not read. It is
            usually concave along a row; it need not be.
        fewest: (lines,) packs that must be ordered at least.
        most: (lines,) packs that may be ordered at most.
        minimum: (lines,) packs at least if any are ordered.
        order_cost: (lines,) fixed cost if any are ordered.

    Raises:
        DataError: shapes differ, or a number is wrong.

    >>> LineValues(np.array([[0.0, 3.0, 4.0]]), [0], [2], [0], [0.0]).value.shape
    (1, 3)
    """

    value: np.ndarray
    fewest: np.ndarray
    most: np.ndarray
    minimum: np.ndarray
    order_cost: np.ndarray

    def __post_init__(self) -> None:
        for part in fields(self):
            object.__setattr__(self, part.name, as_numbers(part.name, getattr(self, part.name)))
        if self.value.ndim != 2 or self.value.shape[1] < 1:
            raise DataError(
                "value must have a row for each line and a column for each number of packs",
                next_step="Give the profit of 0, 1, 2, ... packs of each line.",
            )
        for name in ("fewest", "most", "minimum", "order_cost"):
            _check_lines(name, getattr(self, name), len(self.value), whole=name != "order_cost")
        for name in ("fewest", "most", "minimum"):
            object.__setattr__(self, name, getattr(self, name).astype(int))
        self._check_values()

    def _check_values(self) -> None:
        packs = np.arange(self.value.shape[1])
        read = packs[None, :] <= self.most[:, None]
        bad = (read & ~np.isfinite(self.value)).any(axis=1) | (self.value[:, 0] != 0)
        bad |= self.most > packs[-1]
        if bad.any():
            raise DataError(
                "values are not finite, not 0 for no packs, or missing for packs that may be "
                "ordered",
                rows=np.flatnonzero(bad),
                next_step="Give the profit of 0, 1, ..., most packs relative to none.",
            )

    def allowed(self) -> np.ndarray:
        """(lines, packs + 1) whether each number of packs keeps the rules of its line."""
        packs = np.arange(self.value.shape[1])
        least = np.maximum(np.maximum(self.fewest, self.minimum), 1)[:, None]
        return ((packs >= least) & (packs <= self.most[:, None])) | (
            (packs == 0) & (self.fewest[:, None] == 0)
        )

    def gain(self) -> np.ndarray:
        """(lines, packs + 1) profit after the fixed cost; minus infinity where not allowed."""
        fixed = np.where(np.arange(self.value.shape[1]) > 0, self.order_cost[:, None], 0.0)
        return np.where(self.allowed(), self.value - fixed, -np.inf)


@dataclass(frozen=True, eq=False)
class Limit:
    """The lines together may use so much at most: a budget, a volume, units of a shelf.

    Attributes:
        name: of the limit, as it is to be read in messages.
        use: (lines,) of a pack of each line.
        at_most: what may be used.
        used_already: what others use of it.

    >>> Limit("budget", np.array([4.0, 2.5]), 100.0, used_already=20.0).room
    80.0
    """

    name: str
    use: np.ndarray
    at_most: float
    used_already: float = 0.0

    def __post_init__(self) -> None:
        _keep_use(self)
        check_number(f"used_already of {self.name}", self.used_already)
        if not self.at_most >= 0:
            check_number(f"at_most of {self.name}", self.at_most)

    @property
    def room(self) -> float:
        """What is left for the lines."""
        return self.at_most - self.used_already


@dataclass(frozen=True, eq=False)
class SupplierMinimum:
    """Either nothing is ordered of these lines, or at least so much.

    Attributes:
        name: of the rule, as it is to be read in messages.
        use: (lines,) of a pack of each line; 0 for lines of other suppliers.
        at_least: the smallest order that the supplier takes.
    """

    name: str
    use: np.ndarray
    at_least: float

    def __post_init__(self) -> None:
        _keep_use(self)
        check_number(f"at_least of {self.name}", self.at_least)


@dataclass(frozen=True, eq=False)
class Trucks:
    """These lines travel in whole trucks.

    Attributes:
        name: of the rule, as it is to be read in messages.
        use: (lines,) of a truck's capacity by a pack of each line; 0 for lines that do not
            travel with them.
        capacity: of one truck.
        cost: of one truck.
        smallest_fill: share of each truck that must be filled, 0 to 1.
    """

    name: str
    use: np.ndarray
    capacity: float
    cost: float = 0.0
    smallest_fill: float = 0.0

    def __post_init__(self) -> None:
        _keep_use(self)
        check_number(f"capacity of {self.name}", self.capacity, above=0.0)
        check_number(f"cost of {self.name}", self.cost)
        check_number(f"smallest_fill of {self.name}", self.smallest_fill, at_most=1.0)

    def needed(self, load: float) -> int:
        """Trucks for a load."""
        return int(np.ceil(load / self.capacity * (1 - ROUNDING)))


Rule = Limit | SupplierMinimum | Trucks


def joined(*kinds: Sequence[Rule]) -> list[Rule]:
    """The rules of some kinds as one list."""
    return [rule for kind in kinds for rule in kind]


@dataclass(frozen=True, eq=False)
class Solution:
    """The packs of each line that earn most under the rules, and what the rules cost.

    Attributes:
        packs: (lines,) whole packs.
        value: expected profit of the plan, after order costs and trucks.
        bound: no plan under the rules earns more.
        gap: share of the bound by which value may fall short of the best plan.
        shadow_prices: expected profit of a limit higher by one unit, a minimum lower, a truck
            larger, by name; with the suppliers and trucks of the plan held, and shares of packs
            allowed.
        ordered: whether anything is ordered under each supplier minimum, by name.
        minimum_costs: expected profit that each supplier minimum costs its lines, by name, when
            they pay the shadow prices of the other rules.
        trucks: used under each rule of trucks, by name.
    """

    packs: np.ndarray
    value: float
    bound: float
    gap: float
    shadow_prices: dict[str, float] = field(default_factory=dict)
    ordered: dict[str, bool] = field(default_factory=dict)
    minimum_costs: dict[str, float] = field(default_factory=dict)
    trucks: dict[str, int] = field(default_factory=dict)


def broken(
    packs: np.ndarray,
    values: LineValues,
    limits: Sequence[Limit],
    minimums: Sequence[SupplierMinimum],
    trucks: Sequence[Trucks],
) -> list[str]:
    """Names of the rules that a plan breaks.

    >>> lines = LineValues(np.array([[0.0, 3.0, 4.0]]), [0], [2], [0], [0.0])
    >>> broken(np.array([2]), lines, [Limit("budget", np.array([4.0]), 7.0)], [], [])
    ['budget']
    """
    inside = values.allowed()[np.arange(len(packs)), packs]
    names = [] if inside.all() else ["packs of a line"]
    names += [one.name for one in limits if _above(float(one.use @ packs), one.room)]
    names += [
        one.name
        for one in minimums
        if packs[one.use > 0].any() and _above(one.at_least, float(one.use @ packs))
    ]
    for one in trucks:
        load = float(one.use @ packs)
        if _above(one.needed(load) * one.smallest_fill * one.capacity, load):
            names.append(one.name)
    return names


def _above(number: float, bound: float) -> bool:
    return number > bound + ROUNDING * max(abs(bound), abs(number))


def _keep_use(rule: Rule) -> None:
    use = as_numbers(f"use of {rule.name}", rule.use)
    _check_lines(f"use of {rule.name}", use, use.size, whole=False)
    object.__setattr__(rule, "use", use)


def _check_lines(name: str, numbers: np.ndarray, lines: int, *, whole: bool) -> None:
    if numbers.shape != (lines,):
        raise DataError(
            f"{name} has the shape {numbers.shape} for {lines:,} lines",
            next_step="Give one number a line.",
        )
    bad = ~(np.isfinite(numbers) & (numbers >= 0))
    if whole:
        bad |= numbers != np.round(numbers)
    if bad.any():
        raise DataError(
            f"{name} must be {'whole' if whole else 'finite'} numbers of at least 0",
            rows=np.flatnonzero(bad),
            next_step="Correct them.",
        )
