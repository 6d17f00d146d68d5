"""Which mix of prices earns most when demand is known and stock is short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import as_numbers, check_numbers
from newretail_ml.errors import DataError


@dataclass(frozen=True, eq=False)
class PriceMix:
    """Shares of time at candidate prices.

    Attributes:
        share: (..., candidates) of the periods; what is missing to 1 is spent not selling.
        value: (...) expected earnings a period.
        units: (...) expected units a period.
    """

    share: np.ndarray
    value: np.ndarray
    units: np.ndarray


def price_mix(
    margin: np.ndarray, demand: np.ndarray, stock_rate: float | np.ndarray = np.inf
) -> PriceMix:
    """The mix that earns most a period, given the stock that may be sold a period.

    maximize sum_k margin_k demand_k x_k subject to sum_k demand_k x_k <= stock rate,
    sum_k x_k <= 1 and x >= 0. With one resource the answer is a point on the concave hull of
    earnings over units, so at most two prices are mixed; all pairs are compared, exactly.

    Args:
        margin: (candidates,) or (..., candidates) earnings a unit: the price, less what a unit
            is worth otherwise.
        demand: (..., candidates) expected units a period at each price.
        stock_rate: (...) or one number: units of stock a period; infinite where stock is ample.

    Raises:
        DataError: something is not a number, or demand or the stock rate are negative.

    Source: Ferreira, Simchi-Levi and Wang (2018), Online network revenue management using
    Thompson sampling, Operations Research 66(6), the linear programme of algorithm 1.

    >>> mix = price_mix([29.9, 34.9, 39.9, 44.9], [0.8, 0.6, 0.3, 0.1], 0.25)
    >>> mix.share.round(6).tolist(), round(mix.value.item(), 6)
    ([0.0, 0.0, 0.75, 0.25], 10.1)
    """
    units, earnings = _points(margin, demand)
    rate = as_numbers("stock rates", stock_rate)
    if np.isnan(rate).any() or (rate < 0).any():
        raise DataError("stock rates must be numbers of at least zero", next_step="Correct them.")
    lead = np.broadcast_shapes(units.shape[:-1], rate.shape)
    units = np.broadcast_to(units, (*lead, units.shape[-1]))
    earnings = np.broadcast_to(earnings, units.shape)
    return _best_pair(units, earnings, np.broadcast_to(rate, lead))


def _points(margin: np.ndarray, demand: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Units and earnings of each price, and of not selling in the last place."""
    each, units = as_numbers("margins", margin), as_numbers("demand", demand)
    good = each.ndim and units.ndim and each.shape[-1] == units.shape[-1] and units.shape[-1]
    if not good:
        raise DataError(
            f"margins have shape {each.shape} and demand {units.shape}",
            next_step="Pass one of each a candidate price, the candidates along the last axis.",
        )
    if not (np.isfinite(each).all() and np.isfinite(units).all() and (units >= 0).all()):
        raise DataError(
            "margins must be finite, and demand finite and at least zero",
            next_step="Correct them.",
        )
    units = np.broadcast_to(units, np.broadcast_shapes(each.shape, units.shape))
    nothing = np.zeros((*units.shape[:-1], 1))
    return (
        np.concatenate([units, nothing], axis=-1),
        np.concatenate([units * each, nothing], axis=-1),
    )


def _best_pair(units: np.ndarray, earnings: np.ndarray, rate: np.ndarray) -> PriceMix:
    """Of all pairs, one price that the stock can bear and one that it cannot."""
    size = units.shape[-1]
    bearable = units <= rate[..., None]
    room = np.where(bearable, np.where(np.isinf(rate), 0.0, rate)[..., None] - units, 0.0)
    step = units[..., None, :] - units[..., :, None]
    mixed = bearable[..., :, None] & ~bearable[..., None, :]
    part = np.divide(room[..., :, None], step, out=np.zeros(step.shape), where=mixed)
    gain = part * (earnings[..., None, :] - earnings[..., :, None])
    alone = bearable[..., :, None] & np.eye(size, dtype=bool)
    value = np.where(mixed | alone, earnings[..., :, None] + gain, -np.inf)
    best = value.reshape(*value.shape[:-2], size * size).argmax(axis=-1)
    low, high = np.divmod(best, size)
    flat = part.reshape(*part.shape[:-2], size * size)
    weight = np.take_along_axis(flat, best[..., None], axis=-1)
    places = np.arange(size)
    share = (1 - weight) * (places == low[..., None]) + weight * (places == high[..., None])
    return PriceMix(share[..., :-1], (share * earnings).sum(-1), (share * units).sum(-1))


def resource_mix(value: np.ndarray, use: np.ndarray, stock_rate: np.ndarray) -> PriceMix:
    """The best mix of whole price lists that share several resources.

    maximize sum_k value_k x_k subject to sum_k use_kj x_k <= stock rate_j for all resources j,
    sum_k x_k <= 1 and x >= 0; solved as a linear programme.

    Args:
        value: (lists,) expected earnings a period under each price list.
        use: (lists, resources) expected units of each resource used a period.
        stock_rate: (resources,) units of each resource there are a period.

    Raises:
        DataError: shapes differ, or a number is missing or negative where it must not be.

    Source: as of `price_mix`.

    >>> mix = resource_mix([10.0, 8.0], [[2.0, 1.0], [1.0, 1.0]], [1.5, 1.0])
    >>> mix.share.round(6).tolist(), mix.value.round(6).item()
    ([0.5, 0.5], 9.0)
    """
    from scipy.optimize import linprog

    earnings = check_numbers("values", value, at_least=None)
    limit = check_numbers("stock rates", stock_rate)
    needed = as_numbers("resource use", use)
    if (
        needed.shape != (len(earnings), len(limit))
        or not (np.isfinite(needed) & (needed >= 0)).all()
    ):
        raise DataError(
            f"resource use must be {len(earnings)} x {len(limit)} finite numbers of at least zero",
            next_step="Give one row a price list and one column a resource.",
        )
    rows = np.vstack([needed.T, np.ones(len(earnings))])
    found = linprog(-earnings, A_ub=rows, b_ub=np.append(limit, 1.0), method="highs")
    return PriceMix(found.x, np.asarray(-found.fun), np.asarray((found.x @ needed).sum()))
