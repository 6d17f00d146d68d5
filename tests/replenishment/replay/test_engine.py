"""The engine: against a slow twin, conservation of stock, the rules of ordering, bad policies."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.replay import base_stock_policy, replay
from tests.replenishment.replay.cases import cases, slow_twin

NAMES = ("sales", "short", "orders", "received", "on_hand", "waste")


@given(cases())
@settings(max_examples=80, deadline=None)
def test_engine_is_its_slow_twin(case):
    outcome = case.play()
    paths = [None] if case.demand.ndim == 2 else range(case.demand.shape[1])
    for series in range(len(case.terms)):
        for path in paths:
            place = series if path is None else (series, path)
            expected = slow_twin(case, series, path)
            for name, values in zip(NAMES, expected, strict=True):
                np.testing.assert_allclose(getattr(outcome, name)[place], values, err_msg=name)


@given(cases())
@settings(max_examples=30, deadline=None)
def test_stock_is_conserved_in_every_period(case):
    outcome = case.play()
    start = case.terms["on_hand"].to_numpy(float)
    start = np.broadcast_to(start.reshape(-1, *[1] * (case.demand.ndim - 1)), case.demand.shape)
    before = np.concatenate([start[..., :1], outcome.on_hand[..., :-1]], axis=-1)
    after = before + outcome.received - outcome.sales - outcome.waste
    np.testing.assert_allclose(outcome.on_hand, after, atol=1e-9)
    assert (outcome.on_hand >= 0).all()
    served = outcome.sales.cumsum(axis=-1) + outcome.short * (1 if case.backorders else 0)
    if case.backorders:
        np.testing.assert_allclose(served, case.demand.cumsum(axis=-1))
    else:
        np.testing.assert_allclose(outcome.sales + outcome.short, case.demand)


@given(cases())
@settings(max_examples=30, deadline=None)
def test_orders_keep_to_packs_and_reviews(case):
    orders = case.play().orders
    pack = case.terms["pack_size"].to_numpy().reshape(-1, *[1] * (orders.ndim - 1))
    assert (orders % pack == 0).all()
    since = np.arange(orders.shape[-1]) - case.terms["first_review"].to_numpy()[:, None]
    may = (since >= 0) & (since % case.terms["review_period"].to_numpy()[:, None] == 0)
    assert orders.reshape(len(may), -1, may.shape[1]).sum(axis=1)[~may].sum() == 0


@given(cases(backorders=st.just(False)))
@settings(max_examples=30, deadline=None)
def test_fifo_wastes_no_more_than_lifo_for_the_same_orders(case):
    fifo, lifo = case.play(issuing="fifo"), case.play(issuing="lifo")
    wasted = fifo.waste.cumsum(axis=-1) - lifo.waste.cumsum(axis=-1)
    assert wasted.max() <= 1e-9
    assert (fifo.sales.cumsum(axis=-1) >= lifo.sales.cumsum(axis=-1) - 1e-9).all()


def shared(n=3, **columns):
    terms = {"item_id": list("abc")[:n], "location_id": ["S1", "S1", "S2"][:n], "on_hand": 0}
    terms |= {"lead_time": 1, "review_period": 1, "holding_cost": 1, "shortage_cost": 9}
    return pd.DataFrame(terms | columns)


def test_capacity_cuts_back_by_the_same_share_in_whole_packs():
    room = pd.DataFrame({"location_id": ["S1"], "units": [30]})
    outcome = replay(
        lambda now: np.array([40.0, 20.0, 50.0]),
        np.zeros((3, 2)),
        shared(pack_size=[3, 1, 1]),
        capacity=room,
        baseline=None,
    )
    # 42 + 20 are asked of 30: each keeps 30/62, that is 20.3 and 9.7, in whole packs.
    assert outcome.orders[:, 0].tolist() == [18.0, 9.0, 50.0]
    assert outcome.orders[:, 1].tolist() == [0.0, 0.0, 50.0]


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_no_stock_position_exceeds_the_room(seed):
    rng = np.random.default_rng(seed)
    volume = rng.choice([0.5, 2.0], 3)
    terms = shared(volume=volume, pack_size=rng.choice([1, 4], 3), lead_time=rng.integers(0, 3, 3))
    room = pd.DataFrame({"location_id": ["S1", "S2"], "volume": [40.0, np.nan], "units": [50, 30]})
    seen = []

    def greedy(now):
        seen.append(now.position)
        return rng.integers(0, 40, now.position.shape)

    demand = rng.poisson(4, (3, 2, 30))
    replay(greedy, demand, terms, capacity=room, baseline=None)
    for position in seen:
        assert ((volume[:2, None] * position[:2]).sum(axis=0) <= 40 + 1e-9).all()
        assert (position[:2].sum(axis=0) <= 50).all()
        assert (position[2] <= 30).all()


def test_capacity_without_locations_is_one_room():
    terms = shared(2).drop(columns="location_id")
    outcome = replay(
        base_stock_policy(20),
        np.zeros((2, 3)),
        terms,
        capacity=pd.DataFrame({"units": [30]}),
        baseline=None,
    )
    assert outcome.orders.sum() == 30


@pytest.mark.parametrize(
    "units", [[-1.0, 0, 0], [np.nan, 0, 0], [np.inf, 0, 0], [1.0], 3.0, "many", None, [[1, 2, 3]]]
)
def test_a_policy_that_returns_no_order_is_named(units):
    def hopeful(now):
        return units

    with pytest.raises(DataError, match="'hopeful'"):
        replay(hopeful, np.ones((3, 4)), shared())


def test_one_order_a_series_serves_all_paths():
    outcome = replay(
        lambda now: np.array([1.0, 2.0, 3.0]), np.ones((3, 5, 4)), shared(), baseline=None
    )
    assert outcome.orders[:, :, 0].tolist() == [[1.0] * 5, [2.0] * 5, [3.0] * 5]


def test_a_policy_is_asked_only_when_someone_may_order():
    asked = []

    def note(now):
        asked.append((now.period, now.reviewing.tolist()))
        return np.zeros(3)

    terms = shared(review_period=[2, 3, 6], first_review=[1, 0, 1])
    replay(note, np.ones((3, 6)), terms, baseline=None)
    assert asked == [
        (0, [False, True, False]),
        (1, [True, False, True]),
        (3, [True, True, False]),
        (5, [True, False, False]),
    ]
