"""One day of stock: the order of events, and that no unit is made or lost."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.world.stock import (
    StockState,
    Supply,
    first_stock,
    sell,
    send,
    stock_day,
)

SUPPLY = Supply(
    pack_size=np.array([1, 6, 2]),
    shelf_life=np.array([0, 3, 1]),
    lead_time=np.array([1, 2, 4]),
    review_period=np.array([1, 2, 3]),
    warehouse=np.array([0, 0]),
    safety=np.array([1.0, 1.0, 3.0]),
)
ALWAYS = np.ones((3, 3), dtype=bool)


def opening(mean=3.0):
    return first_stock(SUPPLY, np.full((3, 3), mean), ALWAYS)


def everywhere(state):
    return state.on_hand.sum() + state.on_order.sum()


def live(demands, state=None):
    """Yield the state before each day, the state after it and the day."""
    state = state or opening()
    for number, demand in enumerate(demands):
        after, day = stock_day(SUPPLY, state, number, demand, ALWAYS)
        yield state, after, day
        state = after


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), mean=st.floats(0, 30))
def test_no_unit_is_made_or_lost(seed, mean):
    demands = np.random.default_rng(seed).poisson(mean, (12, 3, 2, 2))
    for (before, after, day), demand in zip(live(demands), demands, strict=True):
        last_day_of_lead = after.on_order[:, 2, SUPPLY.lead_time[2] - 1]
        supplied = last_day_of_lead.sum()
        assert (
            everywhere(after) == everywhere(before) - day.sold.sum() - day.wasted.sum() + supplied
        )
        assert (after.on_hand >= 0).all()
        assert (after.on_order >= 0).all()
        assert (day.sold <= demand).all()
        short = day.sold.sum(axis=2) < demand.sum(axis=2)
        assert (day.on_hand[:, :2][short] == 0).all()


@given(
    shelf=st.lists(st.integers(0, 9), min_size=4, max_size=4),
    store=st.integers(0, 20),
    online=st.integers(0, 20),
)
def test_selling_takes_the_oldest_units_first_one_by_one(shelf, store, online):
    state = StockState(np.array([[shelf]]), np.zeros((1, 1, 1), int), np.zeros((1, 1)))
    after, sold = sell(state, np.array([[[store, online]]]))
    units = [age for age, count in enumerate(shelf) for _ in range(count)]
    left = units[store + online :]
    assert after.on_hand[0, 0].tolist() == [left.count(age) for age in range(4)]
    assert sold.sum() == min(store + online, sum(shelf))


def test_channels_share_what_is_short():
    state = StockState(np.array([[[5]]]), np.zeros((1, 1, 1), int), np.zeros((1, 1)))
    _, sold = sell(state, np.array([[[6, 3]]]))
    assert sold[0, 0].tolist() == [4, 1]


def test_what_is_not_sold_in_its_shelf_life_is_thrown_away():
    wasted = [day.wasted[:, 0] for _, _, day in live(np.zeros((4, 3, 2, 2), int))]
    start = opening().on_hand[:, 0].sum(axis=1)
    assert [number for number, units in enumerate(wasted) if units[1]] == [2]
    assert wasted[2][1] == start[1]
    assert wasted[0][2] == start[2]
    assert all(units[0] == 0 for units in wasted)


def test_stock_is_counted_before_old_units_are_thrown_away():
    _, _, day = next(live(np.zeros((1, 3, 2, 2), int)))
    assert day.wasted[2, 0] == day.on_hand[2, 0] > 0


def test_an_order_arrives_after_the_lead_time():
    demands = np.zeros((4, 3, 2, 2), int)
    demands[0, 0, :, 0] = 1_000
    days = [day for _, _, day in live(demands)]
    near, far = (np.array([day.on_hand[0, shop] for day in days]) for shop in (0, 1))
    assert near[0] == 0 < near[1]
    assert far[0] == far[1] == 0 < far[2]


def test_orders_are_whole_packs_where_the_warehouse_has_enough():
    demands = np.full((1, 3, 2, 2), 2)
    _, after, _ = next(live(demands))
    assert (after.on_order.sum(axis=2) % SUPPLY.pack_size[:, None] == 0).all()


@given(asked=st.lists(st.integers(0, 50), min_size=6, max_size=6))
def test_a_warehouse_never_sends_more_than_it_has_or_than_was_asked(asked):
    state = opening()
    wanted = np.array(asked).reshape(3, 2)
    after = send(SUPPLY, state, wanted)
    sent = after.on_order[:, :2].sum(axis=2)
    assert (sent <= wanted).all()
    assert everywhere(after) == everywhere(state)
    available = state.on_hand[:, 2].sum(axis=1)
    enough = wanted.sum(axis=1) <= available
    assert (sent[enough] == wanted[enough]).all()


def test_nothing_is_ordered_where_nothing_may_be_ordered():
    never = np.zeros((3, 3), dtype=bool)
    after, _ = stock_day(SUPPLY, opening(), 0, np.full((3, 2, 2), 9), never)
    assert after.on_order.sum() == 0
