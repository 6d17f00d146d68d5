"""Stock of stores offered online: every number of units tried, and order of the answers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel.periods import Periods
from newretail_ml.replenishment.omnichannel import ship_from_store

DAYS = Periods.spanning("2026-01-01", "2026-01-03", "D")


def store(seed):
    rng = np.random.default_rng(seed)
    keys = pd.DataFrame({"item_id": list("abcd"), "location_id": "s"})
    stock = keys.assign(
        on_hand=rng.integers(0, 9, 4),
        protected=rng.integers(0, 3, 4),
        online_margin=rng.uniform(0, 12, 4),
        shortage_cost=rng.uniform(1, 8, 4),
        unit_cost=5.0,
        salvage_value=rng.uniform(0, 5, 4),
        periods_left=rng.integers(0, 4, 4),
    )
    places = pd.DataFrame({"location_id": ["s"], "pick_cost": 0.5, "shipping_cost": 2.0})
    paths = rng.gamma(1.0, 1.5, (4, 30, 3)).astype(np.float32)
    return stock, places, Forecast(keys, DAYS, paths)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_best_of_all_numbers_of_units(seed):
    stock, places, counter = store(seed)
    found = ship_from_store(stock, places, counter)
    for row, paths, answer in zip(
        stock.itertuples(), counter.paths, found.itertuples(), strict=True
    ):
        demand = paths[:, : row.periods_left].sum(axis=1, dtype=float)

        def earned(units, row=row, demand=demand):
            left = row.on_hand - units
            sold = np.minimum(demand, left).mean()
            loss = (row.unit_cost - row.salvage_value) * (left - sold)
            return row.shortage_cost * sold - loss + (row.online_margin - 2.5) * units

        gains = [earned(n) - earned(0) for n in range(max(row.on_hand - row.protected, 0) + 1)]
        assert answer.gain == pytest.approx(max(gains), abs=1e-6)
        assert gains[answer.units] == pytest.approx(max(gains), abs=1e-6)
        assert answer.why


@given(st.integers(0, 10_000), st.floats(0, 5))
@settings(max_examples=20, deadline=None)
def test_a_higher_online_margin_never_lowers_the_offer(seed, more):
    stock, places, counter = store(seed)
    before = ship_from_store(stock, places, counter)["units"]
    stock["online_margin"] += more
    after = ship_from_store(stock, places, counter)["units"]
    assert (after >= before).all()
    assert (after <= (stock["on_hand"] - stock["protected"]).clip(lower=0)).all()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("on_hand", -1),
        ("on_hand", 1.5),
        ("online_margin", np.nan),
        ("location_id", "moon"),
        ("item_id", "a"),
        ("item_id", ["a", "b", "c", "z"]),
        ("periods_left", 9),
    ],
)
def test_wrong_tables(column, value):
    stock, places, counter = store(1)
    with pytest.raises(DataError):
        ship_from_store(stock.assign(**{column: value}), places, counter)
    with pytest.raises(DataError):
        ship_from_store(stock.drop(columns="unit_cost"), places, counter)
