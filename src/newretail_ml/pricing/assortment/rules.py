"""Rules of an assortment: how many products, how much room, what must and must not be in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError, InfeasibleError
from newretail_ml.pricing.choice.arguments import spread


@dataclass(frozen=True, eq=False)
class AssortmentRules:
    """What a list of products has to keep to.

    Attributes:
        at_most: products that may be listed; no limit where left out.
        at_least: products that must be listed at least. With the same number in both, exactly
            so many are.
        space: (n,) shelf space of each product, needed with `room`.
        room: shelf space there is.
        keep: (n,) bool, products that must be listed.
        never: (n,) bool, products that must not.
        fixed_cost: money a period for listing a product, one number or (n,).

    >>> AssortmentRules(at_most=3).at_most
    3
    """

    at_most: int | None = None
    at_least: int = 0
    space: np.ndarray | float | None = None
    room: float | None = None
    keep: np.ndarray | None = None
    never: np.ndarray | None = None
    fixed_cost: np.ndarray | float = 0.0

    def select(self, products: np.ndarray) -> AssortmentRules:
        """The rules of some products, at their positions; limits stay as they are."""
        parts = {
            name: np.asarray(value)[products]
            for name in ("space", "keep", "never", "fixed_cost")
            if np.ndim(value := getattr(self, name)) == 1
        }
        return replace(self, **parts)

    def of(self, n: int) -> Settled:
        """The rules of n products, checked.

        Raises:
            DataError: a rule is no number, or has the wrong length.
            InfeasibleError: the rules contradict one another.
        """
        at_most = n if self.at_most is None else min(check_whole("at_most", self.at_most), n)
        at_least = check_whole("at_least", self.at_least)
        if (self.room is None) != (self.space is None):
            raise DataError(
                "room and space belong together", next_step="Give both, or leave both out."
            )
        space = spread("space", 0.0 if self.space is None else self.space, n)
        fixed_cost = spread("fixed_cost", self.fixed_cost, n)
        if (space < 0).any() or (fixed_cost < 0).any():
            raise DataError("space or fixed costs are below zero", next_step="Correct them.")
        if self.room is not None:
            check_number("room", self.room)
        settled = Settled(
            at_most,
            at_least,
            space,
            np.inf if self.room is None else float(self.room),
            _marks("keep", self.keep, n),
            _marks("never", self.never, n),
            fixed_cost,
        )
        settled.check()
        return settled


@dataclass(frozen=True, eq=False)
class Settled:
    """Rules of n products, each of them said."""

    at_most: int
    at_least: int
    space: np.ndarray
    room: float
    keep: np.ndarray
    never: np.ndarray
    fixed_cost: np.ndarray

    @property
    def plain(self) -> bool:
        """Whether a list costs nothing itself, so that only customers' choices count."""
        return not self.fixed_cost.any()

    @property
    def roomy(self) -> bool:
        """Whether space is no concern."""
        return not np.isfinite(self.room)

    def allows(self, listed: np.ndarray) -> bool:
        """Whether a list, (n,) bool, keeps the rules."""
        count = int(listed.sum())
        return bool(
            self.at_least <= count <= self.at_most
            and self.space[listed].sum() <= self.room * (1 + 1e-12)
            and listed[self.keep].all()
            and not listed[self.never].any()
        )

    def with_marks(self, keep: np.ndarray, never: np.ndarray) -> Settled:
        """The rules with other products that must and must not be listed."""
        return replace(self, keep=keep, never=never)

    def without_limit(self) -> Settled:
        """The rules without a limit on the number of products."""
        return replace(self, at_most=len(self.never))

    def of_options(self, product: np.ndarray) -> Settled:
        """The rules of options of products, if each stood for a product of its own."""
        return replace(
            self,
            space=self.space[product],
            keep=self.keep[product],
            never=self.never[product],
            fixed_cost=self.fixed_cost[product],
        )

    def conflicts(self) -> pd.DataFrame:
        """The rules that no list can keep, each by itself or beside what must be listed."""
        open_ = ~self.never
        both = int((self.keep & self.never).sum())
        kept = int(self.keep.sum())
        smallest = (
            self.space[self.keep].sum()
            + np.sort(self.space[open_ & ~self.keep])[: max(self.at_least - kept, 0)].sum()
        )
        needs = [
            ("never", 0, both, both, "products"),
            ("at_most", self.at_most, max(kept, self.at_least), 0, "products"),
            ("at_least", self.at_least, int(open_.sum()), 0, "products"),
            ("room", self.room, float(smallest), 0, "space"),
        ]
        table = pd.DataFrame(needs, columns=["rule", "limit", "needed", "missing_by", "unit"])
        table["missing_by"] = np.where(
            table["rule"] == "at_least",
            table["limit"] - table["needed"],
            table["needed"] - table["limit"],
        )
        slack = 1e-12 * np.maximum(table["limit"].abs().replace(np.inf, 0.0), 1.0)
        return table[table["missing_by"] > slack].reset_index(drop=True)

    def check(self) -> None:
        """Raise unless some list keeps the rules."""
        conflicts = self.conflicts()
        if len(conflicts):
            first = conflicts.iloc[0]
            raise InfeasibleError(
                f"no list keeps the rules: {first['rule']} is {first['limit']:g}, and the others "
                f"need {first['needed']:g} {first['unit']}",
                next_step="Relax it, or what must be listed.",
                conflicts=conflicts,
            )


def _marks(name: str, values: object | None, n: int) -> np.ndarray:
    if values is None:
        return np.zeros(n, bool)
    array = np.asarray(values)
    if array.shape != (n,) or array.dtype != bool:
        raise DataError(
            f"{name} must be {n} times True or False, and is {array.dtype} of shape {array.shape}",
            next_step="Mark each product.",
        )
    return array
