"""Perfect foresight where customers wait."""

from __future__ import annotations

import numpy as np

from newretail_ml import columns as c
from newretail_ml.replenishment.replay.setting import Setting
from newretail_ml.replenishment.replay.terms import FIRST_REVIEW


def cost_with_backorders(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """(series[, paths]) least holding and shortage cost, and the units met at once.

    Net stock at the end of a period is what was ordered until the last delivery, less what
    demand takes beyond stock and open orders of the start. So the units ordered until a delivery
    are chosen for the periods until the next one alone: a newsvendor's choice among the known
    needs of these periods, and at least zero. That later orders cannot be smaller in sum than
    earlier ones is relaxed; it binds only where open orders come late. What perishes may be got
    rid of at will, and stock of the start that perishes costs no holding before the first order.
    """
    need = _need(setting)
    ordered, first = np.zeros_like(need), _first_arrival(setting)
    every = setting.terms[c.REVIEW_PERIOD].to_numpy(int)
    for begin, period in sorted(set(zip(first.tolist(), every.tolist(), strict=True))):
        series = np.flatnonzero((first == begin) & (every == period))
        if begin < len(need):
            ordered[begin:, series] = _ordered(setting, need[begin:, series], series, begin, period)
    net = ordered - need
    before = np.arange(len(need))[:, None] < first
    free = before & setting.perishable
    held = np.maximum(net, 0.0) * ~setting.shaped(free)
    waiting = np.maximum(-net, 0.0)
    counted = slice(setting.warm_up, None)
    cost = setting.column(c.HOLDING_COST) * held[counted].sum(axis=0)
    cost = cost + setting.column(c.SHORTAGE_COST) * waiting[counted].sum(axis=0)
    met = setting.demand - np.minimum(setting.demand, waiting)
    return cost, met[counted].sum(axis=0)


def _need(setting: Setting) -> np.ndarray:
    """(periods, series[, paths]) demand until each period beyond the stock of the start."""
    periods, units = len(setting.demand), np.zeros(setting.demand.shape[:2])
    due = setting.due[:periods]
    units[: len(due)] = due
    units[0] += setting.terms[c.ON_HAND].to_numpy()
    there = np.cumsum(units, axis=0)
    need = np.cumsum(setting.demand, axis=0)
    return need - setting.shaped(there)


def _first_arrival(setting: Setting) -> np.ndarray:
    return (setting.terms[FIRST_REVIEW] + setting.terms[c.LEAD_TIME]).to_numpy(int)


def _ordered(
    setting: Setting, need: np.ndarray, series: np.ndarray, begin: int, every: int
) -> np.ndarray:
    """(periods, series[, paths]) units ordered in sum, best for the periods between deliveries."""
    periods, cells = len(need), need.shape[1:]
    gaps = -(-periods // every)
    padded = np.concatenate([need, np.zeros((gaps * every - periods, *cells))])
    padded = padded.reshape(gaps, every, *cells)
    place = np.arange(begin, begin + gaps * every)
    counts = (place >= setting.warm_up) & (place < begin + periods)
    weight = counts.reshape(gaps, every, *[1] * len(cells))
    holding, shortage = setting.column(c.HOLDING_COST), setting.column(c.SHORTAGE_COST)
    holding, shortage = holding[series], shortage[series]
    least = np.where(setting.perishable[series], -np.inf, 0.0)
    least = least.reshape(holding.shape)
    best, best_cost = np.zeros((gaps, *cells)), np.full((gaps, *cells), np.inf)
    for candidate in range(every):
        units = np.maximum(padded[:, candidate], least)
        net = units[:, None] - padded
        cost = (weight * np.where(net > 0, holding * net, -shortage * net)).sum(axis=1)
        cheaper = cost < best_cost
        best[cheaper], best_cost[cheaper] = units[cheaper], cost[cheaper]
    return np.repeat(best, every, axis=0)[:periods]
