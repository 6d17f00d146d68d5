"""Substitution: units by hand, the joint optimum by brute force, and tables that are wrong."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from newretail_ml.errors import DataError
from newretail_ml.replenishment.newsvendor import newsvendor
from newretail_ml.replenishment.planning.substitution import (
    shortage_cost_with_substitutes,
    substitution_shares,
    with_substitution,
)


def joint_profit(demand, stock, margin, holding, shares):
    """Profit of all items together, customer by customer in expectation: the slow twin."""
    total = 0.0
    for path in demand.T:
        wanted = path.copy()
        for sender, receiver in np.ndindex(shares.shape):
            wanted[receiver] += shares[sender, receiver] * max(path[sender] - stock[sender], 0)
        for item, units in enumerate(wanted):
            sold = min(units, stock[item])
            total += margin[item] * sold - holding[item] * (stock[item] - sold)
    return total / demand.shape[1]


def plans(demand, margin, holding, shares, rounds):
    """The newsvendor's stock, and how it changes each time substitution is allowed for."""
    matrix = sparse.csr_array(shares)
    stock = newsvendor(demand, margin, holding)
    yield stock
    for _ in range(rounds):
        outcome = with_substitution(demand[:, :, None], stock, matrix)
        cost = shortage_cost_with_substitutes(margin, holding, outcome, matrix)
        stock = newsvendor(outcome.demand[:, :, 0], cost, holding)
        yield stock


def shares_of_joint_optimum(random, mean, margin, holding, shares, rounds):
    """Profit of each plan as a share of the best of all pairs of whole stocks up to 30."""
    level = random.gamma(3, 1 / 3, size=(2, 400))
    demand = random.poisson(level * np.array(mean)[:, None]).astype(float)
    margin, holding, shares = (np.array(a, float) for a in (margin, holding, shares))
    stock = np.arange(31)[:, None]
    unmet = np.maximum(demand[:, None] - stock, 0)  # (items, stock, paths)
    best = -np.inf
    for first in range(31):
        sold = (
            np.minimum(demand[0] + shares[1, 0] * unmet[1], first).mean(axis=1),
            np.minimum(demand[1] + shares[0, 1] * unmet[0, first], stock).mean(axis=1),
        )
        left = first - sold[0], stock[:, 0] - sold[1]
        best = max(best, max(margin @ np.array(sold) - holding @ np.array(left)))
    return [
        joint_profit(demand, plan, margin, holding, shares) / best
        for plan in plans(demand, margin, holding, shares, rounds)
    ]


@pytest.mark.parametrize(
    ("mean", "margin", "holding", "shares", "alone", "planned_twice"),
    [
        ((8, 8), (4, 4), (2, 2), [[0, 0.5], [0.5, 0]], 0.99, 0.995),
        ((6, 6), (4, 8), (2, 1), [[0, 0.6], [0, 0]], 0.85, 0.97),
        ((9, 9), (2, 2), (3, 3), [[0, 0.6], [0.6, 0]], 0.97, 0.985),
    ],
)
def test_planning_again_comes_close_to_the_joint_optimum(
    mean, margin, holding, shares, alone, planned_twice
):
    random = np.random.default_rng(1)
    reached = shares_of_joint_optimum(random, mean, margin, holding, shares, rounds=12)
    assert reached[0] >= alone
    assert reached[1] >= planned_twice
    assert reached[-1] >= max(reached[0], 0.99)


def test_every_plan_after_the_first_earns_more_on_average():
    random = np.random.default_rng(2)
    reached = np.array(
        [
            shares_of_joint_optimum(
                random,
                mean=random.uniform(3, 9, 2),
                margin=random.uniform(3, 8, 2),
                holding=random.uniform(0.5, 4, 2),
                shares=np.diag(random.uniform(0, 0.9, 2))[:, ::-1],
                rounds=2,
            )
            for _ in range(25)
        ]
    )
    assert (reached <= 1.01).all()  # effective demand is not whole, nor are the plans
    assert (np.diff(reached.mean(axis=0)) > 0).all()
    assert reached[:, 1].mean() > 0.98


def test_demand_goes_to_substitutes_by_hand():
    shares = sparse.csr_array(np.array([[0, 0.5, 0.25], [0, 0, 1.0], [0, 0, 0]]))
    paths = np.array([[[4, 4.0], [1, 1]], [[3, 3], [3, 3]], [[0, 0], [2, 2]]])
    after = with_substitution(paths, np.array([6, 4, 2]), shares)
    # First path: item 0 lacks 2 in the second period, item 1 lacks 2 of its own.
    assert after.demand[:, 0].tolist() == [[4, 4], [3, 4], [0, 2.5]]
    assert after.demand[:, 1].tolist() == [[1, 1], [3, 3], [2, 4]]
    assert after.short.tolist() == [[True, False], [True, True], [False, True]]
    assert after.short_after.tolist() == [[True, False], [True, True], [True, True]]
    assert after.left.tolist() == [[0, 4], [0, 0], [0, 0]]


def test_stock_by_path_and_deliveries_are_played_in_order():
    none = sparse.csr_array((1, 1))
    paths = np.array([[[5.0, 5.0], [5.0, 5.0]]])
    late = np.array([[0.0, 4.0]])
    after = with_substitution(paths, np.array([[3.0, 8.0]]), none, arrivals=late)
    assert after.left.tolist() == [[0.0, 2.0]]
    assert after.short.tolist() == [[True, False]]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_units_are_conserved(seed):
    random = np.random.default_rng(seed)
    raw = random.random((4, 4)) * (1 - np.eye(4))
    matrix = raw / raw.sum(axis=1, keepdims=True) * random.random((4, 1))
    paths = random.poisson(3, size=(4, 5, 3)).astype(np.float32)
    stock = random.integers(0, 15, size=4)
    after = with_substitution(paths, stock, sparse.csr_array(matrix))
    unmet = np.maximum(paths.sum(axis=2) - stock[:, None], 0)
    assert after.demand.dtype == np.float32
    assert (after.demand >= paths).all()
    sent = (after.demand - paths).sum(axis=2)
    assert np.allclose(sent, matrix.T @ unmet, atol=1e-4)
    left = np.maximum(stock[:, None] - after.demand.sum(axis=2), 0)
    assert np.allclose(after.left, left, atol=1e-4)
    cost = shortage_cost_with_substitutes(
        np.full(4, 3.0), np.ones(4), after, sparse.csr_array(matrix)
    )
    assert ((cost >= 0) & (cost <= 3)).all()


def test_without_substitutes_nothing_changes():
    paths = np.random.default_rng(0).poisson(4, size=(3, 20, 2)).astype(float)
    none = sparse.csr_array((3, 3))
    after = with_substitution(paths, np.array([5, 8, 0]), none)
    assert (after.demand == paths).all()
    costs = np.array([4.0, 5.0, 6.0])
    assert (shortage_cost_with_substitutes(costs, np.ones(3), after, none) == costs).all()


def test_a_substitute_without_stock_saves_nothing():
    shares = sparse.csr_array(np.array([[0.0, 0.8], [0.0, 0.0]]))
    paths = np.full((2, 10, 1), 5.0)
    costs = np.array([4.0, 4.0])
    empty = with_substitution(paths, np.array([2.0, 4.0]), shares)
    assert (shortage_cost_with_substitutes(costs, np.ones(2), empty, shares) == costs).all()
    full = with_substitution(paths, np.array([2.0, 9.0]), shares)
    cost = shortage_cost_with_substitutes(costs, np.ones(2), full, shares)
    assert cost.tolist() == pytest.approx([0.0, 4.0])


KEYS = pd.DataFrame(
    {"item_id": ["oat", "soy", "oat", "soy", "rice"], "location_id": ["A", "A", "B", "B", "B"]}
)


def pairs(**changed):
    table = {"item_id": ["oat", "oat"], "substitute_id": ["soy", "rice"], "share": [0.5, 0.3]}
    return pd.DataFrame({**table, **changed})


def test_substitutes_are_looked_for_in_the_same_place():
    assert substitution_shares(KEYS, pairs()).toarray().tolist() == [
        [0, 0.5, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0.5, 0.3],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    only = substitution_shares(KEYS, pairs(location_id=["A", "B"])).toarray()
    assert only[0].tolist() == [0, 0.5, 0, 0, 0] and only[2].tolist() == [0, 0, 0, 0, 0.3]
    everywhere = substitution_shares(pd.DataFrame({"item_id": ["soy", "rice", "oat"]}), pairs())
    assert everywhere.toarray()[2].tolist() == [0.5, 0.3, 0]
    assert substitution_shares(KEYS, pairs().iloc[:0]).nnz == 0


def test_ids_as_numbers_and_as_text_are_the_same():
    keys = pd.DataFrame({"item_id": ["1", "2"]})
    table = pd.DataFrame({"item_id": [1], "substitute_id": [2.0], "share": [0.4]})
    assert substitution_shares(keys, table).toarray().tolist() == [[0, 0.4], [0, 0]]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pairs().drop(columns="share"), "substitution.share: the column is missing"),
        (pairs(item_id=["oat", "tea"]), "item_id: 1 items have no series .row 1"),
        (pairs(substitute_id=["soy", "tea"]), "substitute_id: 1 items have no series"),
        (pairs(substitute_id=["soy", "oat"]), "replace themselves"),
        (pairs(share=[0.5, -0.1]), "1 shares are not between 0 and 1"),
        (pairs(share=[0.5, None]), "1 shares are not between 0 and 1"),
        (pairs(share=[1.5, 0.1]), "1 shares are not between 0 and 1"),
        (pairs(share=["half", 0.1]), "1 shares are not between 0 and 1"),
        (pairs(share=[0.8, 0.3]), "add up to more than 1"),
        (pairs(substitute_id=["soy", "soy"]), "repeat a pair"),
        (pairs(item_id=["oat", None]), "1 items have no series"),
    ],
)
def test_wrong_tables(table, message):
    with pytest.raises(DataError, match=message):
        substitution_shares(KEYS, table)


@pytest.mark.parametrize(
    ("paths", "stock", "arrivals", "message"),
    [
        (np.ones((2, 3)), np.ones(2), None, "have the shape"),
        (np.ones((3, 3, 2)), np.ones(3), None, "shares .2, 2."),
        (np.ones((2, 3, 2)), np.ones(3), None, "stock has the shape"),
        (np.ones((2, 3, 2)), np.ones(2), np.ones((2, 3)), "arrivals"),
        (np.full((2, 3, 2), np.nan), np.ones(2), None, "paths hold values"),
        (np.ones((2, 3, 2)), np.array([1, -1]), None, "stock hold values"),
        (np.ones((2, 3, 2)), np.array([1, np.inf]), None, "stock hold values"),
    ],
)
def test_wrong_arrays(paths, stock, arrivals, message):
    with pytest.raises(DataError, match=message):
        with_substitution(paths, stock, sparse.csr_array((2, 2)), arrivals=arrivals)
