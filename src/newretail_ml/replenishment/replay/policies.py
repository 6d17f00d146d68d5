"""Policies of the textbook, and the usual practice that others are set beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers, check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.replenishment.replay.shop import Shop


@dataclass(frozen=True, eq=False)
class NamedPolicy:
    """A policy and what it is called.

    Attributes:
        name: as tables and errors show it.
        order: units from what the shop shows.
    """

    name: str
    order: Callable[[Shop], np.ndarray]

    def __call__(self, now: Shop) -> np.ndarray:
        """Units to order."""
        return self.order(now)


def base_stock_policy(levels: float | np.ndarray) -> NamedPolicy:
    """Order up to a level whenever there is a review.

    Args:
        levels: units on hand and on order after ordering: one number, (series,) or (series,
            paths).

    Raises:
        DataError: a level is not a number of at least 0.

    >>> base_stock_policy([12, 30]).name
    'base stock'
    """
    level = _levels("levels", levels)

    def order(now: Shop) -> np.ndarray:
        position = now.position
        return np.maximum(_beside(level, position) - position, 0.0)

    return NamedPolicy("base stock", order)


def reorder_policy(s: float | np.ndarray, S: float | np.ndarray) -> NamedPolicy:  # noqa: N803
    """Order up to S as soon as the stock position has fallen to s or below: (s, S).

    Args:
        s: reorder point, in units: one number, (series,) or (series, paths).
        S: order-up-to level, at least s.

    Raises:
        DataError: a level is not a number of at least 0, or S is below s.

    >>> reorder_policy(3, 10).name
    '(s, S)'
    """
    point, level = _levels("s", s), _levels("S", S)
    if (level < point).any():
        raise DataError("S lies below s", next_step="Choose S at least as large as s.")

    def order(now: Shop) -> np.ndarray:
        position = now.position
        short = np.maximum(_beside(level, position) - position, 0.0)
        return np.where(position <= _beside(point, position), short, 0.0)

    return NamedPolicy("(s, S)", order)


def moving_average_policy(
    periods: int = 13,
    *,
    cover: float | np.ndarray | None = None,
    service_level: float | None = None,
) -> NamedPolicy:
    """The usual practice: order up to a moving average of sales over the time to be covered.

    With ``cover``, the level is so many periods of average sales. Otherwise it is average sales
    over lead time and review period, plus a safety stock z s sqrt(lead time + review period),
    where s is the standard deviation of sales in the same periods and z the normal quantile of
    the service level; by default of the critical ratio p / (p + h R), p being the shortage cost
    and h R the cost of holding a unit from one review to the next.

    Sales are taken as they are, also where stock ran out: that is the practice. Where stock was
    out in all those periods no sale can be seen, and one unit is the least level.

    Source: Silver, Pyke and Thomas (2017), Inventory and Production Management in Supply Chains,
    4th edition, sections 4.5 (moving average) and 6.9 (periodic review, order-up-to level).

    Args:
        periods: of sales to average, fewer where fewer are known.
        cover: periods of stock: one number or (series,); lead time + review period + 1, say.
        service_level: probability of no stock-out in a cycle, between 0 and 1.

    Raises:
        DataError: a number is out of bounds, or both cover and service_level are given.

    >>> moving_average_policy(8, cover=4).name
    '8-period moving average, 4 periods of cover'
    """
    periods = check_whole("periods", periods, at_least=1)
    if cover is not None and service_level is not None:
        raise DataError("cover and service_level are both given", next_step="Choose one.")
    if service_level is not None and not 0 < service_level < 1:
        raise DataError(
            f"a service level of {service_level} cannot be reached",
            next_step="Choose one above 0 and below 1: 1 would need endless stock.",
        )
    covered = None if cover is None else _levels("cover", cover)

    def order(now: Shop) -> np.ndarray:
        position, sales = now.position, now.last_sales(periods)
        if not len(sales):
            sales = np.zeros((1, *position.shape))
        mean = sales.mean(axis=0)
        if covered is not None:
            level = _beside(covered, position) * mean
        else:
            level = _with_safety(now.terms, mean, sales.std(axis=0), service_level)
        unseen = now.last_sold_out(periods).all(axis=0)
        level = np.where(unseen, np.maximum(level, 1.0), level)
        return np.maximum(level - position, 0.0)

    return NamedPolicy(_moving_average_name(periods, cover, service_level), order)


def _moving_average_name(
    periods: int, cover: float | np.ndarray | None, service_level: float | None
) -> str:
    name = f"{periods}-period moving average"
    if cover is not None:
        same = f"{cover:g} periods of" if np.ndim(cover) == 0 else "own"
        return f"{name}, {same} cover"
    return name if service_level is None else f"{name}, service level {service_level:.1%}"


def _with_safety(
    terms: pd.DataFrame, mean: np.ndarray, spread: np.ndarray, service_level: float | None
) -> np.ndarray:
    """(series[, paths]) average sales of the protection interval, and the safety stock."""
    from scipy.special import ndtri

    interval = (terms[c.LEAD_TIME] + terms[c.REVIEW_PERIOD]).to_numpy(float)
    if service_level is None:
        shortage = terms[c.SHORTAGE_COST].to_numpy(float)
        holding = (terms[c.HOLDING_COST] * terms[c.REVIEW_PERIOD]).to_numpy(float)
        total = shortage + holding
        # Where neither costs anything any level is as good; where holding is free, 1 is endless.
        ratio = np.divide(shortage, total, out=np.full(len(total), 0.5), where=total > 0)
        factor = ndtri(np.clip(ratio, 0.001, 0.999))
    else:
        factor = np.full(len(interval), ndtri(service_level))
    interval, factor = _beside(interval, mean), _beside(factor, mean)
    return np.maximum(interval * mean + factor * np.sqrt(interval) * spread, 0.0)


def _levels(name: str, values: float | np.ndarray) -> np.ndarray:
    levels = as_numbers(name, values)
    if not levels.size or not (levels.min() >= 0 and levels.max() < np.inf):
        check_number(name, float(levels.min()) if levels.size else np.nan)
    return levels


def _beside(values: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The values so shaped that one a series meets (series, paths)."""
    return values[:, None] if values.ndim == 1 and cells.ndim == 2 else values
