"""Price lists replayed in the world, against the world's own demand and the truth's response."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.world import ChainConfig, make_world
from newretail_ml.world.pricing import current_prices, profit_gap, replay_prices
from newretail_ml.world.true_response import true_response

KEYS = ["item_id", "location_id"]


@pytest.fixture(scope="module")
def chain_world():
    return make_world(ChainConfig(days=90, n_stores=3, n_items=48, n_customers=50, random_state=5))


def some_prices(world, seed=0, by_location=False):
    rng = np.random.default_rng(seed)
    keys = true_response(world, by_location=by_location).keys
    now = keys.merge(current_prices(world), on="item_id")
    return now.assign(price=now["price"] * rng.uniform(0.8, 1.25, len(now)))


def planned(values, world):
    days = world.chain.config.days
    return values[days:].sum(axis=(0, 3))


def test_the_worlds_own_plan_replays_as_its_own_demand(chain_world):
    truth = chain_world.truth
    for drawn, own in ((False, truth.expected), (True, truth.demand)):
        found = replay_prices(chain_world, promotions=True, drawn=drawn)
        table = found.pivot_table(index="item_id", columns="location_id", values="units")
        table = table.reindex(index=truth.items, columns=truth.shops).fillna(0.0)
        np.testing.assert_allclose(table, planned(own.astype(float), chain_world), rtol=1e-5)


def test_revenue_and_profit_add_up(chain_world):
    found = replay_prices(chain_world, promotions=True).merge(
        current_prices(chain_world)[["item_id", "unit_cost"]], on="item_id"
    )
    np.testing.assert_allclose(found["revenue"], found["price"] * found["units"])
    np.testing.assert_allclose(
        found["profit"], found["revenue"] - found["unit_cost"] * found["units"]
    )


@pytest.mark.parametrize("by_location", [False, True])
def test_the_truths_response_is_the_replay_exactly(chain_world, by_location):
    response = true_response(chain_world, by_location=by_location)
    wanted = some_prices(chain_world, by_location=by_location)
    found = replay_prices(chain_world, wanted.drop(columns="unit_cost"))
    by = list(response.keys.columns)
    units = response.keys.merge(found.groupby(by, as_index=False)["units"].sum(), on=by)["units"]
    np.testing.assert_allclose(response.units(wanted["price"].to_numpy()), units, rtol=1e-9)
    profit = response.profit(wanted["price"].to_numpy(), wanted["unit_cost"].to_numpy())
    assert profit == pytest.approx(found["profit"].sum())


@pytest.mark.parametrize("by_location", [False, True])
def test_elasticities_are_the_derivatives(chain_world, by_location):
    response = true_response(chain_world, by_location=by_location)
    at = some_prices(chain_world, by_location=by_location)["price"].to_numpy()
    found = response.elasticities(at)
    for column in range(0, response.n_products, 7):
        up, down = at.copy(), at.copy()
        up[column] *= 1 + 1e-5
        down[column] *= 1 - 1e-5
        change = np.log(response.units(up) / response.units(down)) / np.log((1 + 1e-5) / (1 - 1e-5))
        np.testing.assert_allclose(found[:, column], change, atol=1e-6)


def test_many_lists_at_once(chain_world):
    response = true_response(chain_world)
    lists = np.stack([some_prices(chain_world, seed)["price"].to_numpy() for seed in range(3)])
    np.testing.assert_allclose(response.units(lists), [response.units(one) for one in lists])


def test_anchored_at_a_forecast(chain_world):
    response = true_response(chain_world)
    at = some_prices(chain_world)["price"].to_numpy()
    wanted = np.arange(1.0, response.n_products + 1)
    np.testing.assert_allclose(response.anchored(wanted, at).units(at), wanted)


def test_an_empty_list_keeps_todays_prices(chain_world):
    nothing = pd.DataFrame({"item_id": pd.Series(dtype=object), "price": pd.Series(dtype=float)})
    pd.testing.assert_frame_equal(
        replay_prices(chain_world, nothing), replay_prices(chain_world, current_prices(chain_world))
    )


def test_lists_meet_the_same_customers(chain_world):
    """A dearer item whose rivals keep their price never sells more to the same customers."""
    now = current_prices(chain_world)
    for item in now["item_id"][::9]:
        dearer = now.assign(price=now["price"].where(now["item_id"] != item, 1.2 * now["price"]))
        before = replay_prices(chain_world, now, drawn=True).set_index(KEYS)["units"]
        after = replay_prices(chain_world, dearer, drawn=True).set_index(KEYS)["units"]
        assert (after.loc[item] <= before.loc[item]).all()


def test_the_gap_of_known_lists(chain_world):
    now = current_prices(chain_world)
    better = now.assign(price=now["price"] * 1.1)
    gap = profit_gap(chain_world, better, better)
    assert gap.share_closed == pytest.approx(1.0)
    assert profit_gap(chain_world, now, better).share_closed == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"price": 0.0}, "above zero"),
        ({"price": np.nan}, "above zero"),
        ({"price": "cheap"}, "above zero"),
        ({"item_id": "nothing"}, "not known"),
        ({"location_id": "warehouse_01"}, "not known"),
        ({}, "share"),
    ],
)
def test_bad_lists_are_named(chain_world, change, message):
    row = {"item_id": "item_0001", "location_id": "store_01", "price": 3.0} | change
    with pytest.raises(DataError, match=message):
        replay_prices(chain_world, pd.DataFrame([row, row] if not change else [row]))


def test_a_list_needs_its_columns(chain_world):
    with pytest.raises(DataError, match="price"):
        replay_prices(chain_world, pd.DataFrame({"item_id": ["item_0001"]}))


def test_a_world_without_plan_cannot_replay():
    world = make_world(ChainConfig(days=20, plan_days=0, n_stores=2, n_items=4, n_customers=9))
    with pytest.raises(DataError, match="plan_days"):
        replay_prices(world)
