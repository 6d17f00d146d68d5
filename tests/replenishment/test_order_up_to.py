import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment import newsvendor_cost, order_up_to

HORIZON = 10


def forecast_of(
    n_series: int = 3, n_paths: int = 400, seed: int = 0, mean: float = 4.0
) -> Forecast:
    paths = np.random.default_rng(seed).poisson(mean, (n_series, n_paths, HORIZON))
    keys = pd.DataFrame({"item_id": [f"item_{k}" for k in range(n_series)], "location_id": "shop"})
    return Forecast(
        keys, Periods(pd.Timestamp("2026-01-01"), HORIZON, "D"), paths.astype("float32")
    )


def state_of(forecast: Forecast, **columns) -> pd.DataFrame:
    base = {"on_hand": 5, "lead_time": 3, "review_period": 2}
    return forecast.keys.assign(**{**base, **columns})


def test_service_level_is_reached_by_the_fewest_packs():
    forecast = forecast_of()
    orders = order_up_to(forecast, state_of(forecast, pack_size=6), service_level=0.9)
    demand = forecast.total(5)
    for row, paths in zip(orders.itertuples(), demand, strict=True):
        stock = 5 + row.units
        assert (paths <= stock).mean() >= 0.9
        assert (paths <= stock - 6).mean() < 0.9
        assert row.units == row.packs * 6


def test_cost_order_is_the_best_of_all_pack_counts():
    forecast = forecast_of(seed=1)
    state = state_of(forecast, pack_size=7, shortage_cost=3.0, holding_cost=0.5)
    orders = order_up_to(forecast, state)
    for row, paths in zip(orders.itertuples(), forecast.total(5), strict=True):
        by_packs = [newsvendor_cost(5.0 + 7 * n, paths, 3.0, 0.5) for n in range(12)]
        assert row.packs == int(np.argmin(by_packs))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    on_hand=st.integers(0, 60),
    pack_size=st.integers(1, 13),
    shortage=st.floats(0.1, 20),
    more=st.floats(0, 20),
)
def test_a_higher_shortage_cost_never_lowers_an_order(seed, on_hand, pack_size, shortage, more):
    forecast = forecast_of(1, 100, seed)
    state = state_of(forecast, on_hand=on_hand, pack_size=pack_size, holding_cost=1.0)
    low = order_up_to(forecast, state.assign(shortage_cost=shortage))
    high = order_up_to(forecast, state.assign(shortage_cost=shortage + more))
    assert high["units"].item() >= low["units"].item() >= 0


def test_stock_on_order_counts_and_enough_stock_orders_nothing():
    forecast = forecast_of(1)
    one = order_up_to(forecast, state_of(forecast, on_hand=9), service_level=0.9)
    other = order_up_to(forecast, state_of(forecast, on_order=4), service_level=0.9)
    assert one["units"].item() == other["units"].item() > 0
    none = order_up_to(forecast, state_of(forecast, on_hand=1000), service_level=0.9)
    assert none["units"].item() == 0
    assert "cover it" in none["why"].item()
    assert none["expected_fill_rate"].item() == 1.0


def test_each_item_has_its_own_lead_time():
    forecast = forecast_of(2)
    orders = order_up_to(forecast, state_of(forecast, lead_time=[1, 8]), service_level=0.9)
    assert orders["expected_demand"][1] > 2 * orders["expected_demand"][0]


def test_fill_rate_agrees_with_a_simulated_cycle():
    forecast = forecast_of(1, 20_000, mean=2.0)
    orders = order_up_to(forecast, state_of(forecast, on_hand=0), service_level=0.6)
    position = orders["units"].item()
    paths = forecast.paths[0].astype(float)
    left_at_arrival = position - paths[:, :3].sum(axis=1)
    wanted = paths[:, 3:5].sum(axis=1)
    met = np.clip(left_at_arrival, 0, wanted)
    assert orders["expected_fill_rate"].item() == pytest.approx(met.sum() / wanted.sum(), abs=1e-9)


def test_items_without_forecast_and_forecasts_without_stock_are_told():
    forecast = forecast_of(2)
    state = state_of(forecast).iloc[[0]]
    state = pd.concat([state, state.assign(item_id="unknown")])
    orders = order_up_to(forecast, state, service_level=0.9).set_index("item_id")
    assert orders.loc["unknown", "why"] == "no forecast, so no order was made"
    assert orders.loc["item_1", "why"] == "no stock record, so no order was made"
    assert orders.loc[["unknown", "item_1"], "units"].eq(0).all()


@pytest.mark.parametrize(
    ("columns", "level", "said"),
    [
        ({"on_hand": -1}, 0.9, "state.on_hand: 3 values are not numbers of at least 0"),
        ({"lead_time": np.nan}, 0.9, "state.lead_time: 3 values"),
        ({"pack_size": 0}, 0.9, "state.pack_size: 3 values are not numbers of at least 1"),
        ({"review_period": 0}, 0.9, "state.review_period"),
        ({"on_hand": "many"}, 0.9, "the first is many"),
        ({}, 1.0, "service level of 1.0 cannot be reached"),
        ({}, None, "neither a service level nor shortage_cost and holding_cost"),
        ({"lead_time": 20}, 0.9, "Forecast with a longer horizon"),
        ({"item_id": "item_0"}, 0.9, "rows share item_id and location_id"),
        ({"shortage_cost": 0.0, "holding_cost": 0.0}, None, "not both zero"),
    ],
)
def test_wrong_states_are_refused_with_the_next_step(columns, level, said):
    forecast = forecast_of()
    with pytest.raises(DataError, match=said):
        order_up_to(forecast, state_of(forecast, **columns), service_level=level)


def test_a_missing_column_is_named():
    forecast = forecast_of()
    with pytest.raises(DataError, match=r"state\.lead_time: the column is missing"):
        order_up_to(forecast, state_of(forecast).drop(columns="lead_time"), service_level=0.9)


def test_a_forecast_that_pools_what_the_state_does_not_is_refused():
    forecast = forecast_of(2)
    pooled = forecast.sum_by(["item_id"])
    state = pd.concat([state_of(forecast), state_of(forecast, location_id="other")])
    with pytest.raises(DataError, match="Add the stock up to the forecast's keys"):
        order_up_to(pooled, state, service_level=0.9)


def test_a_broken_lead_time_is_refused():
    forecast = forecast_of()
    with pytest.raises(DataError, match=r"state\.lead_time: 3 values are not whole periods"):
        order_up_to(forecast, state_of(forecast, lead_time=1.5), service_level=0.9)


def test_ids_that_are_numbers_meet_their_text():
    forecast = forecast_of(1)
    numbered = Forecast(pd.DataFrame({"item_id": ["17"]}), forecast.periods, forecast.paths)
    state = pd.DataFrame({"item_id": [17], "on_hand": 0, "lead_time": 3, "review_period": 2})
    assert order_up_to(numbered, state, service_level=0.9)["units"].item() > 0
