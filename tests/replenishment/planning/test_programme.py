"""Order plans under rules over many lines, against every small plan."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from newretail_ml.errors import DataError, InfeasibleError
from newretail_ml.replenishment.planning.programme import (
    Limit,
    LineValues,
    SupplierMinimum,
    Trucks,
    solve,
)
from newretail_ml.replenishment.planning.programme.arrays import arrays, columns
from newretail_ml.replenishment.planning.programme.decisions import consistent, decided
from newretail_ml.replenishment.planning.programme.relaxation import relax
from newretail_ml.replenishment.planning.programme.rules import broken

seeds = st.integers(0, 2**32 - 1)


def random_case(seed, lines=4, packs=4):
    draw = np.random.default_rng(seed)
    marginal = draw.normal(1, 3, (lines, packs))
    if draw.random() < 0.8:
        marginal = -np.sort(-marginal, axis=1)
    most = draw.integers(0, packs + 1, lines)
    fewest = np.where(draw.random(lines) < 0.2, draw.integers(0, 3, lines), 0)

    def use(share):
        return np.where(draw.random(lines) < share, draw.integers(1, 60, lines) / 10, 0.0)

    values = LineValues(
        value=np.c_[np.zeros(lines), marginal.cumsum(axis=1)],
        fewest=np.minimum(fewest, most) if draw.random() < 0.8 else fewest,
        most=most,
        minimum=np.where(draw.random(lines) < 0.4, draw.integers(0, 4, lines), 0),
        order_cost=np.where(draw.random(lines) < 0.5, draw.uniform(0, 3, lines), 0.0),
    )
    limits = [
        Limit(f"limit {n}", use(0.8), draw.integers(0, 300) / 10, float(draw.choice([0, 2])))
        for n in range(draw.integers(0, 3))
    ]
    minimums = [
        SupplierMinimum(f"minimum {n}", use(0.5), draw.integers(0, 150) / 10)
        for n in range(draw.integers(0, 3))
    ]
    trucks = [
        Trucks(
            "trucks",
            use(0.6),
            capacity=draw.integers(20, 100) / 10,
            cost=draw.uniform(0, 2),
            smallest_fill=float(draw.choice([0, 0.5, 0.9, 1])),
        )
    ]
    return values, limits, minimums, trucks[: draw.integers(0, 2)]


def profit(packs, values, limits, minimums, trucks):
    """Of a plan; minus infinity if it breaks a rule."""
    ordered = packs > 0
    kept = (packs >= values.fewest).all() and (packs <= values.most).all()
    kept &= (packs >= values.minimum)[ordered].all()
    for one in limits:
        kept &= one.use @ packs + one.used_already <= one.at_most + 1e-9
    for one in minimums:
        kept &= not ordered[one.use > 0].any() or one.use @ packs >= one.at_least - 1e-9
    earned = values.value[np.arange(len(packs)), packs].sum() - values.order_cost[ordered].sum()
    for one in trucks:
        load, count = one.use @ packs, 0
        while count * one.capacity < load - 1e-9:
            count += 1
        kept &= load >= count * one.capacity * one.smallest_fill - 1e-9
        earned -= count * one.cost
    return earned if kept else -np.inf


def best_profit(values, *rules):
    plans = product(*(range(most + 1) for most in values.most))
    return max(profit(np.array(plan), values, *rules) for plan in plans)


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_every_small_plan(seed):
    case = random_case(seed)
    best = best_profit(*case)
    if best == -np.inf:
        with pytest.raises(InfeasibleError):
            solve(*case)
        return
    found = solve(*case, gap=1e-6)
    assert found.value == pytest.approx(best, rel=1e-5, abs=1e-5)
    assert found.value == pytest.approx(profit(found.packs, *case))
    assert found.bound >= best - 1e-9
    assert found.gap <= 2e-6
    assert min(found.shadow_prices.values(), default=0) >= 0
    assert min(found.minimum_costs.values(), default=0) >= 0
    assert found.ordered == {one.name: bool(found.packs[one.use > 0].any()) for one in case[2]}


def chain(lines=400, suppliers=12, seed=0):
    """Concave values of demand between 0 and 20 packs, and rules of every kind."""
    draw = np.random.default_rng(seed)
    margin, loss = draw.uniform(1, 4, lines), draw.uniform(0.1, 1, lines)
    demand, packs = draw.poisson(draw.gamma(2, 3, lines)[:, None], (lines, 40)), np.arange(21)
    sold = np.minimum(demand[:, :, None], packs).mean(axis=1)
    values = LineValues(
        value=margin[:, None] * sold - loss[:, None] * (packs - sold),
        fewest=(draw.random(lines) < 0.05).astype(int),
        most=np.full(lines, 20),
        minimum=np.where(draw.random(lines) < 0.2, 3, 0),
        order_cost=np.where(draw.random(lines) < 0.5, 0.7, 0.0),
    )
    money, size = draw.uniform(2, 9, lines), draw.uniform(0.1, 1, lines)
    best, owner = values.gain().argmax(axis=1), draw.integers(0, suppliers, lines)
    used = [np.where(owner == one, money, 0.0) for one in range(suppliers)]
    limits = [
        Limit("budget", money, 0.8 * money @ best),
        Limit("volume", size, 0.8 * size @ best),
    ]
    minimums = [
        SupplierMinimum(f"supplier {n}", one, draw.uniform(0.3, 0.9) * one @ best)
        for n, one in enumerate(used)
    ]
    loads = [np.where(owner == one, size, 0.0) for one in range(2)]
    trucks = [Trucks(f"trucks {n}", one, one @ best / 3.3, 5.0, 0.5) for n, one in enumerate(loads)]
    return values, limits, minimums, trucks


def test_a_chain():
    case = chain()
    found, again = solve(*case, gap=0.005), solve(*case, gap=0.005)
    assert found.gap <= 0.005
    assert broken(found.packs, *case) == []
    assert found.value == pytest.approx(profit(found.packs, *case))
    assert (found.packs == again.packs).all()
    assert found.bound == again.bound
    assert found.shadow_prices["budget"] + found.shadow_prices["volume"] > 0


def test_relaxation_with_few_columns_is_that_with_all():
    programme = arrays(*chain(150, 6, seed=3))
    part = columns(programme, np.ones(programme.gain.shape, bool))
    shares = len(part.line)
    bounds = np.column_stack(
        [
            np.r_[np.zeros(shares), programme.whole_least],
            np.r_[np.ones(shares), programme.whole_most],
        ]
    )
    every = linprog(
        np.r_[-part.gain, programme.whole_cost],
        A_ub=part.at_most,
        b_ub=part.room,
        A_eq=part.exactly,
        b_eq=np.ones(part.exactly.shape[0]),
        bounds=bounds,
    )
    found = relax(programme)
    assert found.value == pytest.approx(-every.fun, rel=1e-6)
    assert found.bound == pytest.approx(-every.fun, rel=1e-6)


def test_more_lines_than_are_searched_exactly():
    case = chain(1_200, 20, seed=1)
    found = solve(*case)
    assert broken(found.packs, *case) == []
    assert profit(found.packs, *case) == pytest.approx(found.value)
    assert found.gap <= 0.005


def dear_chain():
    """Minimums that not all suppliers can reach, and a truck rule for each supplier."""
    values, (budget, _), minimums, _ = chain(600, 8, seed=4)
    best = values.gain().argmax(axis=1)
    minimums = [replace(one, at_least=1.1 * one.use @ best) for one in minimums]
    trucks = [
        Trucks(f"trucks {n}", one.use, one.use @ best / 4.3, 20.0, 0.9)
        for n, one in enumerate(minimums)
    ]
    values = replace(values, fewest=np.zeros(len(best)))
    return values, [budget], minimums, trucks


def test_minimums_and_trucks_of_the_same_suppliers():
    case = dear_chain()
    found = solve(*case, gap=0.1, time_limit=30.0)
    assert broken(found.packs, *case) == []
    assert found.value == pytest.approx(profit(found.packs, *case))
    assert found.value >= 0.8 * found.bound


def test_decisions_are_whole_and_consistent():
    programme = arrays(*dear_chain())
    relaxed = relax(programme)
    found = decided(programme, relaxed, -np.inf, 0.0, np.inf)
    whole = np.round(found.whole)
    assert found.whole == pytest.approx(whole, abs=1e-6)
    assert whole.tolist() == consistent(programme, whole).tolist()
    assert found.value <= relaxed.bound
    closed = np.r_[np.zeros(8), np.full(8, 2.0)]
    assert consistent(programme, closed).tolist() == [0.0] * 16


def test_shadow_price_is_the_worth_of_a_little_more():
    case = chain(300, seed=2)
    values, (budget, *_), *_ = case
    found = solve(values, [budget], gap=1e-5)
    step = 0.02 * budget.at_most
    more = solve(values, [replace(budget, at_most=budget.at_most + step)], gap=1e-5)
    assert (more.value - found.value) / step == pytest.approx(
        found.shadow_prices["budget"], rel=0.1
    )


def two_lines(**changes):
    lines = LineValues(
        value=np.array([[0.0, 5.0, 8.0, 9.0], [0.0, 4.0, 7.0, 6.0]]),
        fewest=[0, 0],
        most=[3, 3],
        minimum=[0, 0],
        order_cost=[0.0, 0.0],
    )
    return replace(lines, **changes)


def test_without_rules_each_line_has_its_best():
    found = solve(two_lines(), [Limit("budget", np.array([1.0, 1.0]), 5.0)])
    assert found.packs.tolist() == [3, 2]
    assert (found.value, found.bound, found.gap) == (16.0, 16.0, 0.0)
    assert found.shadow_prices == {"budget": 0.0}


def test_minimum_reached_beyond_the_best():
    supplier = SupplierMinimum("supplier", np.array([0.0, 1.0]), 3.0)
    found = solve(two_lines(), [], [supplier])
    assert found.packs.tolist() == [3, 3]
    assert found.ordered == {"supplier": True}
    assert found.minimum_costs["supplier"] == pytest.approx(1.0)


def test_minimum_not_worth_reaching():
    supplier = SupplierMinimum("supplier", np.array([0.0, 1.0]), 4.0)
    found = solve(two_lines(), [], [supplier])
    assert found.packs.tolist() == [3, 0]
    assert found.ordered == {"supplier": False}
    assert found.minimum_costs["supplier"] == pytest.approx(7.0)


def test_a_second_truck_that_does_not_pay():
    trucks = Trucks("trucks", np.ones(2), capacity=3.0, cost=8.5)
    found = solve(two_lines(), [], [], [trucks])
    assert found.trucks == {"trucks": 1}
    assert found.value == 12.0 - 8.5


def test_a_sum_of_decimals_that_just_fits():
    found = solve(two_lines(), [Limit("budget", np.array([0.1, 0.1]), 0.3)])
    assert found.packs.sum() == 3


@pytest.mark.parametrize("scale", [1e-6, 1e7])
def test_any_currency_and_any_unit(scale):
    values, limits, minimums, trucks = chain(40, 3)
    found = solve(values, limits, minimums, trucks, gap=0.002)
    other = solve(
        replace(values, value=values.value * scale, order_cost=values.order_cost * scale),
        [replace(one, use=one.use / scale, at_most=one.at_most / scale) for one in limits],
        minimums,
        [replace(one, cost=one.cost * scale) for one in trucks],
        gap=0.002,
    )
    assert other.value == pytest.approx(found.value * scale, rel=0.004)


def test_no_lines():
    lines = LineValues(np.zeros((0, 1)), [], [], [], [])
    found = solve(lines, [Limit("budget", np.array([]), 5.0)])
    assert (found.value, found.gap, len(found.packs)) == (0.0, 0.0, 0)


@pytest.mark.parametrize(
    ("changes", "rules", "message"),
    [
        ({"value": np.zeros(3)}, [], "a row for each line"),
        ({"value": np.full((2, 4), np.nan)}, [], "not finite"),
        ({"value": np.ones((2, 4))}, [], "not 0 for no packs"),
        ({"most": [3, 4]}, [], "missing for packs"),
        ({"fewest": [0.5, 0]}, [], "fewest must be whole"),
        ({"order_cost": [-1.0, 0]}, [], "order_cost must be finite"),
        ({}, [Limit("budget", np.ones(3), 1.0)], "budget has uses of 3 lines"),
        ({}, [Limit("budget", np.ones(2), 1.0)] * 2, "two rules have the same name"),
    ],
)
def test_bad_input(changes, rules, message):
    with pytest.raises(DataError, match=message):
        solve(two_lines(**changes), rules)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda: Limit("budget", np.array([-1.0]), 1.0), "use of budget"),
        (lambda: Limit("budget", np.ones(1), float("nan")), "at_most of budget"),
        (lambda: SupplierMinimum("supplier", np.ones(1), -1.0), "at_least of supplier"),
        (lambda: Trucks("trucks", np.ones(1), 0.0), "capacity of trucks"),
        (lambda: Trucks("trucks", np.ones(1), 1.0, smallest_fill=1.1), "smallest_fill of trucks"),
    ],
)
def test_bad_rules(rule, message):
    with pytest.raises(DataError, match=message):
        rule()
