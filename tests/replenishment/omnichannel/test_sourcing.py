"""Sourcing against every assignment of small cases, its rules, its words, and wrong tables."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel.periods import Periods
from newretail_ml.replenishment.omnichannel import Shipping, source_orders, sourcing_programme
from newretail_ml.replenishment.omnichannel.distances import great_circle

WEEK = Periods.spanning("2026-01-05", "2026-01-05", "W")
PLACES = ["p0", "p1", "p2"]


def chain(seed, n_orders=3, n_items=2):
    """Orders, stock, places, the counter's paths and distances of a small random chain."""
    rng = np.random.default_rng(seed)
    orders = pd.DataFrame(
        [(f"o{o}", f"i{i}") for o in range(n_orders) for i in range(n_items)],
        columns=["order_id", "item_id"],
    )
    orders = orders.sample(frac=0.7, random_state=seed).sort_index(ignore_index=True)
    orders["units"] = rng.integers(1, 3, len(orders))
    orders["margin"] = rng.uniform(2, 12, len(orders)).round(2)
    keys = pd.DataFrame(
        list(product([f"i{i}" for i in range(n_items)], PLACES)),
        columns=["item_id", "location_id"],
    )
    stock = keys.assign(
        on_hand=rng.integers(0, 5, len(keys)),
        protected=rng.integers(0, 2, len(keys)),
        shortage_cost=rng.uniform(1, 8, len(keys)),
        unit_cost=6.0,
        salvage_value=rng.uniform(0, 6, len(keys)),
    )
    places = pd.DataFrame({"location_id": PLACES, "pick_cost": rng.uniform(0, 1, 3)})
    counter = Forecast(keys, WEEK, rng.poisson(2, (len(keys), 40, 1)).astype(np.float32))
    pairs = list(product(orders["order_id"].unique(), PLACES))
    distances = pd.DataFrame(pairs, columns=["order_id", "location_id"])
    distances["distance"] = rng.uniform(0, 300, len(pairs))
    return orders, stock, places, counter, distances


def cost_by_hand(where, orders, stock, places, counter, distances, shipping):
    """Cost of one place (or None) a line, from the tables; infinite if stock is short."""
    cost, taken, parcels = 0.0, {}, set()
    pick = dict(zip(places["location_id"], places["pick_cost"], strict=True))
    for line, place in zip(orders.itertuples(), where, strict=True):
        if place is None:
            cost += line.margin * line.units
            continue
        cost += pick[place] * line.units
        parcels.add((line.order_id, place))
        taken[line.item_id, place] = taken.get((line.item_id, place), 0) + line.units
    far = {(row.order_id, row.location_id): row.distance for row in distances.itertuples()}
    cost += sum(shipping.parcel + shipping.kilometre * far[pair] for pair in parcels)
    cost += shipping.split * (len(parcels) - len({order for order, _ in parcels}))
    for row, paths in zip(stock.itertuples(), counter.paths[:, :, 0].astype(float), strict=True):
        units = taken.get((row.item_id, row.location_id), 0)
        if units > max(row.on_hand - row.protected, 0):
            return np.inf

        def worth(left, row=row, paths=paths):
            sold = np.minimum(paths, left).mean()
            return row.shortage_cost * sold - (row.unit_cost - row.salvage_value) * (left - sold)

        cost += worth(row.on_hand) - worth(row.on_hand - units)
    return cost


def all_ways(orders, split):
    choices = [None, *PLACES]
    if split:
        yield from product(choices, repeat=len(orders))
        return
    names = orders["order_id"].unique()
    for way in product(choices, repeat=len(names)):
        by_order = dict(zip(names, way, strict=True))
        yield [by_order[order] for order in orders["order_id"]]


def answered(answer, orders):
    """Place of each line of the orders in the answer."""
    where = answer.lines.set_index(["order_id", "item_id"])["location_id"]
    return [where.get((line.order_id, line.item_id)) for line in orders.itertuples()]


@pytest.mark.parametrize("split", [True, False])
@given(st.integers(0, 10_000), st.floats(0, 4), st.floats(0, 3))
@settings(max_examples=5, deadline=None)
def test_cheapest_of_all_assignments(split, seed, parcel, extra):
    orders, stock, places, counter, distances = chain(seed)
    shipping = Shipping(parcel, 0.01, extra)
    tables = orders, stock, places
    answer = source_orders(*tables, shipping, counter=counter, distances=distances, split=split)
    costs = [
        cost_by_hand(way, *tables, counter, distances, shipping) for way in all_ways(orders, split)
    ]
    assert answer.cost == pytest.approx(min(costs))
    assert answer.bound <= answer.cost + 1e-6
    assert answer.saving >= -1e-9
    way = answered(answer, orders)
    assert cost_by_hand(way, *tables, counter, distances, shipping) == pytest.approx(answer.cost)
    parts = answer.lines[["shipping", "splitting", "labour", "lost_at_counter"]].to_numpy().sum()
    assert parts + answer.unfilled["margin"].sum() == pytest.approx(answer.cost)


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=10, deadline=None)
def test_nothing_protected_is_shipped_and_every_line_is_answered(seed, split):
    orders, stock, places, counter, distances = chain(seed, n_orders=12, n_items=4)
    options = {"counter": counter, "distances": distances, "split": split}
    answer = source_orders(orders, stock, places, Shipping(1, 0.01, 1), **options)
    shipped = answer.lines.groupby(["item_id", "location_id"])["units"].sum()
    free = stock.set_index(["item_id", "location_id"])
    free = (free["on_hand"] - free["protected"]).clip(lower=0)
    assert (shipped <= free.loc[shipped.index]).all()
    assert len(answer.lines) + len(answer.unfilled) == len(orders)
    both = pd.concat([answer.lines, answer.unfilled])
    assert both["units"].sum() == orders["units"].sum()
    assert both["why"].str.len().min() > 10
    if not split:
        parcels = answer.lines[["order_id", "location_id"]].drop_duplicates()
        assert parcels["order_id"].is_unique


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_large_cases_keep_an_honest_bound(seed, monkeypatch):
    orders, stock, places, counter, distances = chain(seed, n_orders=40, n_items=5)
    shipping = Shipping(1, 0.01, 1)
    options = {"counter": counter, "distances": distances}
    exact = source_orders(orders, stock, places, shipping, **options)
    monkeypatch.setattr(sourcing_programme, "SMALL", 0)
    priced = source_orders(orders, stock, places, shipping, **options)
    assert exact.gap < 1e-6
    assert priced.bound <= exact.cost + 1e-6 <= priced.cost + 2e-6
    assert priced.cost <= exact.cost * 1.02


def test_a_unit_that_would_be_marked_down_is_cheap_to_ship():
    orders = pd.DataFrame({"order_id": ["o"], "item_id": ["i"], "units": [1], "margin": [9.0]})
    keys = pd.DataFrame({"item_id": "i", "location_id": ["near", "far"]})
    stock = keys.assign(on_hand=[1, 6], shortage_cost=8.0, unit_cost=5.0, salvage_value=2.0)
    places = pd.DataFrame({"location_id": ["near", "far"], "pick_cost": 0.5})
    counter = Forecast(keys, WEEK, np.full((2, 3, 1), 2, np.float32))
    distances = keys[["location_id"]].assign(order_id="o", distance=[1.0, 100.0])
    shipping = Shipping(1, 0.02)
    answer = source_orders(orders, stock, places, shipping, counter=counter, distances=distances)
    assert answer.lines["location_id"].tolist() == ["far"]
    assert answer.lines["lost_at_counter"].tolist() == [-3.0]
    assert answer.saving == pytest.approx(8 + 3 - 0.02 * 99)
    without = source_orders(orders, stock, places, shipping, distances=distances)
    assert without.lines["location_id"].tolist() == ["near"]


def test_reasons():
    orders = pd.DataFrame(
        {
            "order_id": list("abcde"),
            "item_id": ["unknown", "none", "kept", "cheap", "short"],
            "units": [1, 1, 1, 1, 9],
            "margin": [9.0, 9.0, 9.0, 0.5, 9.0],
            "latitude": 0.0,
            "longitude": 0.0,
        }
    )
    stock = pd.DataFrame({"item_id": ["none", "kept", "cheap", "short"], "location_id": "p"})
    stock = stock.assign(on_hand=[0, 3, 3, 3], protected=[0, 5, 0, 0])
    places = pd.DataFrame({"location_id": ["p"], "pick_cost": 1.0, "latitude": 0, "longitude": 1})
    answer = source_orders(orders, stock, places, Shipping(1, 0.01))
    words = ["stock record", "on hand", "kept for the counter", "cost more", "has 9 units"]
    assert answer.lines.empty
    for why, word in zip(answer.unfilled["why"], words, strict=True):
        assert word in why
    near = source_orders(orders.tail(2), stock, places, Shipping(1, 0.01, reach=50))
    assert near.unfilled["why"].tolist() == ["no place is within reach"] * 2
    two = orders.iloc[[3, 3]].assign(order_id=["a", "b"], units=2, margin=9.0)
    rivals = source_orders(two, stock, places, Shipping(0.1, 0))
    assert "fills other orders" in rivals.unfilled["why"].item()


def nearer_places(near, middle, dear):
    """Two orders of one unit from a near and a middling place, or from a far one."""
    orders = pd.DataFrame({"order_id": ["a", "b"], "item_id": "tea", "units": 1, "margin": 99.0})
    names = ["near", "middle", "far"]
    stock = pd.DataFrame({"item_id": "tea", "location_id": names, "on_hand": [near, middle, 9]})
    places = pd.DataFrame({"location_id": names, "pick_cost": 1.0})
    places.loc[:1, "pick_cost"] += 50.0 * dear
    distances = orders[["order_id"]].merge(places[["location_id"]], how="cross")
    distances["distance"] = [1.0, 2.0, 10.0] * 2
    answer = source_orders(orders, stock, places, Shipping(1, 0.01), distances=distances)
    return answer.lines["why"].str.partition(":")[0].tolist()


@pytest.mark.parametrize(
    ("near", "middle", "dear", "words"),
    [
        (9, 9, False, "the nearest place, 1 km"),
        (0, 9, False, "2 km, the nearest place that has enough"),
        (9, 0, True, "10 km; 1 nearer place would save nothing in all"),
        (9, 9, True, "10 km; 2 nearer places would save nothing in all"),
        (1, 0, False, "10 km; the stock of 1 nearer place fills other orders"),
    ],
)
def test_why_not_a_nearer_place(near, middle, dear, words):
    assert words in nearer_places(near, middle, dear)


def test_great_circle():
    quarter = great_circle(np.array([[0.0, 0.0]]), np.array([[0.0, 90.0], [90.0, 0.0], [0, 0]]))
    assert quarter[0] == pytest.approx([6371.0088 * np.pi / 2] * 2 + [0])


ORDERS, STOCK, AT, _, FAR = chain(1)


def broken(frame, column, value):
    return frame.assign(**{column: value})


@pytest.mark.parametrize(
    ("orders", "stock", "places", "distances"),
    [
        (pd.concat([ORDERS, ORDERS]), STOCK, AT, FAR),
        (ORDERS.head(0), STOCK, AT, FAR),
        (broken(ORDERS, "units", 0), STOCK, AT, FAR),
        (broken(ORDERS, "units", 1.5), STOCK, AT, FAR),
        (broken(ORDERS, "margin", np.nan), STOCK, AT, FAR),
        (broken(ORDERS, "order_id", None), STOCK, AT, FAR),
        (ORDERS, broken(STOCK, "on_hand", -1), AT, FAR),
        (ORDERS, broken(STOCK, "location_id", "moon"), AT, FAR),
        (ORDERS, pd.concat([STOCK, STOCK]), AT, FAR),
        (ORDERS, STOCK, AT.head(2), FAR),
        (ORDERS, STOCK, broken(AT, "pick_cost", np.inf), FAR),
        (ORDERS, STOCK, AT, FAR.head(3)),
        (ORDERS, STOCK, AT, broken(FAR, "distance", -1)),
        (ORDERS, STOCK, AT, None),
        (broken(ORDERS, "latitude", range(len(ORDERS))), STOCK, AT, FAR),
    ],
)
def test_wrong_tables(orders, stock, places, distances):
    with pytest.raises(DataError) as raised:
        source_orders(orders, stock, places, Shipping(1, 0.01), distances=distances)
    assert raised.value.next_step


def test_wrong_costs_and_paths():
    with pytest.raises(DataError):
        Shipping(-1, 0)
    with pytest.raises(DataError):
        Shipping(1, 0, reach=np.nan)
    _, _, _, counter, _ = chain(1)
    options = {"distances": FAR}
    with pytest.raises(DataError, match="shortage_cost"):
        stock = STOCK.drop(columns="shortage_cost")
        source_orders(ORDERS, stock, AT, Shipping(1, 0), counter=counter, **options)
    with pytest.raises(DataError, match="no forecast"):
        source_orders(ORDERS, STOCK, AT, Shipping(1, 0), counter=counter.select([0]), **options)
