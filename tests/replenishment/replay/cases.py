"""Random settings of a replay, and a slow twin that plays them unit batch by unit batch."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from newretail_ml.replenishment.replay import replay


@dataclass
class Case:
    """What a replay is given, and the orders of a policy that was decided beforehand."""

    demand: np.ndarray
    terms: pd.DataFrame
    due: np.ndarray
    orders: np.ndarray
    backorders: bool
    issuing: str
    warm_up: int

    def play(self, policy=None, **changes):
        rules = {
            "due": self.due,
            "backorders": self.backorders,
            "issuing": self.issuing,
            "warm_up": self.warm_up,
            "baseline": None,
            "progress": False,
        }
        return replay(policy or self.decided, self.demand, self.terms, **{**rules, **changes})

    def decided(self, now):
        return self.orders[..., now.period]


@st.composite
def cases(draw, backorders=None, perishable=True, paths=True, packs=True):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, periods = draw(st.integers(1, 4)), draw(st.integers(1, 25))
    shape = (n, 2, periods) if paths and draw(st.booleans()) else (n, periods)
    waits = draw(st.booleans() if backorders is None else backorders)
    busy = rng.integers(0, 2, shape) if draw(st.booleans()) else 1
    terms = pd.DataFrame(
        {
            "item_id": [f"item {number}" for number in range(n)],
            "on_hand": rng.integers(0, 9, n),
            "lead_time": rng.integers(0, 4, n),
            "review_period": rng.integers(1, 4, n),
            "first_review": rng.integers(0, 3, n),
            "pack_size": rng.choice([1, 1, 4], n) if packs else 1,
            "holding_cost": rng.choice([0.0, 0.3, 1.0], n),
            "shortage_cost": rng.choice([0.0, 1.0, 3.0], n),
            "unit_cost": rng.choice([1.0, 2.0], n),
            "unit_price": rng.choice([0.5, 3.0], n),
            "order_cost": rng.choice([0.0, 5.0], n) if packs else 0.0,
            "transport_cost": rng.choice([0.0, 0.4], n),
            "salvage_value": rng.choice([0.0, 0.5], n),
        }
    )
    if perishable and not waits and draw(st.booleans()):
        terms["shelf_life"] = rng.choice([1.0, 2.0, 3.0, 40.0, np.nan], n)
    return Case(
        demand=(rng.poisson(rng.choice([0.5, 3.0]), shape) * busy).astype(float),
        terms=terms,
        due=rng.integers(0, 5, (n, draw(st.integers(1, 5)))).astype(float),
        orders=rng.integers(0, 8, shape).astype(float),
        backorders=waits,
        issuing=draw(st.sampled_from(["fifo", "lifo"])),
        warm_up=draw(st.sampled_from([0, 0, periods // 2])),
    )


def slow_twin(case, series, path=None):
    """One series and path in plain Python; a batch is [period of arrival, units]."""
    row = case.terms.iloc[series]
    place = series if path is None else (series, path)
    life = row.get("shelf_life", np.nan)
    deliveries = dict(enumerate(case.due[series]))
    batches, waiting, record = [[0, float(row.on_hand)]], 0.0, []
    for t, wanted in enumerate(case.demand[place]):
        ordered = 0.0
        since = t - row.first_review
        if since >= 0 and since % row.review_period == 0:
            ordered = float(-(-case.orders[place][t] // row.pack_size) * row.pack_size)
        deliveries[t + row.lead_time] = deliveries.get(t + row.lead_time, 0.0) + ordered
        received = deliveries.get(t, 0.0)
        batches.append([t, received])
        left = wanted + waiting
        for batch in batches if case.issuing == "fifo" else batches[::-1]:
            taken = min(batch[1], left)
            batch[1] -= taken
            left -= taken
        waiting_before, waiting = waiting, left if case.backorders else 0.0
        sold = wanted + waiting_before - left
        wasted = sum(units for came, units in batches if t - came >= life - 1)
        batches = [batch for batch in batches if not t - batch[0] >= life - 1]
        on_hand = sum(units for _, units in batches)
        record.append((sold, left, ordered, received, on_hand, wasted))
    return np.array(record).T
