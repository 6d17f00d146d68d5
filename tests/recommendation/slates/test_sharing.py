"""Slates that share stock, against all slates there are and against simulated purchases."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.recommendation.slates import AtMostPer, Placement, expected_sales, plan_slates
from tests.recommendation.slates.twins import all_slates, made


def sold(slates, stock, worth):
    """Expected worth of slates, stock running out included."""
    code, items = pd.factorize(slates["item_id"])
    units = stock.set_index("item_id")["units"].reindex(items).fillna(np.inf).to_numpy(float)
    return float(
        worth.reindex(items).to_numpy() @ expected_sales(slates["chance"].to_numpy(), code, units)
    )


@pytest.mark.parametrize("objective", ["purchases", "margin"])
def test_no_slates_exceed_the_bound_and_few_exceed_the_plan(objective):
    rng = np.random.default_rng(7)
    reached = []
    for _ in range(3):
        lists, items = made(rng, 3, 4, items=5)
        stock = pd.DataFrame({"item_id": ["i0", "i1", "i2"], "units": [1, 2, 1]})
        worth = items.set_index("item_id")["unit_margin"]
        worth = worth if objective == "margin" else worth * 0 + 1.0
        best = max(sold(pd.concat(some), stock, worth) for some in all_slates(lists, 2))
        plan = plan_slates(lists, k=2, items=items, stock=stock, objective=objective)
        assert np.isclose(plan.value, sold(plan.slates, stock, worth))
        assert plan.value <= best + 1e-9 <= plan.bound + 2e-9
        reached.append(plan.value / best)
    assert min(reached) > 0.97
    assert np.mean(reached) > 0.99


def wanting(n=1_000):
    """Customers who all want what there is little of, and would buy something else as well."""
    rng = np.random.default_rng(8)
    rows = []
    for customer in range(n):
        wanted = [
            ("hot", 0.30),
            *((f"i{i}", 0.02 + 0.2 * rng.random()) for i in rng.permutation(20)[:6]),
        ]
        rows += [(f"c{customer}", item, chance, chance) for item, chance in wanted]
    return pd.DataFrame(rows, columns=["customer_id", "item_id", "score", "chance"])


def simulated(slates, units, rng, runs=20):
    """Mean purchases when customers come in chance order and buy what is left."""
    total = 0
    for _ in range(runs):
        left = units
        buys = slates[rng.random(len(slates)) < slates["chance"].to_numpy()]
        for item in buys["item_id"].sample(frac=1.0, random_state=int(rng.integers(1 << 30))):
            if item != "hot" or left > 0:
                total += 1
                left -= item == "hot"
    return total / runs


def test_fifty_units_are_not_promised_to_a_thousand_customers():
    lists = wanting()
    stock = pd.DataFrame({"item_id": ["hot"], "units": [50]})
    plan = plan_slates(lists, k=2, stock=stock)
    unaware = plan_slates(lists, k=2)
    row = plan.stock.iloc[0]
    assert (unaware.slates["item_id"] == "hot").sum() == 1_000
    assert 150 < row["shown"] < 400
    assert 45 < row["expected_sales"] <= 50
    assert plan.gap < 0.005
    rng = np.random.default_rng(9)
    aware_sales, unaware_sales = (simulated(one.slates, 50, rng) for one in (plan, unaware))
    assert np.isclose(aware_sales, plan.purchases, rtol=0.03)
    assert np.isclose(unaware_sales, plan.unaware().purchases, rtol=0.03)
    assert aware_sales > 1.15 * unaware_sales


def test_rules_and_contracts_hold_under_shared_stock():
    rng = np.random.default_rng(10)
    lists, items = made(rng, 60, 7)
    stock = pd.DataFrame({"item_id": [f"i{i}" for i in range(8)], "units": [3] * 8})
    rules = [AtMostPer("brand", 1), Placement(where={"item_id": "i3"}, share=0.4, at_rank=2)]
    plan = plan_slates(lists, k=3, items=items, stock=stock, rules=rules)
    told = plan.slates.merge(items, on="item_id")
    assert told.groupby("customer_id")["brand"].value_counts().max() == 1
    first = plan.slates[plan.slates["rank"] <= 2]
    assert (first["item_id"] == "i3").sum() >= 24
    assert 0 <= plan.gap < 0.05
    assert plan.explain()["gap"].max() < 0.05
    assert (plan.explain()["cost"] >= 0).all()


def test_stock_of_other_places_is_not_shared():
    lists = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "b"],
            "item_id": ["hot", "cold"] * 2,
            "score": 1.0,
            "chance": [0.9, 0.5, 0.9, 0.5],
        }
    )
    customers = pd.DataFrame({"customer_id": ["a", "b"], "home_location_id": ["s1", "s2"]})
    stock = pd.DataFrame({"item_id": "hot", "location_id": ["s1", "s2"], "units": [1, 1]})
    apart = plan_slates(lists, k=1, customers=customers, stock=stock)
    together = plan_slates(lists, k=1, stock=pd.DataFrame({"item_id": ["hot"], "units": [1]}))
    assert apart.slates["item_id"].tolist() == ["hot", "hot"]
    assert sorted(together.slates["item_id"]) == ["cold", "hot"]
    empty = plan_slates(lists, k=1, customers=customers, stock=stock.assign(units=[0, 1]))
    assert empty.slates["item_id"].tolist() == ["cold", "hot"]
    assert empty.slates["why"].tolist() == ["shared stock", ""]


def test_overstock_is_moved_as_far_as_it_is_worth_it():
    lists = wanting(200)
    stock = pd.DataFrame({"item_id": ["i3", "i4"], "units": [500, 500], "overstock": [10, 0]})
    before = plan_slates(lists, k=1, stock=stock).stock.set_index("item_id")
    after = plan_slates(lists, k=1, stock=stock, clearing=5.0).stock.set_index("item_id")
    assert after.loc["i3", "expected_sales"] > 2 * before.loc["i3", "expected_sales"]
    # Ten units are too many, not five hundred.
    assert after.loc["i3", "expected_demand"] < 25
