"""Quick response: the exact answer against simulation and brute force, the paths against both."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma, nbinom, poisson

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel.periods import Periods
from newretail_ml.replenishment.demand import NegativeBinomialDemand
from newretail_ml.replenishment.newsvendor import newsvendor_profit
from newretail_ml.replenishment.quick_response import (
    QuickResponse,
    QuickResponseCosts,
    exact_quick_response,
    quick_response,
    quick_response_by_item,
)

COSTS = QuickResponseCosts(price=10, first_cost=4, second_cost=5, salvage=1)
DEMAND = NegativeBinomialDemand(40, 20)


def drawn(demand, shares, count, seed):
    """(count, parts) units in parts of seasons of gamma-Poisson demand."""
    random = np.random.default_rng(seed)
    shape = demand.mean**2 / (demand.sd**2 - demand.mean)
    level = random.gamma(shape, demand.mean / shape, size=count)
    return random.poisson(level[:, None] * np.array(shares)).astype(float)


def simulated(plan: QuickResponse, costs, seasons):
    """Profit of each season, played through one by one: the slow twin."""
    profits = []
    for read, wait, rest in seasons:
        stock = plan.first_order
        sold = min(stock, read)
        again = float(plan.second_order(sold))
        stock -= sold
        while_waiting = min(stock, wait)
        stock += again - while_waiting
        later = min(stock, rest)
        stock -= later
        total = sold + while_waiting + later
        profits.append(
            costs.price * total
            + costs.salvage * stock
            - costs.first_cost * plan.first_order
            - costs.second_cost * again
            - costs.goodwill * (read + wait + rest - total)
        )
    return np.array(profits)


@pytest.mark.parametrize(
    ("shares", "costs"),
    [
        ((0.25, 0.0, 0.75), COSTS),
        ((0.2, 0.15, 0.65), COSTS),
        ((0.3, 0.1, 0.6), QuickResponseCosts(10, 6, 5, 2, goodwill=3, capacity=15)),
    ],
)
def test_the_exact_profit_is_what_simulation_earns(shares, costs):
    plan = exact_quick_response(DEMAND, costs, read_share=shares[0], wait_share=shares[1])
    profits = simulated(plan, costs, drawn(DEMAND, shares, 20_000, seed=1))
    error = profits.std() / np.sqrt(len(profits))
    assert abs(profits.mean() - plan.expected_profit) < 4 * error


def test_the_exact_plan_is_the_best_of_all_by_brute_force():
    """All first and second orders tried; chances integrated numerically over the level."""
    demand, costs = NegativeBinomialDemand(3, 2.2), QuickResponseCosts(8, 3, 4, 0.5)
    shape = 9 / (2.2**2 - 3)
    quantiles = (np.arange(4000) + 0.5) / 4000
    levels = gamma.ppf(quantiles, shape, scale=3 / shape)
    units = np.arange(31)
    early, late = (poisson.pmf(units, share * levels[:, None]) for share in (0.4, 0.6))
    joint = early.T @ late / len(levels)

    def best_second(first, sold):
        rows = joint[first:].sum(axis=0) if sold == first else joint[sold]
        stock = first - sold
        return max(
            sum(
                chance * (8 * min(want, stock + q) + 0.5 * max(stock + q - want, 0) - 4 * q)
                for want, chance in enumerate(rows)
            )
            for q in range(25)
        ) + 8 * sold * float(rows.sum())

    profits = [
        sum(best_second(first, sold) for sold in range(first + 1)) - 3 * first for first in range(9)
    ]
    plan = exact_quick_response(demand, costs, read_share=0.4)
    assert plan.first_order == np.argmax(profits)
    assert plan.expected_profit == pytest.approx(max(profits), abs=2e-3)


def test_second_orders_are_newsvendors_of_the_posterior():
    plan = exact_quick_response(DEMAND, COSTS, read_share=0.25)
    shape = DEMAND.mean**2 / (DEMAND.sd**2 - DEMAND.mean)
    rate = shape / DEMAND.mean
    for sold in (0, 5, 17):
        enough = nbinom.ppf(5 / 9, shape + sold, (rate + 0.25) / (rate + 1))
        assert plan.second_order(sold) == max(enough - (plan.first_order - sold), 0)


def test_without_a_second_order_it_is_the_newsvendor():
    for costs in (
        QuickResponseCosts(10, 4, 5, 1, capacity=0),
        QuickResponseCosts(10, 4, 10, 1),
        QuickResponseCosts(10, 4, 12, 1),
    ):
        plan = exact_quick_response(DEMAND, costs, read_share=0.25)
        alone = newsvendor_profit(DEMAND, 10, 4, 1)
        assert plan.first_order == plan.one_shot_order == alone.stock
        assert plan.expected_profit == pytest.approx(alone.expected_profit, abs=1e-6)
        assert plan.one_shot_profit == pytest.approx(alone.expected_profit)
        assert plan.clairvoyant_profit == pytest.approx(alone.clairvoyant_profit)
        assert not plan.second_orders.any()


def test_a_cheaper_second_order_leaves_only_the_read_to_the_first():
    costs = QuickResponseCosts(10, 6, 3, 0)
    plan = exact_quick_response(DEMAND, costs, read_share=0.25)
    assert plan.first_order <= NegativeBinomialDemand(10, np.sqrt(10 + 360 / 16)).quantile(0.9)
    late = plan.clairvoyant_profit - (10 - 6) * DEMAND.mean
    assert late == pytest.approx(3 * 0.75 * DEMAND.mean)
    capped = QuickResponseCosts(10, 6, 3, 0, capacity=20)
    smaller = exact_quick_response(DEMAND, capped, read_share=0.25)
    assert smaller.first_order >= plan.first_order
    assert smaller.clairvoyant_profit < plan.clairvoyant_profit


def test_selling_out_is_read_as_at_least():
    """The order after selling out serves levels above what the same sales uncensored would."""
    plan = exact_quick_response(DEMAND, COSTS, read_share=0.5)
    sold = int(plan.first_order)
    shape = DEMAND.mean**2 / (DEMAND.sd**2 - DEMAND.mean)
    rate = shape / DEMAND.mean
    exactly = nbinom.ppf(5 / 9, shape + sold, (rate + 0.5) / (rate + 1))
    assert plan.second_order(sold) > exactly


@settings(max_examples=20, deadline=None)
@given(
    mean=st.floats(1, 25),
    spread=st.floats(1.2, 6),
    read=st.floats(0.05, 0.6),
    wait=st.floats(0, 0.3),
    dearer=st.floats(-2, 7),
    capacity=st.integers(0, 30),
)
def test_profit_lies_between_one_order_and_perfect_information(
    mean, spread, read, wait, dearer, capacity
):
    demand = NegativeBinomialDemand(mean, np.sqrt(mean * spread))
    shares = {"read_share": read, "wait_share": wait}
    free = exact_quick_response(demand, QuickResponseCosts(10, 4, 4 + dearer), **shares)
    costs = QuickResponseCosts(10, 4, 4 + dearer, capacity=capacity)
    limited = exact_quick_response(demand, costs, **shares)
    assert -1e-6 < limited.value <= free.value + 1e-6
    assert free.expected_profit <= free.clairvoyant_profit + 1e-6
    assert limited.expected_profit <= limited.clairvoyant_profit + 1e-6
    assert (limited.second_orders <= capacity).all()
    assert (np.diff(free.sold) == 1).all() and free.sold[-1] == free.first_order


@pytest.mark.parametrize(
    ("demand", "shares"),
    [
        (DEMAND, (0.25, 0.0, 0.75)),
        (DEMAND, (0.2, 0.15, 0.65)),
        (NegativeBinomialDemand(10, 6), (0.3, 0.2, 0.5)),
    ],
)
def test_paths_come_close_to_the_exact_plan(demand, shares):
    """With 500 paths the heuristic's plan earns at least 99% of the exact plan's profit."""
    exact = exact_quick_response(demand, COSTS, read_share=shares[0], wait_share=shares[1])
    paths = drawn(demand, shares, 500, seed=3)
    lead_time = int(shares[1] > 0)
    plan = quick_response(
        paths if lead_time else paths[:, [0, 2]], COSTS, read=1, lead_time=lead_time
    )
    seasons = drawn(demand, shares, 10_000, seed=4)
    lost = simulated(exact, COSTS, seasons) - simulated(plan, COSTS, seasons)
    assert lost.mean() < 0.01 * exact.expected_profit
    assert abs(plan.value - exact.value) < 4 * plan.standard_error
    assert plan.clairvoyant_profit == pytest.approx(exact.clairvoyant_profit, rel=0.1)


def test_the_value_from_paths_is_not_flattered():
    """On 40 sets of 200 paths, the value told is on average what the plans then earn."""
    shares = (0.25, 0.0, 0.75)
    seasons = drawn(DEMAND, shares, 3000, seed=5)
    told, earned = [], []
    for seed in range(40):
        plan = quick_response(drawn(DEMAND, shares, 200, seed)[:, [0, 2]], COSTS, read=1)
        told.append(plan.value)
        one_shot = np.minimum(plan.one_shot_order, seasons.sum(axis=1))
        alone = 9 * one_shot - 3 * plan.one_shot_order
        earned.append((simulated(plan, COSTS, seasons[:500]) - alone[:500]).mean())
    assert np.mean(told) == pytest.approx(np.mean(earned), abs=4 * np.std(told) / np.sqrt(40) + 1)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    read=st.floats(0.02, 0.6),
    dearer=st.floats(0.1, 5.5),
    told=st.sampled_from(["level", "nothing", "the opposite"]),
)
def test_more_sold_never_means_a_smaller_second_order(seed, read, dearer, told):
    """Neither on the way up nor at the end, where a read sells out that hardly any path does."""
    shares = (read, 0.1, 0.9 - read)
    paths = drawn(NegativeBinomialDemand(30, 20), shares, 80, seed)
    if told == "the opposite":
        paths[:, 0] = paths[:, 0].max() - paths[:, 0]
    if told == "nothing":
        paths = np.random.default_rng(seed).permuted(paths, axis=0)
    plan = quick_response(paths, QuickResponseCosts(10, 4, 4 + dearer, 1), read=1, lead_time=1)
    orders = plan.second_order(np.arange(plan.first_order + 1))
    assert (np.diff(orders) >= 0).all()


def test_a_read_that_no_path_sold_out():
    """The read is short, so the first order outlasts it on every path: the line is followed."""
    shares = (0.1, 0.9)
    exact = exact_quick_response(DEMAND, COSTS, read_share=0.1)
    assert (np.diff(exact.second_orders) >= 0).all()
    for seed in range(3):
        paths = drawn(DEMAND, shares, 500, seed)
        plan = quick_response(paths, COSTS, read=1)
        assert paths[:, 0].max() < plan.first_order / 2
        assert plan.second_orders[-1] >= plan.second_order(plan.first_order - 1)
        sold = np.round(np.array([0.5, 0.75, 0.95]) * plan.first_order)
        assert plan.second_order(sold) == pytest.approx(exact.second_order(sold), rel=0.1)


def test_a_read_that_tells_nothing_is_worth_little():
    """Independent periods: only the stock position is learnt, nothing about the rest."""
    random = np.random.default_rng(0)
    told = random.poisson(random.gamma(4, 2.5, size=(800, 1)), size=(800, 4))
    blind = random.permuted(told, axis=0)
    assert quick_response(blind, COSTS, read=1).value < quick_response(told, COSTS, read=1).value


def test_certain_demand_is_met_by_the_two_orders():
    paths = np.tile([4.0, 2.0, 6.0], (30, 1))
    plan = quick_response(paths, COSTS, read=1, lead_time=1)
    assert plan.first_order == 12 and plan.value == 0 and plan.standard_error == 0
    later = QuickResponseCosts(10, 4, 3, 1)
    plan = quick_response(paths, later, read=1, lead_time=1)
    assert plan.first_order == 6 and plan.second_order(4) == 6
    assert plan.expected_profit == plan.clairvoyant_profit == 12 * 10 - 6 * 4 - 6 * 3


def test_no_demand_means_no_order():
    plan = quick_response(np.zeros((20, 3)), COSTS, read=1)
    assert plan.first_order == plan.second_order(0) == plan.expected_profit == 0


def test_what_was_sold_must_be_possible():
    plan = exact_quick_response(DEMAND, COSTS, read_share=0.25)
    with pytest.raises(DataError, match="between 0 and the first order"):
        plan.second_order(plan.first_order + 1)


def a_forecast():
    parts = [drawn(NegativeBinomialDemand(mean, mean / 2), [0.25] * 4, 100, 1) for mean in (20, 60)]
    weeks = Periods.spanning("2026-01-05", "2026-02-01", "W")
    keys = pd.DataFrame({"item_id": ["coat", "hat"]})
    return Forecast(keys, weeks, np.array(parts, dtype=np.float32))


def test_by_item_is_each_item_by_itself():
    forecast = a_forecast()
    costs = pd.DataFrame(
        {
            "item_id": ["hat", "coat"],
            "unit_price": [10, 50],
            "unit_cost": [4, 30],
            "second_unit_cost": [5, 33],
            "second_capacity": [np.nan, 3],
        }
    )
    table = quick_response_by_item(forecast, costs, read=1, lead_time=1).set_index("item_id")
    hat = quick_response(forecast.paths[1], QuickResponseCosts(10, 4, 5), read=1, lead_time=1)
    assert table.loc["hat", "first_order"] == hat.first_order
    assert table.loc["hat", "value"] == hat.value
    assert table.loc["coat", "second_order_if_sold_out"] <= 3
    same = quick_response_by_item(forecast, QuickResponseCosts(10, 4, 5), read=1, lead_time=1)
    assert same.loc[1, "expected_profit"] == hat.expected_profit


GOOD = {"item_id": ["hat", "coat"], "unit_price": 10, "unit_cost": 4, "second_unit_cost": 5}


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        (pd.DataFrame(GOOD).drop(columns="second_unit_cost"), "second_unit_cost: the column"),
        (pd.DataFrame(GOOD).iloc[:1], "1 series have no costs .row coat"),
        (pd.concat([pd.DataFrame(GOOD)] * 2), "4 rows share item_id"),
    ],
)
def test_wrong_tables_of_costs(costs, message):
    with pytest.raises(DataError, match=message):
        quick_response_by_item(a_forecast(), costs, read=1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"price": -1}, "price"),
        ({"first_cost": 11}, "first_cost"),
        ({"salvage": 4}, "not less than they cost"),
        ({"second_cost": 0.5}, "not less than they cost"),
        ({"capacity": -1}, "capacity"),
        ({"capacity": np.nan}, "capacity"),
        ({"goodwill": np.inf}, "goodwill"),
    ],
)
def test_wrong_costs(changed, message):
    with pytest.raises(DataError, match=message):
        QuickResponseCosts(
            **{"price": 10, "first_cost": 4, "second_cost": 5, "salvage": 1, **changed}
        )


@pytest.mark.parametrize(
    ("paths", "read", "lead_time", "message"),
    [
        (np.ones((30, 4)), 3, 1, "nothing is left of a season of 4"),
        (np.ones((30, 4)), 0, 1, "read"),
        (np.ones((5, 4)), 1, 1, "at least 20 paths"),
        (np.ones((2, 30, 4)), 1, 1, "quick_response_by_item"),
        (np.full((30, 4), np.nan), 1, 1, "30 paths hold demand"),
        (-np.ones((30, 4)), 1, 1, "30 paths hold demand"),
    ],
)
def test_wrong_paths(paths, read, lead_time, message):
    with pytest.raises(DataError, match=message):
        quick_response(paths, COSTS, read=read, lead_time=lead_time)


def test_wrong_seasons():
    with pytest.raises(DataError, match="read_share"):
        exact_quick_response(DEMAND, COSTS, read_share=0.0)
    with pytest.raises(DataError, match="wait_share"):
        exact_quick_response(DEMAND, COSTS, read_share=0.6, wait_share=0.4)
    with pytest.raises(DataError, match="too large to look at one by one"):
        exact_quick_response(NegativeBinomialDemand(1e5, 4e4), COSTS, read_share=0.5)


def test_all_splits_of_small_seasons_keep_units():
    """The profit counts every unit once: sold, left, or never ordered."""
    for demand, first, second in product(range(4), repeat=3):
        left = max(first + second - demand, 0)
        sold = first + second - left
        expected = 10 * sold + left - 4 * first - 5 * second
        assert COSTS.profit(demand, first, second, left) == expected
