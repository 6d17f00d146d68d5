"""What perfect foresight would have cost at least.

Packs, fixed costs of orders and shared capacity are relaxed. Then units are independent of one
another: a unit of demand is met by stock that is there anyway, or by the last order that arrives
in time if holding it until then (and bringing it) costs less than a lost sale, or it is lost.

Stock and open orders of the start meet the first demands first. No other choice is cheaper: to
serve a demand d later than e instead, by an order for e, costs c(e) + H(d) instead of
c(d) + H(e), H being the cost of holding a unit until then; and an order that meets e can wait
for d. Where a shelf life forbids that, the cost of the later demands is lowered until it holds,
so that the bound remains one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from newretail_ml import columns as c
from newretail_ml.replenishment.perishable import FIFO
from newretail_ml.replenishment.replay.clairvoyant_backorders import cost_with_backorders
from newretail_ml.replenishment.replay.engine import play
from newretail_ml.replenishment.replay.setting import Setting
from newretail_ml.replenishment.replay.terms import FIRST_REVIEW
from newretail_ml.replenishment.replay.totals import WASTE, price


@dataclass(frozen=True, eq=False)
class Bound:
    """What no policy can better; each array is (series[, paths]), after the warm-up.

    Attributes:
        cost: from below.
        profit: from above; NaN where unit_price or unit_cost is not known.
        met: units met at once by the cheapest decisions.
    """

    cost: np.ndarray
    profit: np.ndarray
    met: np.ndarray


def clairvoyant(setting: Setting) -> Bound:
    """Bounds on cost and profit under perfect foresight of demand.

    With lost sales and no shelf life the bound on cost is exact but for what is relaxed: packs,
    fixed costs of orders, and shared capacity. With backorders shelf life and the transport of
    new orders are relaxed as well.

    Source: Zipkin (2000), Foundations of Inventory Management, section 3.2 (deterministic
    demand, linear costs), applied unit by unit.

    >>> import pandas as pd
    >>> from newretail_ml.replenishment.replay import base_stock_policy, replay
    >>> terms = pd.DataFrame({"item_id": ["tea"], "on_hand": [1], "lead_time": [1],
    ...                       "review_period": [2], "holding_cost": [2], "shortage_cost": [3]})
    >>> outcome = replay(base_stock_policy(6), np.array([[2, 1, 4, 1]]), terms)
    >>> outcome.clairvoyant.cost  # one lost before the first delivery, four held for a period
    array([11.])
    """
    shortage = setting.column(c.SHORTAGE_COST)
    margin = setting.column(c.UNIT_PRICE) - setting.column(c.UNIT_COST)
    gain = np.maximum(margin, 0.0)
    wanted = setting.demand[setting.warm_up :].sum(axis=0)
    if setting.backorders:
        cost, met = cost_with_backorders(setting)
        cost = cost + _transport_of_open_orders(setting)
        # Who waited through the warm-up may be served after it.
        return Bound(cost, gain * setting.demand.sum(axis=0) - cost, met)
    alone = _served_by_the_start(setting)
    cost, met = _cost(setting, alone, shortage)
    if np.array_equal(gain, shortage):
        return Bound(cost, gain * wanted - cost, met)
    least, _ = _cost(setting, alone, np.nan_to_num(gain))
    return Bound(cost, gain * wanted - least + 0.0 * margin, met)


def _served_by_the_start(setting: Setting) -> np.ndarray:
    """(periods, series[, paths]) units that stock and open orders of the start can meet."""
    never = setting.terms.assign(**{FIRST_REVIEW: len(setting.demand)})
    alone = replace(setting, terms=never, issuing=FIFO, capacity=None)
    return play(lambda now: np.zeros(len(now.terms)), alone, progress=False).sales


def _cost(
    setting: Setting, alone: np.ndarray, shortage: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(series[, paths]) the least cost if a lost sale costs so much, and the units met."""
    shortage = shortage.reshape(-1)
    lost = _counted(setting)[:, None] * shortage
    served = _cost_of_serving(setting)
    each = np.minimum(served, lost)
    held = _held(setting)
    last = _last_use(setting)
    # Only demands that the stock of the start could meet need the order that its use assumes.
    falling = np.minimum.accumulate(each - held[:-1], axis=0) + held[:-1]
    each = np.where(np.arange(len(each))[:, None] <= last, falling, each)
    rest = setting.demand - alone
    saved = np.take_along_axis(held, last[None], axis=0) - held[:-1]
    cost = (
        np.einsum("tn...,tn->n...", rest, each)
        - np.einsum("tn...,tn->n...", alone, saved)
        + setting.shaped(_holding_of_the_start(setting, held))
        + _unavoidable_waste(setting, alone)
        + _transport_of_open_orders(setting)
    )
    chosen = _counted(setting)[:, None] * (served < lost)
    met = np.einsum("tn...,tn->n...", rest, chosen) + alone[setting.warm_up :].sum(axis=0)
    return cost, met


def _counted(setting: Setting) -> np.ndarray:
    """(periods,) 1 after the warm-up."""
    return (np.arange(len(setting.demand)) >= setting.warm_up).astype(float)


def _held(setting: Setting) -> np.ndarray:
    """(periods + 1, series) cost of holding a unit from the start until each period."""
    periods = np.concatenate([[0.0], np.cumsum(_counted(setting))])
    return periods[:, None] * setting.terms[c.HOLDING_COST].to_numpy()


def _cost_of_serving(setting: Setting) -> np.ndarray:
    """(periods, series) of meeting a unit by a new order; infinite where none can."""
    terms, period = setting.terms, np.arange(len(setting.demand))[:, None]
    first = (terms[FIRST_REVIEW] + terms[c.LEAD_TIME]).to_numpy(int)
    every = terms[c.REVIEW_PERIOD].to_numpy(int)
    life = terms[c.SHELF_LIFE].fillna(np.inf).to_numpy()
    bring = terms[c.TRANSPORT_COST].to_numpy()
    arrives = first + (period - first) // every * every
    can = (arrives >= first) & (period - arrives < life)
    held = _held(setting)
    since = np.take_along_axis(held, np.clip(arrives, 0, None), axis=0)
    late = bring * (arrives >= setting.warm_up)
    cost = np.where(can, held[:-1] - since + late, np.inf)
    # What arrives in the warm-up costs nothing until its end.
    early = (first < setting.warm_up) & (period - setting.warm_up + 1 < life)
    return np.where(early, np.minimum(cost, held[:-1]), cost)


def _ends(setting: Setting) -> np.ndarray:
    """(periods ahead, series) period at whose end what arrives then is wasted."""
    life = setting.terms[c.SHELF_LIFE].fillna(np.inf).to_numpy()
    return np.arange(len(setting.due))[:, None] + life - 1


def _at_the_start(setting: Setting) -> np.ndarray:
    """(periods ahead, series) units by arrival, stock on hand in the first."""
    units = setting.due.copy()
    units[0] += setting.terms[c.ON_HAND].to_numpy()
    return units


def _last_use(setting: Setting) -> np.ndarray:
    """(series,) last period until which stock of the start is held; 0 where there is none."""
    ends = np.where(_at_the_start(setting) > 0, _ends(setting), 0.0)
    return np.minimum(ends.max(axis=0), len(setting.demand)).astype(int)


def _holding_of_the_start(setting: Setting, held: np.ndarray) -> np.ndarray:
    """(series,) if none of it were used."""
    units, periods = _at_the_start(setting), len(setting.demand)
    arrives = np.minimum(np.arange(len(units)), periods)
    until = np.minimum(_ends(setting), periods).astype(int)
    until = np.maximum(until, arrives[:, None])
    cost = np.take_along_axis(held, until, axis=0) - held[arrives]
    return np.asarray((units * cost).sum(axis=0))


def _unavoidable_waste(setting: Setting, alone: np.ndarray) -> np.ndarray:
    """(series[, paths]) money: what perishes in time, less all that can be used."""
    ends = _ends(setting)
    perishes = (ends >= setting.warm_up) & (ends < len(setting.demand))
    units = setting.shaped((_at_the_start(setting) * perishes).sum(axis=0))
    loss = price(setting, WASTE)
    return loss * np.maximum(units - alone.sum(axis=0), 0.0)


def _transport_of_open_orders(setting: Setting) -> np.ndarray:
    """(series[, 1]) money, whatever is decided."""
    units = setting.due[setting.warm_up : len(setting.demand)].sum(axis=0)
    return setting.shaped(units) * setting.column(c.TRANSPORT_COST)
