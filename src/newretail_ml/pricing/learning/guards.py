"""Guard rails: how much of the business an experiment may touch, and when it must stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.checks import check_number, need_columns


@dataclass(frozen=True)
class GuardRails:
    """Limits of an experiment. The current price is always allowed.

    Args:
        exposure: share of the rows of a state (or of the values of `exposed_by`) that may see
            another price than the current one in a period. Never more, up to rounding to the
            next whole row.
        exposed_by: column of the state whose values are exposed as a whole, such as location_id,
            so that a shop is in the experiment or out of it.
        periods: share of the periods in which there is an experiment at all.
        max_change: how far from the current price, as a share of it.
        min_margin: least margin of an experimental price, as a share of the price.
        loss: a price is dropped where it loses more than this share of the current price's
            profit ...
        certainty: ... with at least this probability.

    Raises:
        DataError: a number is out of its range.

    >>> GuardRails(exposure=0.1).chance_of_exposure
    0.1
    """

    exposure: float = 1.0
    exposed_by: str | None = None
    periods: float = 1.0
    max_change: float = 0.2
    min_margin: float = 0.0
    loss: float = 0.05
    certainty: float = 0.95

    def __post_init__(self) -> None:
        for name in ("exposure", "periods"):
            check_number(name, getattr(self, name), above=0.0, at_most=1.0)
        check_number("max_change", self.max_change)
        check_number("min_margin", self.min_margin, at_most=1.0)
        check_number("loss", self.loss)
        check_number("certainty", self.certainty, at_least=0.5, at_most=1.0)

    @property
    def chance_of_exposure(self) -> float:
        """With which each row may see another price in a period."""
        return self.exposure * self.periods

    def allowed(self, prices: np.ndarray, current: np.ndarray, cost: np.ndarray) -> np.ndarray:
        """(rows, candidates) prices within the limits; those that are the current price too."""
        same = np.isclose(prices, current[:, None])
        near = np.abs(prices - current[:, None]) <= self.max_change * current[:, None] * (1 + 1e-9)
        pays = prices - cost[:, None] >= self.min_margin * prices - 1e-9
        return same | (near & pays)

    def not_losing(self, profit: np.ndarray, at_current: np.ndarray) -> np.ndarray:
        """(rows, candidates) prices that evidence does not forbid.

        Args:
            profit: (draws, rows, candidates) as likely as what is believed.
            at_current: (draws, rows) of the current price.
        """
        floor = at_current - self.loss * np.abs(at_current)
        loses = (profit < floor[..., None]).mean(axis=0)
        return loses < self.certainty

    def exposed(self, state: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """(rows,) which rows may see another price than the current one, drawn."""
        if self.exposed_by is None:
            group = np.arange(len(state))
        else:
            need_columns(state, "state", [self.exposed_by])
            group = pd.factorize(state[self.exposed_by], use_na_sentinel=False)[0]
        size = int(group.max()) + 1
        runs, rounding = rng.random(2)
        count = int(np.floor(self.exposure * size + rounding)) if runs < self.periods else 0
        chosen = np.zeros(size, bool)
        chosen[rng.permutation(size)[:count]] = True
        return chosen[group]
