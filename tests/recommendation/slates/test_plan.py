"""Plans: what they say, what they refuse, and what cannot change them."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError, InfeasibleError
from newretail_ml.recommendation.slates import (
    AgeRestriction,
    AtLeast,
    AtLeastDifferent,
    AtMostPer,
    Exclude,
    LeastMargin,
    Mix,
    Placement,
    plan_slates,
)
from tests.recommendation.slates.twins import made


@pytest.fixture(scope="module")
def chain():
    return made(np.random.default_rng(11), 40, 6)


STOCK = pd.DataFrame({"item_id": ["i0", "i1", "i2"], "units": [2, 1, 4]})


def by_customer(slates):
    return (
        slates.sort_values(["customer_id", "rank"])[["customer_id", "item_id", "rank"]]
        .to_numpy()
        .tolist()
    )


@pytest.mark.parametrize("stock", [None, STOCK], ids=["alone", "shared"])
def test_the_order_of_rows_changes_no_slate(chain, stock):
    lists, items = chain
    rules = [AtMostPer("brand", 1)]
    one = plan_slates(lists, k=3, items=items, stock=stock, rules=rules)
    shuffled = lists.sample(frac=1.0, random_state=3)
    other = plan_slates(shuffled, k=3, items=items[::-1], stock=stock, rules=rules)
    assert by_customer(one.slates) == by_customer(other.slates)
    assert (
        one.slates["customer_id"].drop_duplicates().tolist()
        == lists["customer_id"].drop_duplicates().tolist()
    )


@pytest.mark.parametrize("stock", [None, STOCK], ids=["alone", "shared"])
def test_other_ids_give_the_same_slates(chain, stock):
    lists, items = chain
    rng = np.random.default_rng(12)
    customer = {f"c{i}": f"k{j}" for i, j in enumerate(rng.permutation(40))}
    item = {f"i{i}": f"p{j}" for i, j in enumerate(rng.permutation(8))}

    def renamed(frame):
        return frame.assign(
            **{
                name: frame[name].map(ids)
                for name, ids in (("customer_id", customer), ("item_id", item))
                if name in frame
            }
        )

    one = plan_slates(lists, k=3, items=items, stock=stock)
    other_stock = None if stock is None else renamed(stock)
    other = plan_slates(renamed(lists), k=3, items=renamed(items), stock=other_stock)
    assert by_customer(renamed(one.slates)) == by_customer(other.slates)


def test_each_rule_says_what_it_costs(chain):
    lists, items = chain
    rules = [AtMostPer("brand", 1), LeastMargin(1.5), AtLeastDifferent("category", 2)]
    plan = plan_slates(lists, k=3, items=items, rules=rules)
    costs = plan.explain().set_index("rule")
    for rule in rules:
        others = [one for one in rules if one is not rule]
        without = plan_slates(lists, k=3, items=items, rules=others)
        assert np.isclose(costs.loc[rule.title, "purchases"], without.purchases - plan.purchases)
        assert np.isclose(costs.loc[rule.title, "margin"], without.margin - plan.margin)
    assert (costs["cost"] >= -1e-9).all()
    assert costs["cost"].is_monotonic_decreasing


def test_margin_and_purchases_pull_apart(chain):
    lists, items = chain
    purchases = plan_slates(lists, k=2, items=items)
    margin = plan_slates(lists, k=2, items=items, objective="margin")
    assert purchases.purchases > margin.purchases
    assert margin.margin > purchases.margin
    told = margin.slates.merge(items, on="item_id")
    assert np.allclose(told["expected_margin"], told["chance"] * told["unit_margin"])


def test_ages_that_are_not_known_are_too_young():
    lists = pd.DataFrame(
        {
            "customer_id": np.repeat(["kid", "old", "who"], 2),
            "item_id": ["wine", "tea"] * 3,
            "score": [2.0, 1.0] * 3,
        }
    )
    items = pd.DataFrame({"item_id": ["wine", "tea"], "minimum_age": [18, np.nan]})
    customers = pd.DataFrame({"customer_id": ["kid", "old", "who"], "age": [17, 18, np.nan]})
    plan = plan_slates(
        lists, k=1, items=items, customers=customers, rules=AgeRestriction(), objective="score"
    )
    assert plan.slates["item_id"].tolist() == ["tea", "wine", "tea"]
    assert plan.slates["why"].tolist() == ["minimum_age kept", "", "minimum_age kept"]


def test_a_contract_that_cannot_be_kept_names_what_stands_against_it(chain):
    lists, items = chain
    rules = [Placement(where={"brand": "A"}, share=0.9), Exclude(where={"brand": "A"})]
    with pytest.raises(InfeasibleError, match="no brand A") as raised:
        plan_slates(lists, k=3, items=items, rules=rules)
    assert raised.value.conflicts["rule"].tolist() == ["brand A in 90% of slates", "no brand A"]


def test_shortfalls_are_counted(chain):
    lists, items = chain
    plan = plan_slates(lists, k=6, items=items, rules=[AtLeast(5, where={"category": "x"})])
    told = plan.slates.merge(items, on="item_id")
    of_x = told.assign(x=told["category"] == "x").groupby("customer_id")["x"].sum()
    row = plan.shortfalls.iloc[0]
    assert (row["slates"], row["missing"]) == ((of_x < 5).sum(), (5 - of_x).clip(lower=0).sum())


def test_a_contract_of_another_channel_does_not_count(chain):
    lists, items = chain
    rule = Placement(where={"item_id": "i1"}, share=1.0, channel="email")
    assert len(plan_slates(lists, k=2, items=items, rules=rule, channel="app").slates) == 80
    with pytest.raises(InfeasibleError):
        plan_slates(lists, k=2, items=items, rules=rule, channel="email")
    with pytest.raises(DataError, match="channel"):
        plan_slates(lists, k=2, items=items, rules=rule)


GOOD = pd.DataFrame({"customer_id": ["a"], "item_id": ["x"], "score": [1.0], "chance": [0.5]})


@pytest.mark.parametrize(
    ("lists", "options", "said"),
    [
        (GOOD.iloc[:0], {}, "no rows"),
        ("lists", {}, "not lists"),
        (GOOD.drop(columns="item_id"), {}, "item_id"),
        (GOOD.drop(columns="chance"), {}, "scores are not chances"),
        (GOOD.assign(chance=np.nan), {}, "chances from 0 to 1"),
        (GOOD.assign(chance=1.5), {}, "chances from 0 to 1"),
        (GOOD.assign(score=np.inf), {}, "not finite"),
        (GOOD.assign(customer_id=None), {}, "missing"),
        (pd.concat([GOOD, GOOD]), {}, "share customer_id and item_id"),
        (GOOD, {"k": 0}, "k is 0"),
        (GOOD, {"objective": "profit"}, "objective"),
        (GOOD, {"objective": "margin"}, "unit_margin"),
        (GOOD, {"attention": [1.0, 0.5]}, "attention"),
        (GOOD, {"stock": pd.DataFrame({"item_id": ["x"], "units": [-1]})}, "at least zero"),
        (GOOD, {"stock": pd.DataFrame({"item_id": ["x", "x"], "units": 1})}, "share item_id"),
        (
            GOOD,
            {"stock": pd.DataFrame({"item_id": ["x"], "location_id": "s", "units": 1})},
            "location",
        ),
        (GOOD, {"objective": "score", "clearing": 1.0}, "scores are not chances"),
        (GOOD, {"rules": [AtMostPer("brand", 1)]}, "column that there is not"),
        (GOOD, {"rules": [AtMostPer("item_id", 1), AtMostPer("item_id", 1)]}, "two rules"),
        (GOOD, {"rules": [AtLeast(3, where={"item_id": "x"})], "k": 2}, "needs 3 slots of 2"),
        (GOOD, {"rules": [AgeRestriction()]}, "column that there is not"),
        (GOOD, {"rules": ["no tea"]}, "not a rule"),
        (GOOD, {"items": pd.DataFrame({"item_id": ["x", "x"]})}, "share item_id"),
    ],
)
def test_what_cannot_be_used_is_named(lists, options, said):
    with pytest.raises(DataError, match=said):
        plan_slates(lists, **({"k": 1} | options))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: AtMostPer("brand", 0),
        lambda: Mix({"new": 1}),
        lambda: Exclude(),
        lambda: Placement(share=0.5),
        lambda: Placement(where={"brand": "A"}, share=1.5),
        lambda: LeastMargin(np.nan),
    ],
)
def test_rules_refuse_what_they_cannot_mean(wrong):
    with pytest.raises(DataError):
        wrong()


def test_one_customer_one_item():
    plan = plan_slates(GOOD, k=5)
    assert plan.slates["item_id"].tolist() == ["x"]
    assert "0.5 purchases" in repr(plan)


def test_plans_can_be_pickled(chain):
    lists, items = chain
    plan = plan_slates(lists, k=3, items=items, rules=[AtMostPer("brand", 1)], progress=False)
    other = pickle.loads(pickle.dumps(plan))
    pd.testing.assert_frame_equal(other.slates, plan.slates)
    pd.testing.assert_frame_equal(other.explain(), plan.explain())


def test_lists_of_which_nothing_may_be_shown_have_empty_slates(chain):
    lists, items = chain
    rules = [AtMostPer("brand", 1), AtLeast(where={"category": "x"})]
    nothing = pd.DataFrame({"item_id": items["item_id"], "units": 0})
    plan = plan_slates(lists, k=2, items=items, rules=rules, stock=nothing)
    assert plan.slates.empty and plan.value == 0.0


@pytest.mark.parametrize("order", [1, -1])
def test_contracts_are_kept_by_any_member_that_fits(order):
    lists = pd.DataFrame(
        {
            "customer_id": "ann",
            "item_id": ["p", "f", "b1", "b2", "b3", "b4"],
            "chance": [0.9, 0.85, 0.7, 0.6, 0.5, 0.1],
        }
    )
    items = lists[["item_id"]].assign(brand=list("PFBBBB"), category=list("zvzzzw"))
    contracts = [Placement(where={"brand": "P"}), Placement(where={"brand": "B"})]
    rules = [AtMostPer("category", 1), *contracts[::order]]
    plan = plan_slates(lists, k=2, items=items, rules=rules)
    assert plan.slates["item_id"].tolist() == ["p", "b4"]


def test_more_slots_than_candidates_are_left_empty(chain):
    lists, items = chain
    rules = [AtMostPer("brand", 2), Placement(where={"brand": "A"}, share=0.1)]
    few, many = (plan_slates(lists, k=k, items=items, rules=rules) for k in (20, 10**9))
    pd.testing.assert_frame_equal(few.slates, many.slates)
    full = many.shortfalls.query("rule == 'full slates'")["missing"].item()
    assert full == 40 * 10**9 - len(many.slates)


def test_rules_name_what_some_item_has_be_it_in_a_list_or_not():
    lists = pd.DataFrame({"customer_id": "ann", "item_id": [7, 8], "chance": [0.5, 0.4]})
    items = pd.DataFrame({"item_id": [7, 8, 9], "category": ["tea", "tea", "tobacco"]})

    def shown(**where):
        plan = plan_slates(lists, k=2, items=items, rules=[Exclude(where=where)])
        return plan.slates["item_id"].tolist()

    assert shown(category="tobacco") == shown(item_id=9) == shown(item_id=[]) == ["7", "8"]
    assert shown(item_id=7) == shown(item_id=["7", "9"]) == ["8"]
    for where, said in (
        ({"category": "tabacco"}, "names 'tabacco', which no item has. Did you mean 'tobacco'"),
        ({"category": ["tea", "wood"]}, "names 'wood', which no item has. Correct the rule"),
        ({"item_id": 70}, "names '70', which no item has"),
    ):
        with pytest.raises(DataError, match=re.escape(said)):
            shown(**where)


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"items": ["i1"]}, "items: a list is not a table"),
        ({"customers": "c1"}, "customers: a str is not a table"),
        ({"rules": None}, "NoneType is not a rule"),
        ({"rules": 3}, "int is not a rule"),
        ({"rules": [Exclude(where=["brand"])]}, "which items a rule is about"),
        ({"rules": [LeastMargin(1.0)], "items": {"unit_margin": "x"}}, "unit_margin.*not numbers"),
        ({"rules": [AgeRestriction()], "items": {"minimum_age": "adult"}}, "minimum_age"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_arguments_of_another_type_are_refused(chain, asked, match):
    lists, items = chain
    people = lists[["customer_id"]].drop_duplicates().assign(age=40)
    if isinstance(asked.get("items"), dict):
        asked = {**asked, "items": items.assign(**asked["items"])}
    with pytest.raises(DataError, match=match):
        plan_slates(lists, **{"k": 2, "items": items, "customers": people, **asked})
