"""The three curves of textbooks: constant elasticity, semi-log and linear demand."""

from __future__ import annotations

from abc import abstractmethod
from copy import copy
from typing import Any, Self

import numpy as np
import pandas as pd

from newretail_ml.checks import as_numbers, check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing.response.base import DemandResponse, checked_prices, numbered
from newretail_ml.pricing.response.evidence import Evidence


class Curve(DemandResponse):
    """Demand with one coefficient a price: base units at current prices, and what prices do.

    Args:
        units: (n,) expected units a period at the current prices.
        prices: (n,) current prices.
        coefficient: (n,) of the own prices, or (n, n) with those of other products' prices; the
            row is the product whose demand changes.
        draws: (draws, n) own or (draws, n, n) coefficients that are as likely as the data allows.
        level_error: relative standard error of the base units, (n,) or one number.
        keys: one row a product; numbers where left out.
        evidence: what the response rests on; taken as true where left out.

    Attributes:
        base_units: (n,) units at the current prices.
        own: (n,) coefficients of the own prices.
        cross: (n, n) those of other products' prices, zero on the diagonal; None where only own
            prices count.

    Raises:
        DataError: shapes differ, a price is not above zero, or units are negative.
    """

    def __init__(
        self,
        units: np.ndarray,
        prices: np.ndarray,
        coefficient: np.ndarray,
        *,
        draws: np.ndarray | None = None,
        level_error: np.ndarray | float = 0.0,
        keys: pd.DataFrame | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self.base_units = np.atleast_1d(as_numbers("units", units))
        n = len(self.base_units)
        self.prices = checked_prices(np.atleast_1d(prices), n)
        self.own, self.cross = _parts(np.atleast_1d(as_numbers("coefficients", coefficient)), n)
        self.draws = draws
        self.level_error = level_error
        self.keys = numbered(n) if keys is None else keys.reset_index(drop=True)
        self.evidence = Evidence.given(n) if evidence is None else evidence
        if not (np.isfinite(self.base_units) & (self.base_units >= 0)).all():
            raise DataError(
                "base units must be finite and at least zero", next_step="Correct them."
            )

    @property
    def separable(self) -> bool:
        """Whether only own prices count."""
        return self.cross is None

    @property
    def coefficient(self) -> np.ndarray:
        """(n,) of the own prices, or (n, n) where others count too."""
        return self.own.copy() if self.cross is None else self.cross + np.diag(self.own)

    def units(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) expected units a period at prices (..., n)."""
        move = self._move(checked_prices(prices, self.n_products))
        change = move * self.own
        return self._after(change if self.cross is None else change + move @ self.cross.T)

    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n, n) elasticities at the current prices, or at others."""
        full = np.diag(self.own) if self.cross is None else self.coefficient
        return full * self._scale(self._at(prices))

    def own_elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n,) own-price elasticities."""
        return self.own * self._own_scale(self._at(prices))

    def sample(self, n: int, random_state: int = 0) -> list[Self]:
        """Responses with coefficients among the draws, and levels by their error.

        Own coefficients above zero count as zero: nobody buys more because it is dearer.
        """
        check_whole("n", n)
        # A stream of its own: models draw coefficients from the same seed.
        rng = np.random.default_rng([random_state, 1])
        chosen = self._chosen_draws(n, rng)
        error = np.broadcast_to(self.level_error, self.base_units.shape)
        noise = rng.standard_normal((n, self.n_products)) * error
        levels = self.base_units * np.exp(noise - error**2 / 2)
        return [self._drawn(level, one) for level, one in zip(levels, chosen, strict=True)]

    def _chosen_draws(self, n: int, rng: np.random.Generator) -> np.ndarray:
        if self.draws is None:
            return np.broadcast_to(self.own, (n, self.n_products))
        return (
            self.draws
            if n == len(self.draws)
            else self.draws[rng.integers(len(self.draws), size=n)]
        )

    def _drawn(self, units: np.ndarray, coefficient: np.ndarray) -> Self:
        """The response with other units and coefficients; cross effects that are not drawn stay."""
        own, cross = _parts(coefficient, self.n_products)
        return self._with(
            base_units=units,
            own=np.minimum(own, 0.0),
            cross=self.cross if cross is None else cross,
            draws=None,
            level_error=0.0,
        )

    def anchored(self, units: np.ndarray, prices: np.ndarray | None = None) -> Self:
        """The curve through other units at the current prices, or at others."""
        units = as_numbers("units", units)
        if units.shape != self.base_units.shape or not (np.isfinite(units) & (units >= 0)).all():
            raise DataError(
                f"units must be {self.n_products} finite numbers of at least zero",
                next_step="Pass one a product, such as the mean of a forecast.",
            )
        if prices is None:
            return self._with(base_units=units)
        return self._anchored_at(units, self._at(prices))

    def _with(self, **changes: Any) -> Self:
        other = copy(self)
        vars(other).update(changes)
        return other

    @abstractmethod
    def _move(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) what the coefficients are multiplied with; zero at current prices."""

    @abstractmethod
    def _after(self, change: np.ndarray) -> np.ndarray:
        """(..., n) units after the prices' effect, (..., n)."""

    @abstractmethod
    def _scale(self, prices: np.ndarray) -> np.ndarray:
        """(n, n) or one number: elasticity over coefficient at prices (n,)."""

    @abstractmethod
    def _own_scale(self, prices: np.ndarray) -> np.ndarray:
        """(n,) or one number: its diagonal."""

    @abstractmethod
    def _anchored_at(self, units: np.ndarray, prices: np.ndarray) -> Self: ...


def _parts(coefficient: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Own coefficients, and the others without them."""
    if coefficient.shape not in ((n,), (n, n)):
        raise DataError(
            f"coefficients have shape {coefficient.shape} for {n} products",
            next_step=f"Pass shape ({n},), or ({n}, {n}) with cross effects.",
        )
    if not np.isfinite(coefficient).all():
        raise DataError("coefficients must be finite", next_step="Correct them.")
    if coefficient.ndim == 1:
        return coefficient, None
    cross = np.array(coefficient)
    np.fill_diagonal(cross, 0.0)
    return np.diagonal(coefficient).copy(), cross


class _Multiplicative(Curve):
    """Demand whose logarithm is a sum over prices."""

    def _after(self, change: np.ndarray) -> np.ndarray:
        return self.base_units * np.exp(change)

    def _anchored_at(self, units: np.ndarray, prices: np.ndarray) -> Self:
        here = self.units(prices)
        factor = np.divide(units, here, out=np.zeros_like(here), where=here > 0)
        return self._with(base_units=self.base_units * factor)


class ConstantElasticity(_Multiplicative):
    """Demand with constant elasticities: u_i prod_j (p_j / current p_j) ** e_ij.

    >>> response = ConstantElasticity([100.0], [2.0], [-3.0])
    >>> response.units([1.0]).round(6).tolist(), response.own_elasticities().tolist()
    ([800.0], [-3.0])
    """

    def _move(self, prices: np.ndarray) -> np.ndarray:
        return np.log(prices / self.prices)

    def _scale(self, prices: np.ndarray) -> np.ndarray:
        return np.ones_like(prices)

    def _own_scale(self, prices: np.ndarray) -> np.ndarray:
        return np.ones_like(prices)


class SemiLog(_Multiplicative):
    """Demand whose logarithm is linear in prices: u_i exp(sum_j b_ij (p_j - current p_j)).

    >>> response = SemiLog([100.0], [3.0], [-0.5])
    >>> response.own_elasticities([4.0]).tolist()
    [-2.0]
    """

    def _move(self, prices: np.ndarray) -> np.ndarray:
        return prices - self.prices

    def _scale(self, prices: np.ndarray) -> np.ndarray:
        return prices

    def _own_scale(self, prices: np.ndarray) -> np.ndarray:
        return prices


class Linear(Curve):
    """Demand that is linear in prices, and never below zero: u_i + sum_j b_ij (p_j - current p_j).

    >>> response = Linear([80.0], [10.0], [-2.0])
    >>> response.units([[30.0], [60.0]]).tolist()
    [[40.0], [0.0]]
    """

    def _move(self, prices: np.ndarray) -> np.ndarray:
        return prices - self.prices

    def _after(self, change: np.ndarray) -> np.ndarray:
        return np.maximum(self.base_units + change, 0.0)

    def _scale(self, prices: np.ndarray) -> np.ndarray:
        units = self.units(prices)[:, None]
        none = np.zeros((len(units), self.n_products))
        return np.divide(prices[None, :], units, out=none, where=units > 0)

    def _own_scale(self, prices: np.ndarray) -> np.ndarray:
        units = self.units(prices)
        return np.divide(prices, units, out=np.zeros_like(units), where=units > 0)

    def _anchored_at(self, units: np.ndarray, prices: np.ndarray) -> Self:
        """Slopes scale with demand, so that elasticities at those prices stay."""
        here = self.units(prices)
        factor = np.divide(units, here, out=np.ones_like(here), where=here > 0)
        draws = None
        if self.draws is not None:
            draws = self.draws * (factor if self.draws.ndim == 2 else factor[:, None])
        return self._with(
            base_units=self.base_units * factor,
            own=self.own * factor,
            cross=None if self.cross is None else self.cross * factor[:, None],
            draws=draws,
        )
