"""Regret: the same numbers on one process or two, and shares that are sums."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from newretail_ml import DataError
from newretail_ml.world import ChainConfig, Regret, clairvoyant_policies, make_world, regret, run
from newretail_ml.world.loop import library_policies, naive_policies
from newretail_ml.world.loop.deciders.forecasts import at_prices_of_tomorrow

SMALL = ChainConfig(
    days=90, plan_days=20, n_stores=2, n_items=12, n_customers=60, units_per_day=2.0
)
DAYS = 10
TINY, FEW_DAYS = replace(SMALL, n_items=8, n_customers=40), 3


@pytest.fixture(scope="module")
def found():
    return regret([TINY, replace(TINY, random_state=1)], FEW_DAYS, modules=["recommendation"])


def test_workers_do_not_change_a_number(found):
    chains = [TINY, replace(TINY, random_state=1)]
    again = regret(chains, FEW_DAYS, modules=["recommendation"], workers=2)
    assert_frame_equal(again.totals, found.totals)
    # All alike would prove nothing.
    profit = found.totals["profit"].to_numpy().reshape(2, 5)
    assert (profit[0] != profit[1]).all()
    assert (profit[:, 0] != profit[:, 1]).any()


def test_shares_are_those_of_the_sums():
    profit = {"naive": [10.0, 20.0, 15.0], "pricing": [12.0, 21.0, 18.0]}
    profit |= {"all modules": [13.0, 22.0, 18.0], "clairvoyant": [14.0, 30.0, 21.0]}
    profit |= {"clairvoyant: pricing": [14.0, 24.0, 19.0]}
    rows = [
        {"fold": fold, "model": name, "profit": value}
        for name, values in profit.items()
        for fold, value in enumerate(values)
    ]
    table = Regret(pd.DataFrame(rows), ("pricing",)).table(0.9)
    assert table.loc["pricing", "gain"] == pytest.approx(2.0)
    assert table.loc["pricing", "closed"] == pytest.approx(6 / 20)
    assert table.loc["pricing", "own_closed"] == pytest.approx(6 / 12)
    # By hand: standard deviation 1, t of 2 degrees of freedom 2.92.
    assert table.loc["pricing", "gain_lower"] == pytest.approx(2 - 2.92 / np.sqrt(3), abs=1e-3)
    assert table.loc["clairvoyant", "closed"] == 1.0
    assert table.loc["clairvoyant", "closed_lower"] == pytest.approx(1.0)


def test_scores_are_a_long_table(found):
    scores = found.scores()
    assert scores["metric"].iloc[0] == "profit"
    assert not scores.duplicated(["model", "fold", "metric"]).any()
    assert set(scores["model"]) == set(found.table().index)
    assert found.sources().loc["clairvoyant", "profit"] == pytest.approx(
        found.gains()["clairvoyant"].mean()
    )


def test_worlds_of_one_seed_are_refused():
    with pytest.raises(DataError, match="same seed"):
        regret([SMALL, SMALL], DAYS)
    with pytest.raises(DataError, match="no world"):
        regret([], DAYS)
    with pytest.raises(DataError, match="no world"):
        regret([3], DAYS)
    with pytest.raises(DataError, match="no module"):
        regret(SMALL, DAYS, modules=["magic"])


def test_who_knows_the_demand_loses_less_and_wastes_less():
    world = make_world(SMALL)
    naive = run(world, naive_policies(), DAYS).ledger.totals().iloc[0]
    knows = clairvoyant_policies(world, ["forecasting", "replenishment"])
    known = run(world, knows, DAYS).ledger.totals().iloc[0]
    assert known["lost"] < naive["lost"]
    assert known["waste"] <= naive["waste"]
    assert known["profit"] > naive["profit"]


def test_all_modules_run_together_and_twice_alike():
    world = make_world(TINY)
    one, two = (run(world, library_policies(n_threads=1), FEW_DAYS) for _ in range(2))
    assert_frame_equal(one.ledger.entries, two.ledger.entries)
    assert len(one.orders) > 0
    assert len(one.slates) > 0


def test_past_sales_move_to_the_prices_of_tomorrow():
    from newretail_ml import Panel
    from newretail_ml.pricing import ConstantElasticity

    days = pd.date_range("2026-01-01", periods=40)
    frame = pd.DataFrame({"item_id": "tea", "date": days, "units": 10, "price": 2.0})
    frame["regular_price"] = 2.0
    frame.loc[30:, ["price", "regular_price"]] = 1.0
    frame.loc[5, "price"] = 1.5
    panel = Panel.from_frame(frame).until(30)
    response = ConstantElasticity([10.0], [2.0], [-2.0], keys=pd.DataFrame({"item_id": ["tea"]}))
    moved = at_prices_of_tomorrow(panel, response)
    # Half the price, elasticity -2: four times the units; the promotion is as deep as before.
    assert (moved.units[0] == 40).all()
    assert moved.plans["price"][0, 5] == pytest.approx(0.75)
    assert moved.plans["price"][0, 4] == pytest.approx(1.0)
    assert moved.plans["price"][0, 30] == pytest.approx(1.0)
    assert (panel.units[0] == 10).all()
