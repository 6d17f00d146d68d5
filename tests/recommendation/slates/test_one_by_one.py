"""Slates of single customers against every slate there is."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from newretail_ml.recommendation.slates import (
    AtLeast,
    AtLeastDifferent,
    AtMostPer,
    Exclude,
    Mix,
    Placement,
    plan_slates,
)
from tests.recommendation.slates.twins import best_of, made, orders, sets_of

RULES = {
    "none": [],
    "brand": [AtMostPer("brand", 1)],
    "different": [AtLeastDifferent("category", 3)],
    "same groups": [AtMostPer("category", 1), AtLeastDifferent("category", 2)],
    "overlap": [AtMostPer("brand", 2), AtMostPer("category", 1)],
    "at least": [AtLeast(2, where={"category": "x"}), AtMostPer("brand", 2)],
    "mix": [Mix({"repeat": 2, "discovery": 1})],
    "many": [
        Mix({"repeat": 1, "discovery": 1}),
        AtMostPer("brand", 2),
        AtLeastDifferent("category", 2),
    ],
}


def counted(rule, rows):
    """What a rule that wants something counts in a slate, or in all candidates."""
    if isinstance(rule, AtLeastDifferent):
        return [(rule.count, rows[rule.by].nunique())]
    if isinstance(rule, AtLeast):
        return [(rule.count, (rows["category"] == "x").sum())]
    if isinstance(rule, Mix):
        return [(count, (rows["slot"] == kind).sum()) for kind, count in rule.slots.items()]
    return []


def keeps(rules, rows, everything):
    """Whether a slate keeps rules as far as there are candidates, written down once more."""
    for rule in rules:
        if isinstance(rule, AtMostPer) and (rows[rule.by].value_counts() > rule.count).any():
            return False
        pairs = zip(counted(rule, rows), counted(rule, everything), strict=True)
        if any(has < min(count, there) for (count, has), (_, there) in pairs):
            return False
    return True


@pytest.mark.parametrize("attention", [None, [1.0, 0.6, 0.3]], ids=["even", "falling"])
@pytest.mark.parametrize("name", RULES)
def test_slates_are_the_best_of_all(name, attention):
    rng = np.random.default_rng(3)
    lists, items = made(rng, 14, 6)
    rules = RULES[name]
    plan = plan_slates(lists, k=3, items=items, rules=rules, attention=attention)
    weights = np.ones(3) if attention is None else np.array(attention)
    told = lists.merge(items, on="item_id")
    total, compared = 0.0, 0
    for customer, rows in told.groupby("customer_id"):
        mine = plan.slates[plan.slates["customer_id"] == customer]
        chance = rows["chance"].to_numpy()
        best = best_of(rows, 3, chance, weights, partial(keeps, rules, everything=rows))
        if best is None:
            continue
        compared += 1
        assert np.isclose(mine["chance"].sum(), best)
        assert keeps(rules, mine.merge(items, on="item_id"), rows)
        total += best
    assert compared >= 5
    assert plan.bound >= plan.value - 1e-9
    if compared == 14:
        assert np.isclose(plan.value, total)
        assert plan.gap < 1e-9


def best_placed(rows, k, attention, last):
    """Best worth of a slate that shows brand A by a rank; -inf if none does."""
    best = -np.inf
    for some in sets_of(rows, k):
        slate = rows.iloc[list(some)]
        for order in orders(slate):
            placed = slate.iloc[list(order)]
            if (placed["brand"].to_numpy()[:last] == "A").any():
                best = max(best, placed["chance"].to_numpy() @ attention[: len(placed)])
    return best


@pytest.mark.parametrize("last", [1, None])
@pytest.mark.parametrize("attention", [None, [1.0, 0.5, 0.4]], ids=["even", "falling"])
def test_a_contract_is_kept_where_it_costs_least(attention, last):
    rng = np.random.default_rng(5)
    lists, items = made(rng, 12, 5)
    rule = Placement(where={"brand": "A"}, share=0.5, at_rank=last)
    plan = plan_slates(lists, k=3, items=items, rules=rule, attention=attention)
    weights = np.ones(3) if attention is None else np.array(attention)
    free, loss = 0.0, []
    for _, rows in lists.merge(items, on="item_id").groupby("customer_id"):
        best = best_of(rows, 3, rows["chance"].to_numpy(), weights, lambda some: True)
        free += best
        loss.append(best - best_placed(rows, 3, weights, last or 3))
    expected = free - np.sort(loss)[:6].sum()
    assert np.isclose(plan.value, expected)
    assert plan.bound >= expected - 1e-9
    shown = plan.slates[plan.slates["rank"] <= (last or 3)].merge(items, on="item_id")
    assert shown[shown["brand"] == "A"]["customer_id"].nunique() >= 6


def test_two_contracts_for_the_first_rank_get_different_customers():
    rng = np.random.default_rng(6)
    lists, items = made(rng, 10, 8)
    rules = [
        Placement(where={"item_id": "i1"}, share=0.5, at_rank=1),
        Placement(where={"item_id": "i2"}, share=0.5, at_rank=1),
    ]
    plan = plan_slates(lists, k=3, items=items, rules=rules)
    first = plan.slates[plan.slates["rank"] == 1]["item_id"]
    assert (first == "i1").sum() == (first == "i2").sum() == 5
    assert plan.bound >= plan.value - 1e-9


def test_every_slate_is_as_long_as_the_rules_allow():
    lists = pd.DataFrame(
        {"customer_id": "a", "item_id": list("pqrs"), "score": [4.0, 3.0, 2.0, 1.0]}
    )
    items = pd.DataFrame({"item_id": list("pqrs"), "brand": list("AAAB")})
    rules = [AtMostPer("brand", 1), Exclude(where={"item_id": "p"})]
    plan = plan_slates(lists, k=3, items=items, rules=rules, objective="score")
    assert plan.slates["item_id"].tolist() == ["q", "s"]
    assert plan.shortfalls.to_numpy().tolist() == [["full slates", 1, 1]]
    assert plan.slates["why"].tolist() == ["", "no p"]
