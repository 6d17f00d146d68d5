"""Croston's method and its descendants: how much is sold when it sells, and how often it sells.

All three forecast the same expected demand for every period to come. Periods whose demand is not
known change nothing, and do not count as waiting.
"""

from __future__ import annotations

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.forecasting.base import PointForecaster
from newretail_ml.forecasting.smoothing.first_sale import demand_after_first_sale
from newretail_ml.panel import Panel


class Croston(PointForecaster):
    """Smoothed size of a sale over smoothed interval between sales.

    Source: Croston (1972), "Forecasting and stock control for intermittent demands", Operational
    Research Quarterly 23, 289-303. It is biased upwards; see `SBA`.

    Args:
        alpha: smoothing parameter of both.
    """

    def __init__(self, alpha: float = 0.1) -> None:
        self.alpha = alpha

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        _check("alpha", self.alpha)
        return _repeated(croston_rate(demand_after_first_sale(panel), self.alpha), horizon)


class SBA(PointForecaster):
    """Croston's method without its bias: times ``1 - alpha / 2``.

    An item that sells in every period has no interval to be wrong about, and is left as it is.
    Source: Syntetos and Boylan (2005), "The accuracy of intermittent demand estimates",
    International Journal of Forecasting 21, 303-314.

    Args:
        alpha: smoothing parameter of size and interval.
    """

    def __init__(self, alpha: float = 0.1) -> None:
        self.alpha = alpha

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        _check("alpha", self.alpha)
        demand = demand_after_first_sale(panel)
        intermittent = (demand == 0).any(axis=1)
        unbiased = np.where(intermittent, 1 - self.alpha / 2, 1.0)
        return _repeated(unbiased * croston_rate(demand, self.alpha), horizon)


class TSB(PointForecaster):
    """Smoothed size of a sale times smoothed chance of one, which falls while nothing sells.

    Source: Teunter, Syntetos and Babai (2011), "Intermittent demand: linking forecasting to
    inventory obsolescence", European Journal of Operational Research 214, 606-615.

    Args:
        alpha_size: smoothing parameter of the size.
        alpha_chance: smoothing parameter of the chance of a sale.
    """

    def __init__(self, alpha_size: float = 0.1, alpha_chance: float = 0.1) -> None:
        self.alpha_size = alpha_size
        self.alpha_chance = alpha_chance

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        _check("alpha_size", self.alpha_size)
        _check("alpha_chance", self.alpha_chance)
        rate = tsb_rate(demand_after_first_sale(panel), self.alpha_size, self.alpha_chance)
        return _repeated(rate, horizon)


def croston_rate(demand: np.ndarray, alpha: float) -> np.ndarray:
    """(series,) expected demand a period; 0 where nothing was sold.

    Size and interval begin with those of the first sale.

    >>> croston_rate(np.array([[4.0, 0.0, 2.0, 0.0]]), alpha=0.5).tolist()
    [2.0]
    """
    size = np.zeros(len(demand))
    interval = np.ones(len(demand))
    waited = np.zeros(len(demand))
    for value in demand.T.astype(np.float64):
        waited += ~np.isnan(value)
        sold = value > 0
        gain = np.where(size > 0, alpha, 1.0)
        size = np.where(sold, size + gain * (value - size), size)
        interval = np.where(sold, interval + gain * (waited - interval), interval)
        waited = np.where(sold, 0.0, waited)
    return size / interval


def tsb_rate(demand: np.ndarray, alpha_size: float, alpha_chance: float) -> np.ndarray:
    """(series,) expected demand a period; 0 where nothing was sold.

    Size begins with that of the first sale, the chance with whether the first known period had
    one.

    >>> tsb_rate(np.array([[4.0, 0.0, 2.0, 0.0]]), 0.5, 0.5).tolist()
    [1.125]
    """
    size = np.zeros(len(demand))
    chance = np.full(len(demand), np.nan)
    for value in demand.T.astype(np.float64):
        known, sold = ~np.isnan(value), value > 0
        gain = np.where(size > 0, alpha_size, 1.0)
        size = np.where(sold, size + gain * (value - size), size)
        before = np.where(np.isnan(chance), sold, chance)
        chance = np.where(known, before + alpha_chance * (sold - before), chance)
    return np.nan_to_num(chance) * size


def _repeated(rate: np.ndarray, horizon: int) -> np.ndarray:
    return np.repeat(rate[:, None], horizon, axis=1)


def _check(name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise DataError(
            f"{name} is {value}", next_step="Use a smoothing parameter above 0 and up to 1."
        )
