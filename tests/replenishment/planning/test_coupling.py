"""Rules over many lines: budget, room, suppliers' minimums, trucks."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError, InfeasibleError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning import OrderRules, State, Supply, plan_orders
from newretail_ml.replenishment.planning.deciding import priced
from newretail_ml.replenishment.planning.lines import lines_of
from newretail_ml.replenishment.planning.wide import wide_table

MONDAY = pd.Timestamp("2026-03-02")


def forecast_of(n=4, mean=4.0, seed=0, horizon=8) -> Forecast:
    paths = np.random.default_rng(seed).poisson(mean, (n, 40, horizon)).astype("float32")
    places = np.where(np.arange(n) % 2, "S1", "S2")
    keys = pd.DataFrame({"item_id": [f"item_{k:03}" for k in range(n)], "location_id": places})
    return Forecast(keys, Periods(MONDAY, horizon, "D"), paths)


def wide(forecast, **columns) -> pd.DataFrame:
    n = len(forecast.keys)
    base = {
        "on_hand": np.arange(n) % 7,
        "lead_time": 1,
        "review_period": 2,
        "pack_size": 3,
        "holding_cost": 0.1,
        "unit_cost": 1.0 + np.arange(n) % 3,
        "shortage_cost": 4.0 - np.arange(n) % 2,
        "volume": 0.5,
    }
    return forecast.keys.assign(**{**base, **columns})


def best_of_all(forecast, state, keeps, truck=None, packs=6) -> float:
    """The largest expected profit of all combinations of packs that keep the rules."""
    state = State(state)
    lines = lines_of(
        wide_table(state, None, None, ["item_id", "location_id"]), state, None, forecast
    )
    profit = np.zeros((len(lines), packs))
    counts = np.arange(packs)
    for part in priced(lines, forecast, backorders=False, reach=np.full(len(lines), 99.0)):
        for count in counts:
            units = count * part.lines.step
            saved = part.cost.of(0.0 * units) - part.cost.of(units)
            profit[part.rows, count] = saved - part.lines.order_cost * (count > 0)
    every = np.array(list(product(counts, repeat=len(lines))))
    total = profit[np.arange(len(lines)), every].sum(axis=1)
    if truck is not None:
        total = total - truck(every)
    return float(total[keeps(every)].max())


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 100), budget=st.sampled_from([0.0, 7.0, 20.0, 45.0]))
def test_a_budget_is_spent_as_well_as_by_trying_all(seed, budget):
    forecast = forecast_of(seed=seed)
    state = wide(forecast)
    plan = plan_orders(forecast, state, rules=OrderRules(budget=budget), gap=1e-6)
    price = state["unit_cost"].to_numpy() * 3
    best = best_of_all(forecast, state, lambda packs: packs @ price <= budget + 1e-9)
    assert plan.orders["order_value"].sum() <= budget + 1e-6
    assert plan.expected_profit == pytest.approx(best, rel=1e-4, abs=1e-6)
    assert plan.bound >= best - 1e-6


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 100), least=st.sampled_from([5, 40, 60, 75]))
def test_a_supplier_gets_its_minimum_or_nothing(seed, least):
    forecast = forecast_of(seed=seed)
    state = wide(forecast, supplier_id=["a", "a", "a", "b"])
    suppliers = pd.DataFrame({"supplier_id": ["a", "b"], "minimum_value": [least, np.nan]})
    plan = plan_orders(forecast, state, Supply(state, suppliers), gap=1e-6)
    price = np.where(state["supplier_id"] == "a", state["unit_cost"] * 3, 0.0)
    value = plan.orders.loc[plan.orders["supplier_id"] == "a", "order_value"].sum()
    assert value == 0 or value >= least - 1e-6
    best = best_of_all(
        forecast, state, lambda packs: (packs @ price == 0) | (packs @ price >= least)
    )
    assert plan.expected_profit == pytest.approx(best, rel=1e-4, abs=1e-6)


def test_trucks_are_paid_and_filled():
    forecast = forecast_of(mean=3.0)
    state = wide(forecast, supplier_id="a")
    suppliers = pd.DataFrame(
        {
            "supplier_id": ["a"],
            "truck_volume": [12.0],
            "truck_cost": [6.0],
            "truck_smallest_fill": [0.8],
        }
    )
    plan = plan_orders(forecast, state, Supply(state, suppliers), gap=1e-6)
    volume = plan.orders["units"].sum() * 0.5
    trucks = np.ceil(volume / 12.0)
    assert volume >= 0.8 * 12.0 * trucks
    load = np.full(4, 1.5)

    def cost(packs):
        return 6.0 * np.ceil(packs @ load / 12.0)

    best = best_of_all(
        forecast, state, lambda packs: packs @ load >= 0.8 * 12.0 * cost(packs) / 6.0, cost
    )
    assert plan.expected_profit == pytest.approx(best, rel=1e-4)
    explained = plan.explain().iloc[0]
    assert explained["rule"] == "trucks of a"
    assert explained["cost"] == 6.0 * trucks
    assert plan.orders["expected_profit"].sum() - 6.0 * trucks == pytest.approx(
        plan.expected_profit
    )


def test_room_counts_what_is_there_already():
    forecast = forecast_of()
    state = wide(forecast)
    capacity = pd.DataFrame({"location_id": ["S1", "S2"], "units": [17.0, np.nan]})
    plan = plan_orders(forecast, state, rules=OrderRules(capacity=capacity))
    here = plan.orders[plan.orders["location_id"] == "S1"]
    assert (here["expected_stock"] + here["units"]).sum() <= 17.0 + 1e-6
    explained = plan.explain()
    assert explained["rule"].tolist() == ["units at S1"]
    assert explained["binding"].item()
    assert explained["used"].item() == pytest.approx((here["expected_stock"] + here["units"]).sum())
    free = plan_orders(forecast, state).orders
    there = free["location_id"] == "S2"
    assert (plan.orders["units"][there] == free["units"][there]).all()
    cut = here[here["units"] < free["units"][~there]]
    assert (cut["binding_rule"] == "units at S1").all()
    assert cut["why"].str.contains("units at S1 decides").all()


def test_a_full_place_takes_no_order():
    forecast = forecast_of()
    capacity = pd.DataFrame({"volume": [0.1]})
    plan = plan_orders(forecast, wide(forecast), rules=OrderRules(capacity=capacity))
    assert plan.orders["units"].sum() == 0


def test_a_rule_that_does_not_bind_changes_nothing():
    forecast = forecast_of(30)
    state = wide(forecast, supplier_id="a")
    suppliers = pd.DataFrame({"supplier_id": ["a"], "minimum_units": [5], "minimum_value": [9]})
    capacity = pd.DataFrame({"units": [1e6], "volume": [1e6]})
    rules = OrderRules(budget=1e6, capacity=capacity)
    free, ruled = (
        plan_orders(forecast, state),
        plan_orders(forecast, state, Supply(state, suppliers), rules=rules),
    )
    pd.testing.assert_frame_equal(free.orders, ruled.orders)
    explained = ruled.explain()
    assert not explained["binding"].any()
    assert explained["rule"].tolist() == [
        "budget",
        "units",
        "volume",
        "minimum value of a",
        "minimum units of a",
    ]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    mean=st.floats(0.2, 6.0),
    minimum=st.integers(0, 40),
    presentation=st.integers(0, 12),
)
def test_a_truck_that_never_binds_changes_nothing(seed, mean, minimum, presentation):
    """Orders that a minimum raises are priced alike with and without rules over many lines."""
    forecast = forecast_of(6, mean, seed, horizon=12)
    state = wide(
        forecast, minimum_units=minimum, presentation_minimum=presentation, supplier_id="v"
    )
    free = plan_orders(forecast, state)
    trucks = pd.DataFrame({"supplier_id": ["v"], "truck_volume": [1e9]})
    tied = plan_orders(forecast, state, Supply(forecast.keys.assign(pack_size=3), trucks))
    assert tied.expected_profit == pytest.approx(free.expected_profit)
    assert tied.orders["expected_profit"].sum() == pytest.approx(tied.expected_profit)


def test_the_shadow_price_of_a_budget_is_what_more_of_it_earns():
    forecast = forecast_of(60)
    state = wide(forecast, pack_size=1)
    value = plan_orders(forecast, state).orders["order_value"].sum()
    tight = plan_orders(forecast, state, rules=OrderRules(budget=0.7 * value), gap=1e-6)
    more = plan_orders(forecast, state, rules=OrderRules(budget=0.7 * value + 10), gap=1e-6)
    price = tight.explain()["shadow_price"].item()
    assert price > 0
    earned = (more.expected_profit - tight.expected_profit) / 10
    assert earned == pytest.approx(price, rel=0.1)
    assert tight.explain()["binding"].item()


def test_rules_that_contradict_one_another_are_named():
    forecast = forecast_of()
    state = wide(forecast, presentation_minimum=20)
    with pytest.raises(InfeasibleError) as raised:
        plan_orders(forecast, state, rules=OrderRules(budget=10))
    assert "budget" in raised.value.conflicts["rule"].tolist()


def test_what_a_rule_needs_must_be_known():
    forecast = forecast_of()
    state = wide(forecast)
    with pytest.raises(DataError, match=r"supply.unit_cost: 4 lines have none"):
        plan_orders(forecast, state.drop(columns="unit_cost"), rules=OrderRules(budget=10))
    capacity = pd.DataFrame({"volume": [10.0]})
    with pytest.raises(DataError, match=r"supply.volume: 4 lines have none"):
        rules = OrderRules(capacity=capacity)
        plan_orders(forecast, state.drop(columns="volume"), rules=rules)
    by_place = OrderRules(capacity=pd.DataFrame({"location_id": ["S1"], "units": [9]}))
    with pytest.raises(DataError, match="by location_id"):
        items = forecast.sum_by(["item_id"])
        plan_orders(items, state.drop(columns="location_id"), rules=by_place)
