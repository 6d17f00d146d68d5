"""The bound of perfect foresight: against linear programmes, and against every policy."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from newretail_ml.replenishment.replay import base_stock_policy, replay
from tests.replenishment.replay.cases import cases


def least_cost(case, series, backorders):
    """Of one series that keeps, by a linear programme over orders, sales, stock and waiting."""
    row, demand = case.terms.iloc[series], case.demand[series]
    periods = len(demand)
    reviews = range(row.first_review, periods - row.lead_time, row.review_period)
    n = len(reviews)
    counted = np.arange(periods) >= case.warm_up
    arrives = np.array(reviews, dtype=int) + row.lead_time
    cost = np.concatenate(
        [
            row.transport_cost * (arrives >= case.warm_up),
            np.zeros(periods) if backorders else -row.shortage_cost * counted,
            row.holding_cost * counted,
            row.shortage_cost * counted if backorders else np.zeros(periods),
        ]
    )
    eye, step = np.eye(periods), np.eye(periods) - np.eye(periods, k=-1)
    delivers = -1.0 * (np.arange(periods)[:, None] == arrives)
    flow = np.hstack([delivers, eye, step, np.zeros((periods, periods))])
    start = np.zeros(periods)
    start[0] += row.on_hand
    due = case.due[series][:periods]
    start[: len(due)] += due
    queue = np.hstack([np.zeros((periods, n)), eye, np.zeros((periods, periods)), step])
    matrix = np.vstack([flow, queue]) if backorders else flow
    right = np.concatenate([start, demand]) if backorders else start
    most = [None] * periods if backorders else demand
    bounds = [(0, None)] * n + [(0, units) for units in most] + [(0, None)] * (2 * periods)
    best = linprog(cost, A_eq=matrix, b_eq=right, bounds=bounds)
    lost = 0.0 if backorders else row.shortage_cost * demand[counted].sum()
    return best.fun + lost + row.transport_cost * due[counted[: len(due)]].sum()


@given(cases(backorders=st.just(False), perishable=False, paths=False, packs=False))
@settings(max_examples=40, deadline=None)
def test_bound_is_exact_for_lost_sales_of_what_keeps(case):
    bound = case.play().clairvoyant.cost
    for series, found in enumerate(bound):
        expected = least_cost(case, series, backorders=False)
        if case.warm_up:
            assert found <= expected + 1e-6
        else:
            assert found == pytest.approx(expected, abs=1e-6)


@given(cases(backorders=st.just(True), paths=False, packs=False))
@settings(max_examples=40, deadline=None)
def test_bound_is_exact_for_backorders_without_late_open_orders(case):
    case.due = case.due[:, :1]
    case.terms["transport_cost"] = 0.0
    bound = case.play().clairvoyant.cost
    expected = [least_cost(case, series, backorders=True) for series in range(len(bound))]
    np.testing.assert_allclose(bound, expected, atol=1e-6)


def least_cost_perishable(case, series):
    """A transport problem of batches (stock, open orders, new orders) and demands."""
    row, demand = case.terms.iloc[series], case.demand[series]
    periods, life = len(demand), np.nan_to_num(row.get("shelf_life", np.nan), nan=np.inf)
    start = case.due[series].copy()
    start[0] += row.on_hand
    reviews = range(row.first_review, periods - row.lead_time, row.review_period)
    batches = [(came, units, False) for came, units in enumerate(start) if came < periods]
    batches += [(review + row.lead_time, 1e6, True) for review in reviews]
    cost, columns, sunk = [], [], row.transport_cost * case.due[series][:periods].sum()
    for number, (came, units, new) in enumerate(batches):
        ends = min(came + life - 1, periods)
        unused = row.holding_cost * (ends - came)
        unused += (row.unit_cost - row.salvage_value) * (ends < periods)
        sunk += 0.0 if new else units * unused
        for t in range(came, int(min(came + life, periods))):
            columns.append((number, t))
            held = row.holding_cost * (t - came)
            cost.append(held - row.shortage_cost + (row.transport_cost if new else -unused))
    matrix = np.zeros((len(batches) + periods, len(columns)))
    for place, (number, t) in enumerate(columns):
        matrix[number, place] = matrix[len(batches) + t, place] = 1
    limits = np.concatenate([[units for _, units, _ in batches], demand])
    best = linprog(cost, A_ub=matrix, b_ub=limits).fun if columns else 0.0
    return sunk + row.shortage_cost * demand.sum() + best


@given(cases(backorders=st.just(False), paths=False, packs=False))
@settings(max_examples=40, deadline=None)
def test_bound_lies_below_the_least_cost_of_what_perishes(case):
    bound = case.play(warm_up=0).clairvoyant.cost
    for series, found in enumerate(bound):
        assert found <= least_cost_perishable(case, series) + 1e-6


@given(cases(backorders=st.just(False), paths=False, packs=False))
@settings(max_examples=40, deadline=None)
def test_bound_is_exact_for_perishables_without_stock_at_the_start(case):
    case.due[:], case.terms["on_hand"] = 0.0, 0.0
    bound = case.play(warm_up=0).clairvoyant.cost
    expected = [least_cost_perishable(case, series) for series in range(len(bound))]
    np.testing.assert_allclose(bound, expected, atol=1e-6)


@given(cases(), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_no_policy_betters_the_bound(case, level):
    for policy in (None, base_stock_policy(level)):
        outcome = case.play(policy)
        bound = outcome.clairvoyant
        assert (outcome.cost >= bound.cost - 1e-6).all()
        assert (outcome.profit <= bound.profit + 1e-6).all()


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_policy_that_knows_demand_matches_the_clairvoyant(seed):
    """Review in every period and no order cost: after the lead time there is nothing to pay."""
    rng = np.random.default_rng(seed)
    demand, lead_time = rng.poisson(3, (4, 30)).astype(float), rng.integers(0, 4, 4)
    terms = pd.DataFrame({"item_id": range(4), "on_hand": 0, "lead_time": lead_time})
    terms = terms.assign(review_period=1, holding_cost=1.0, shortage_cost=5.0)

    def knows(now):
        at = now.period + lead_time
        return np.where(at < 30, demand[np.arange(4), np.minimum(at, 29)], 0.0)

    outcome = replay(knows, demand, terms, baseline=base_stock_policy(3), progress=False)
    before = demand * (np.arange(30) < lead_time[:, None])
    np.testing.assert_allclose(outcome.cost, 5.0 * before.sum(axis=1))
    np.testing.assert_allclose(outcome.clairvoyant.cost, outcome.cost)
    np.testing.assert_allclose(outcome.clairvoyant.met, demand.sum(axis=1) - before.sum(axis=1))
    assert outcome.compare().loc["policy", "gap_closed"] == pytest.approx(1.0)
