"""What is sold at a loss: values are those of the objective, and no bound lies below them."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from newretail_ml.recommendation.slates import AtLeast, AtLeastDifferent, AtMostPer, plan_slates
from tests.recommendation.slates.twins import all_slates, made


def with_losses(rng, n, m):
    lists, items = made(rng, n, m, items=6)
    return lists, items.assign(unit_margin=rng.uniform(-3.0, 2.0, 6))


def earned(lines, items, units):
    """Expected money of what is shown, by every outcome of who buys."""
    total = 0.0
    for item, chance in lines.groupby("item_id")["chance"]:
        p, stock = chance.to_numpy(), units.get(item, np.inf)
        for size in range(len(p) + 1):
            for buyers in combinations(range(len(p)), size):
                buys = np.isin(np.arange(len(p)), buyers)
                total += np.where(buys, p, 1 - p).prod() * min(size, stock) * items[item]
    return total


@pytest.mark.parametrize("seed", range(4))
def test_losses_under_shared_stock_are_those_of_what_is_sold(seed):
    rng = np.random.default_rng(seed)
    lists, items = with_losses(rng, 3, 4)
    stock = pd.DataFrame({"item_id": items["item_id"], "units": 1})
    plan = plan_slates(lists, k=3, items=items, objective="margin", stock=stock)
    margin = dict(zip(items["item_id"], items["unit_margin"], strict=True))
    units = dict.fromkeys(items["item_id"], 1)
    assert np.isclose(plan.value, earned(plan.slates, margin, units))
    assert np.isclose(plan.value, plan.margin)
    best = max(earned(pd.concat(slates), margin, units) for slates in all_slates(lists, 3))
    assert plan.value <= best + 1e-9 <= plan.bound + 2e-9


def test_overstock_that_sells_at_a_loss_is_cleared():
    lists = pd.DataFrame({"customer_id": ["ann", "bob"], "item_id": "tea", "chance": 0.5})
    items = pd.DataFrame({"item_id": ["tea"], "unit_margin": [-1.0]})
    stock = pd.DataFrame({"item_id": ["tea"], "units": [1], "overstock": [1]})
    plan = plan_slates(lists, k=1, items=items, objective="margin", stock=stock, clearing=3.0)
    assert plan.value == pytest.approx(0.75 * (3.0 - 1.0)) == pytest.approx(plan.bound)


def test_a_bound_does_not_fill_slots_with_losses():
    lists = pd.DataFrame({"customer_id": "ann", "item_id": ["tea", "jam", "ham"], "chance": 0.5})
    items = pd.DataFrame(
        {"item_id": ["tea", "jam", "ham"], "brand": list("ABB"), "unit_margin": [2.0, 3.0, -1.0]}
    )
    rules = [AtMostPer("brand", 1), AtLeast(where={"brand": "A"})]
    plan = plan_slates(lists, k=3, items=items, rules=rules, objective="margin")
    assert plan.value == 2.5 == plan.bound


def test_rules_that_can_be_kept_are_kept_under_shared_stock():
    lists = pd.DataFrame(
        {
            "customer_id": "ann",
            "item_id": ["i2", "i3", "i4", "i1", "i0"],
            "chance": [0.06, 0.5, 0.72, 0.53, 0.21],
        }
    )
    items = pd.DataFrame(
        {"item_id": [f"i{i}" for i in range(5)], "brand": list("ABBBA"), "category": list("XYYXY")}
    )
    rules = [AtMostPer("brand", 1), AtLeastDifferent("category", 2)]
    stock = pd.DataFrame({"item_id": items["item_id"], "units": 1})
    plan = plan_slates(lists, k=3, items=items, rules=rules, stock=stock)
    assert plan.shortfalls["rule"].tolist() == ["full slates"]
    categories = items.set_index("item_id")["category"]
    assert categories[plan.slates["item_id"]].nunique() == 2
