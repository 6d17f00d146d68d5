"""Several demand responses as one: their weighted geometric mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from newretail_ml.checks import check_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.response import DemandResponse, Evidence, checked_prices


class MixedResponse(DemandResponse):
    """Demand whose logarithm, and so whose elasticities, are the weighted means of the members'.

    Args:
        members: responses of the same products in the same order.
        weights: one a member, at least zero, with a sum of one.

    Raises:
        DataError: members are of different products, or weights do not fit.

    >>> from newretail_ml.pricing.response import ConstantElasticity
    >>> steep, flat = (ConstantElasticity([100.0], [2.0], [slope]) for slope in (-3.0, -1.0))
    >>> mixed = MixedResponse([steep, flat], [0.5, 0.5])
    >>> mixed.units([1.0]).round(6).tolist(), mixed.own_elasticities().tolist()
    ([400.0], [-2.0])
    """

    def __init__(
        self, members: Sequence[DemandResponse], weights: Sequence[float] | np.ndarray
    ) -> None:
        self.members = tuple(members)
        self.weights = check_numbers("weights", weights)
        _check(self.members, self.weights)
        kept = [member for member, weight in self._weighted() if weight > 0]
        self.keys = kept[0].keys
        self.prices = kept[0].prices
        self.evidence = _together(kept, self.weights[self.weights > 0])

    def _weighted(self) -> list[tuple[DemandResponse, float]]:
        return list(zip(self.members, self.weights.tolist(), strict=True))

    @property
    def separable(self) -> bool:
        """Whether that is so of every member that counts."""
        return all(member.separable for member, weight in self._weighted() if weight > 0)

    def units(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) expected units a period at prices (..., n)."""
        prices = checked_prices(prices, self.n_products)
        total = np.zeros(prices.shape)
        with np.errstate(divide="ignore"):
            for member, weight in self._weighted():
                if weight > 0:
                    total += weight * np.log(member.units(prices))
        return np.exp(total)

    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n, n) weighted mean of the members' elasticities."""
        at = self._at(prices)
        parts = [weight * one.elasticities(at) for one, weight in self._weighted() if weight > 0]
        return np.asarray(sum(parts))

    def own_elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n,) own-price elasticities."""
        at = self._at(prices)
        return np.asarray(sum(w * one.own_elasticities(at) for one, w in self._weighted() if w > 0))

    def sample(self, n: int, random_state: int = 0) -> list[Self]:
        """Mixes of one draw from each member."""
        draws = [
            member.sample(n, random_state + number) for number, member in enumerate(self.members)
        ]
        return [type(self)(one, self.weights) for one in zip(*draws, strict=True)]

    def anchored(self, units: np.ndarray, prices: np.ndarray | None = None) -> Self:
        """The mix of members that each go through the point."""
        at = self._at(prices)
        return type(self)([one.anchored(units, at) for one in self.members], self.weights)


def _check(members: Sequence[DemandResponse], weights: np.ndarray) -> None:
    if len(members) != len(weights) or abs(weights.sum() - 1.0) > 1e-6:
        raise DataError(
            f"{len(weights)} weights with a sum of {weights.sum():g} for {len(members)} members",
            next_step="Pass one weight a member, and let them sum to one.",
        )
    sizes = {member.n_products for member in members}
    if len(sizes) > 1:
        raise DataError(
            "the members are of different products",
            next_step="Fit all of them on the same panel.",
        )


def _together(members: Sequence[DemandResponse], weights: np.ndarray) -> Evidence:
    """Identified where members with most of the weight say so; reasons of those that do not."""
    votes = np.array([member.evidence.identified for member in members])
    identified = weights @ votes > 0.5
    reason = np.full(len(identified), "", dtype=object)
    for member in reversed(members):
        silent = ~identified & ~member.evidence.identified
        reason[silent] = member.evidence.reason[silent]
    lowest = np.fmin.reduce([member.evidence.lowest for member in members])
    highest = np.fmax.reduce([member.evidence.highest for member in members])
    return Evidence(identified, reason, lowest, highest)
