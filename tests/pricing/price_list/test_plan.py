"""What a price list tells: gains with intervals, what is kept and why, doubts, conflicts."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError, InfeasibleError, NotFittedError
from newretail_ml.pricing.choice import MultinomialLogit
from newretail_ml.pricing.price_list import (
    AveragePrice,
    ChangeCost,
    CompetitorIndex,
    Keep,
    MarginFloor,
    MaxChange,
    MostChanges,
    PriceBounds,
    PriceLink,
    RevenueHeld,
    SamePrice,
    SizeLinks,
    plan_prices,
)
from newretail_ml.pricing.price_list.rules.links import _neighbours
from newretail_ml.pricing.response import ConstantElasticity, Evidence, Linear, SemiLog

POINTS = [1.8, 1.9, 2.0, 2.1, 2.2]


def uncertain(seed=0, n=6, spread=0.6):
    rng = np.random.default_rng(seed)
    own = -rng.uniform(1.5, 3.5, n)
    draws = own + spread * rng.standard_normal((40, n))
    return ConstantElasticity(rng.uniform(20, 90, n), np.full(n, 2.0), own, draws=draws)


def test_gains_and_intervals_are_those_of_the_draws():
    response = uncertain()
    plan = plan_prices(response, 1.2, points=POINTS, n_draws=40)
    prices = plan.prices["price"].to_numpy()
    gains = np.array(
        [
            (prices - 1.2) * one.units(prices) - 0.8 * one.units(response.prices)
            for one in response.sample(40)
        ]
    )
    lower, upper = np.quantile(gains, [0.05, 0.95], axis=0)
    assert plan.prices["profit_gain_lower"].to_numpy() == pytest.approx(lower)
    assert plan.prices["profit_gain_upper"].to_numpy() == pytest.approx(upper)
    total = plan.totals.set_index("measure").loc["profit"]
    ends = np.quantile(gains.sum(axis=1), [0.05, 0.95])
    assert total[["lower", "upper"]].to_numpy(float) == pytest.approx(ends)
    expected = ((prices - 1.2) * response.units(prices)).sum()
    assert total["new"] == pytest.approx(expected)
    assert plan.profit == pytest.approx(expected)
    assert plan.profit - plan.current_profit == pytest.approx(total["gain"])


def test_mean_over_draws_chooses_by_the_mean_of_each_point():
    response = uncertain()
    plan = plan_prices(response, 1.2, points=POINTS, n_draws=40, uncertainty="mean")
    lists = np.repeat(np.array(POINTS)[:, None], 6, axis=1)
    mean = np.mean([(lists - 1.2) * one.units(lists) for one in response.sample(40)], axis=0)
    best = np.array(POINTS)[mean.argmax(axis=0)]
    assert plan.prices["price"].tolist() == best.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_caution_counts_the_worst_draws_and_never_expects_a_loss_in_them(seed):
    response = uncertain(seed)
    options = {"points": POINTS, "n_draws": 40}
    plan = plan_prices(response, 1.2, uncertainty="cautious", worst=0.1, **options)
    lists = np.repeat(np.array(POINTS)[:, None], 6, axis=1)
    gains = np.array(
        [
            (lists - 1.2) * one.units(lists) - 0.8 * one.units(response.prices)
            for one in response.sample(40)
        ]
    )
    worst = np.sort(gains, axis=0)[:4].mean(axis=0)
    assert plan.prices["price"].tolist() == np.array(POINTS)[worst.argmax(axis=0)].tolist()
    bold = plan_prices(response, 1.2, **options)
    assert bold.profit >= plan.profit
    chosen = worst[[POINTS.index(price) for price in plan.prices["price"]], np.arange(6)]
    assert (chosen >= -1e-9).all()


def test_caution_with_products_that_touch_looks_at_the_whole_list():
    draws = np.array([[-0.6], [-1.4]]) * np.ones((2, 2))
    response = MultinomialLogit([2.0, 1.5], -1.0, [2.0, 2.0], market_size=100, draws=draws)
    plan = plan_prices(response, 1.2, points=POINTS, uncertainty="cautious", worst=0.5, n_draws=2)
    lists = np.array([[a, b] for a in POINTS for b in POINTS])
    gains = [
        one.profit(lists, np.full(2, 1.2)) - one.profit(response.prices, np.full(2, 1.2))
        for one in response.sample(2)
    ]
    best = lists[np.min(gains, axis=0).argmax()]
    assert plan.prices["price"].tolist() == best.tolist()
    assert plan.gap == 0.0
    assert plan.how == "every list tried"


def test_prices_are_kept_where_the_response_is_not_identified():
    evidence = Evidence(
        np.array([True, False]),
        np.array(["", "the price never varied"], dtype=object),
        np.array([1.9, np.nan]),
        np.array([2.0, np.nan]),
    )
    response = ConstantElasticity([50.0, 50.0], [2.0, 2.03], [-2.0, -2.0], evidence=evidence)
    plan = plan_prices(response, 1.2, points=POINTS)
    assert plan.prices["price"].tolist() == [2.2, 2.03]
    assert plan.prices["identified"].tolist() == [True, False]
    assert plan.prices["beyond_data"].tolist() == [True, False]
    assert "the price never varied" in plan.prices["why"][1]
    assert "never seen" in plan.prices["why"][0]
    assert any("never seen" in note for note in plan.notes)
    moved = plan_prices(response, 1.2, points=POINTS, keep_unidentified=False)
    assert moved.prices["price"].tolist() == [2.2, 2.2]


def test_a_gain_that_may_be_a_loss_is_said_to_be_fragile():
    steep = ConstantElasticity([50.0], [2.0], [-2.2], draws=np.array([[-0.5], [-4.0]]))
    plan = plan_prices(steep, 1.2, points=POINTS, n_draws=2)
    assert plan.fragile
    assert any("may fall" in note for note in plan.notes)
    sure = ConstantElasticity([50.0], [2.0], [-2.5])
    assert not plan_prices(sure, 1.2, points=POINTS).fragile


def test_prices_that_only_bounds_hold_are_noted():
    response = ConstantElasticity([50.0] * 5, [2.0] * 5, [-1.05] * 5)
    plan = plan_prices(response, 1.2, [MaxChange(0.05)], points=POINTS)
    assert any("lowest or highest point" in note for note in plan.notes)
    assert (plan.prices["binding_rule"] == "change at most 5%").all()


def test_the_cost_of_a_rule_is_what_the_best_list_without_it_gains():
    response = uncertain()
    rules = [MaxChange(0.05), AveragePrice(1.0), MostChanges(3)]
    plan = plan_prices(response, 1.2, rules, points=POINTS)
    costs = plan.explain().set_index("rule")["cost"]
    assert set(costs.index) == {rule.title for rule in rules} | {"never below cost"}
    for rule in rules:
        others = [one for one in rules if one is not rule]
        freed = plan_prices(response, 1.2, others, points=plan._task.board.points)
        assert costs[rule.title] == pytest.approx(freed.profit - plan.profit, abs=1e-6)
        prices = plan.without(rule.title)["price_without"].to_numpy()
        assert response.profit(prices, 1.2) == pytest.approx(freed.profit)


def test_the_waterfall_ends_at_the_list():
    response = uncertain()
    plan = plan_prices(response, 1.2, [MaxChange(0.05), AveragePrice(1.0)], points=POINTS)
    steps = plan.waterfall()
    assert steps["step"].tolist()[:2] == ["current prices", "no rules"]
    assert steps["profit"].iloc[0] == pytest.approx(plan.current_profit)
    assert steps["profit"].iloc[-1] == pytest.approx(plan.profit)
    assert (steps["difference"].iloc[2:] <= 1e-9).all()
    assert steps["difference"].sum() == pytest.approx(plan.profit - plan.current_profit)


def test_equally_good_prices_stay():
    flat = ConstantElasticity([50.0], [2.0], [-1.0])
    plan = plan_prices(flat, 0.0, points=POINTS, objective="revenue")
    assert plan.prices["price"].tolist() == [2.0]


def test_same_list_whatever_the_order_of_the_costs():
    response = uncertain()
    costs = response.keys.assign(unit_cost=np.linspace(1.0, 1.5, 6))
    rules = [AveragePrice(1.0), MaxChange(0.1)]
    one = plan_prices(response, costs, rules)
    other = plan_prices(response, costs.iloc[::-1], rules)
    pd.testing.assert_frame_equal(one.prices, other.prices)


def sold_below_cost():
    return ConstantElasticity([50.0, 50.0], [2.0, 2.0], [-2.0, -3.0]), [1.2, 2.5]


def test_an_item_below_cost_is_an_error_unless_it_is_allowed():
    response, costs = sold_below_cost()
    with pytest.raises(InfeasibleError, match="'never below cost' leaves no price point for 2"):
        plan_prices(response, costs, points=POINTS)
    plan = plan_prices(response, costs, points=POINTS, below_cost=True)
    assert "sold below cost" in plan.prices["why"][1]
    assert plan.prices["price"].tolist() == [2.2, 2.2]


def test_conflicts_are_all_smallest_sets():
    response = uncertain(n=3)
    rules = [
        MaxChange(0.05, name="change"),
        PriceBounds(2.15, name="floor", where={"item_id": "1"}),
        PriceLink("1", "2", at_most=0.85, name="link"),
        MarginFloor(0.1, name="margin"),
    ]
    with pytest.raises(InfeasibleError) as caught:
        plan_prices(response, 1.2, rules, points=POINTS)
    table = caught.value.conflicts
    sets = table.groupby("conflict")["rule"].agg(frozenset)
    assert set(sets) == {
        frozenset({"change", "floor"}),
        frozenset({"change", "link"}),
        frozenset({"floor", "link"}),
    }
    assert table.loc[table["rule"] == "floor", "products"].tolist()[0] == "1"


def test_packs_of_one_size_are_not_linked_to_one_another():
    frame = pd.DataFrame(
        {"item_id": ["big", "cherry", "lemon"], "price": [3.5, 2.0, 2.2], "size": [2.0, 1.0, 1.0]}
    ).assign(family="soda")
    links = set()
    for order in ([0, 1, 2], [1, 2, 0], [2, 1, 0]):
        products = frame.iloc[order].reset_index(drop=True)
        pairs = _neighbours(products.assign(size_=products["size"]), ["family"], np.ones(3, bool))
        names = products["item_id"].to_numpy()[pairs]
        links.add(frozenset(map(tuple, names)))
    assert links == {frozenset({("cherry", "big"), ("lemon", "big")})}


def test_many_rules_still_name_a_smallest_set():
    response = uncertain(n=20)
    rules = [
        PriceBounds(1.9, name=f"floor {item}", where={"item_id": str(item)})
        for item in range(1, 21)
    ]
    rules += [AveragePrice(0.9, name="average")]
    with pytest.raises(InfeasibleError) as caught:
        plan_prices(response, 1.2, rules, points=POINTS)
    # Ten prices at 1.8 and ten at 1.9 have a mean above 0.9 of 2: one floor is enough.
    names = set(caught.value.conflicts["rule"])
    assert "there may be more" in str(caught.value)
    assert len(names) == 2
    assert "average" in names


def test_revenue_that_cannot_be_held():
    response = ConstantElasticity([50.0, 50.0], [2.0, 2.0], [-3.0, -3.0])
    rules = [RevenueHeld(1.1), MaxChange(0.02)]
    with pytest.raises(InfeasibleError) as caught:
        plan_prices(response, 1.2, rules, points=POINTS)
    assert set(caught.value.conflicts["rule"]) == {rule.title for rule in rules}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"costs": [1.0, np.nan]}, "at least zero"),
        ({"costs": [1.0, -1.0]}, "at least zero"),
        ({"costs": [1.0, np.inf]}, "at least zero"),
        ({"costs": [1.0, 1.0, 1.0]}, "shape"),
        ({"costs": "much"}, "not numbers"),
        ({"costs": pd.DataFrame({"item_id": ["1"], "unit_cost": [1.0]})}, "have no row"),
        ({"costs": pd.DataFrame({"item_id": ["1", "2"]})}, "missing"),
        ({"costs": pd.DataFrame({"unit_cost": [1.0, 1.0]})}, "none of the response's keys"),
        ({"points": [[2.0], []]}, "no price point"),
        ({"points": [2.0, -1.0]}, "above zero"),
        ({"points": [[2.0]]}, "1 lists of price points for 2 products"),
        ({"points": ["dear"]}, "not numbers"),
        ({"points": pd.DataFrame({"item_id": ["1"], "price": [2.0]})}, "no price point"),
        ({"rules": [PriceLink("1", "9", at_most=1.0)]}, "item_id 9"),
        ({"rules": [MaxChange(0.1, where={"item_id": ["1", "7"]})]}, "item_id 7"),
        ({"rules": [MaxChange(0.1, where={"brand": "own"})]}, "column that there is not"),
        ({"rules": [CompetitorIndex(1.0)]}, "competitor_price"),
        ({"rules": [CompetitorIndex(1.0, prices={"1": 0.0})]}, "above zero"),
        ({"rules": [CompetitorIndex(1.0, prices={"8": 2.0})]}, "item_id 8"),
        ({"rules": [SamePrice("location_id")]}, "does not have"),
        ({"rules": [SizeLinks()]}, "pack_size"),
        ({"rules": [MaxChange(0.1), MaxChange(0.1)]}, "two rules are called"),
        ({"rules": ["cheap"]}, "not a rule"),
        ({"objective": "market share"}, "not known"),
        ({"objective": 1.5}, "objective"),
        ({"uncertainty": "hope"}, "not known"),
        ({"worst": 0.0}, "worst"),
        ({"n_draws": 0}, "n_draws"),
        ({"response": [1.0, 2.0]}, "not a demand response"),
    ],
)
def test_bad_input_is_named(change, words):
    given = {
        "response": ConstantElasticity([50.0, 50.0], [2.0, 2.0], [-2.0, -3.0]),
        "costs": [1.0, 1.0],
        "points": POINTS,
    }
    with pytest.raises(DataError, match=words):
        plan_prices(**(given | change))


@pytest.mark.parametrize(
    "make",
    [
        lambda: MarginFloor(),
        lambda: MarginFloor(1.5),
        lambda: MaxChange(-0.1),
        lambda: MaxChange(float("nan")),
        lambda: CompetitorIndex(),
        lambda: CompetitorIndex(0.0),
        lambda: PriceBounds(),
        lambda: PriceLink("a", "b"),
        lambda: AveragePrice(None),
        lambda: MostChanges(1.5),
        lambda: ChangeCost(-1.0),
        lambda: RevenueHeld(-1.0),
        lambda: SamePrice(within=-1.0),
    ],
)
def test_rules_that_ask_for_nonsense_are_refused(make):
    with pytest.raises(DataError):
        make()


def test_a_model_that_was_not_fitted_says_so():
    from newretail_ml.pricing.demand.base import PriceModel

    class Nothing(PriceModel):
        def _fit(self, panel):
            pass

        def _predict(self, panel, periods):
            return np.empty(0)

    with pytest.raises(NotFittedError):
        plan_prices(Nothing(), 1.0)


def test_kept_products_keep_their_price_though_no_point_has_it():
    response = SemiLog([50.0, 50.0], [2.03, 2.0], [-1.0, -1.0])
    plan = plan_prices(response, 1.2, [Keep(where={"item_id": "1"})], points=POINTS)
    assert plan.prices["price"][0] == 2.03


def test_linear_demand_that_ends_is_never_below_zero():
    slopes = np.array([[-60.0, 30.0], [20.0, -50.0]])
    response = Linear([20.0, 30.0], [2.0, 2.0], slopes)
    points = np.round(np.arange(1.4, 3.01, 0.2), 1)
    plan = plan_prices(response, 0.5, points=points)
    lists = np.array([[a, b] for a in points for b in points])
    values = ((lists - 0.5) * response.units(lists)).sum(axis=1)
    assert plan.profit == pytest.approx(values.max(), rel=1e-6)


def test_what_sells_nothing_keeps_its_price_and_says_so():
    response = ConstantElasticity([10.0, 0.0], [2.0, 3.0], [-2.5, -2.5])
    plan = plan_prices(response, 1.0, [MaxChange(0.15)])
    assert plan.prices["price"][1] == 3.0
    assert plan.prices["price"][0] != 2.0
    assert "nothing is expected to sell" in plan.prices["why"][1]


def test_few_lists_are_all_tried_for_a_cautious_objective():
    draws = -np.random.default_rng(5).uniform(0.2, 1.4, 20)
    response = MultinomialLogit(
        [1.1, 1.0, 0.0, -1.0], -0.8, [2.6, 4.1, 2.6, 3.1], market_size=100, draws=draws
    )
    points = np.round(response.prices[:, None] * [0.9, 0.95, 1, 1.05, 1.1], 3)
    cost, rules = np.array([1.56, 2.46, 1.56, 1.86]), [AveragePrice(1.0), MostChanges(3)]
    plan = plan_prices(
        response, cost, rules, points=points, uncertainty="cautious", n_draws=20, progress=False
    )
    assert plan.gap == 0.0
    sampled = response.sample(20)
    now = np.array([one.profit(response.prices, cost) for one in sampled])
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*points, indexing="ij")], axis=1)
    mean = (grid / response.prices).mean(axis=1) <= 1 + 1e-9
    few = (np.abs(grid - response.prices) > 1e-9).sum(axis=1) <= 3
    kept = grid[mean & few]
    gains = np.array([one.profit(kept, cost) for one in sampled]) - now[:, None]
    worst = np.sort(gains, axis=0)[:2].mean(axis=0)
    assert plan.value == pytest.approx(now.mean() + worst.max())
