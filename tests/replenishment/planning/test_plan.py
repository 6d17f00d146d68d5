"""The planner line by line: timing, rules, reasons, bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning import OrderPlan, OrderRules, State, Supply, plan_orders

MONDAY = pd.Timestamp("2026-03-02")


def forecast_of(paths, freq="D", first=MONDAY) -> Forecast:
    paths = np.asarray(paths, "float32")
    keys = pd.DataFrame({"item_id": [f"item_{k}" for k in range(len(paths))], "location_id": "S1"})
    return Forecast(keys, Periods(first, paths.shape[2], freq), paths)


def poisson(n=3, mean=4.0, paths=100, horizon=10, seed=0) -> Forecast:
    return forecast_of(np.random.default_rng(seed).poisson(mean, (n, paths, horizon)))


def steady(units, periods=10, n=1) -> Forecast:
    return forecast_of(np.full((n, 5, periods), units))


def wide(forecast, **columns) -> pd.DataFrame:
    base = {
        "on_hand": 5,
        "lead_time": 2,
        "review_period": 2,
        "holding_cost": 0.1,
        "unit_cost": 2.0,
        "unit_price": 5.0,
    }
    return forecast.keys.assign(**{**base, **columns})


def row_of(plan: OrderPlan) -> pd.Series:
    return plan.orders.iloc[0]


def test_order_of_certain_demand_is_what_is_needed():
    forecast = steady(3)
    row = row_of(plan_orders(forecast, wide(forecast, on_hand=7)))
    assert row["expected_stock"] == 1.0
    assert row["units"] == 5.0
    assert row["arrival"] == MONDAY + pd.Timedelta(days=2)
    assert row["expected_demand"] == 12.0
    assert row["expected_fill_rate"] == 1.0
    # Three of the five are sold after a night on the shelf: 3 units x 0.1; five margins of 3.
    assert row["expected_profit"] == pytest.approx(5 * 3 - 3 * 0.1)


@settings(max_examples=40, deadline=None)
@given(
    demand=st.lists(st.integers(0, 9), min_size=8, max_size=8),
    on_hand=st.integers(0, 30),
    lead_time=st.integers(0, 4),
    review_period=st.integers(1, 4),
    backorders=st.booleans(),
)
def test_without_doubt_the_order_is_the_need(demand, on_hand, lead_time, review_period, backorders):
    forecast = forecast_of([[demand, demand]])
    terms = {"on_hand": on_hand, "lead_time": lead_time, "review_period": review_period}
    plan = plan_orders(
        forecast,
        wide(forecast, **terms, holding_cost=0.01, shortage_cost=5.0),
        backorders=backorders,
    )
    before, cycle = sum(demand[:lead_time]), sum(demand[lead_time : lead_time + review_period])
    left = on_hand - before if backorders else max(on_hand - before, 0)
    assert row_of(plan)["units"] == max(cycle - left, 0)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1000),
    pack_size=st.integers(1, 13),
    shortage=st.floats(0, 20),
    more=st.floats(0, 20),
    backorders=st.booleans(),
    shelf_life=st.sampled_from([np.nan, 2, 5]),
)
def test_a_higher_shortage_cost_never_lowers_an_order(
    seed, pack_size, shortage, more, backorders, shelf_life
):
    forecast = poisson(2, paths=30, seed=seed)
    state = wide(forecast, pack_size=pack_size, shelf_life=shelf_life)
    low, high = (
        plan_orders(forecast, state.assign(shortage_cost=cost), backorders=backorders).orders
        for cost in (shortage, shortage + more)
    )
    assert (high["units"] >= low["units"]).all()


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1000),
    pack=st.integers(1, 6),
    packs_a_pallet=st.integers(1, 3),
    minimum=st.integers(0, 20),
    shelf=st.integers(10, 40),
    presentation=st.integers(0, 10),
    order_cost=st.sampled_from([0.0, 5.0, 50.0]),
)
def test_no_order_breaks_a_rule_of_its_line(
    seed, pack, packs_a_pallet, minimum, shelf, presentation, order_cost
):
    forecast = poisson(4, paths=20, seed=seed)
    rules = {
        "pack_size": pack,
        "pallet_size": pack * packs_a_pallet,
        "minimum_units": minimum,
        "minimum_value": 9.0,
        "shelf_capacity": shelf,
        "presentation_minimum": presentation,
        "order_cost": order_cost,
    }
    orders = plan_orders(forecast, wide(forecast, on_hand=[0, 5, 12, 40], **rules)).orders
    some = orders[orders["units"] > 0]
    assert (some["units"] % (pack * packs_a_pallet) == 0).all()
    assert (some["units"] >= minimum).all()
    assert (some["order_value"] >= 9.0).all()
    assert (some["expected_stock"] + some["units"] <= shelf + 1e-6).all()
    reached = orders["expected_stock"] + orders["units"] >= presentation - 1e-6
    size = pack * packs_a_pallet
    room = np.floor((shelf - orders["expected_stock"] + 1e-9) / size) * size
    smallest = np.ceil(max(minimum, 4.5) / size) * size
    possible = (room >= smallest) & (orders["expected_stock"] + room >= presentation)
    assert reached[possible].all()
    assert (orders["rule_cost"] >= -1e-9).all()


@pytest.mark.parametrize(
    ("columns", "rule", "words"),
    [
        ({"pallet_size": 25}, "pallet_size", "whole pallets"),
        ({"presentation_minimum": 30}, "presentation_minimum", "presentation minimum"),
        ({"shelf_capacity": 4}, "shelf_capacity", "shelf holds no more"),
        ({"minimum_units": 11}, "minimum_units", "minimum order"),
        ({"minimum_units": 40, "shelf_capacity": 30}, "minimum_units", "is too much"),
        ({"minimum_value": 22}, "minimum_value", "minimum order value"),
        ({"order_cost": 500}, "order_cost", "less than placing it costs"),
    ],
)
def test_the_rule_that_decides_is_named_and_priced(columns, rule, words):
    forecast = poisson(1, mean=3.0)
    free = row_of(plan_orders(forecast, wide(forecast)))
    row = row_of(plan_orders(forecast, wide(forecast, **columns)))
    assert free["binding_rule"] == ""
    assert row["units"] != free["units"]
    assert row["binding_rule"] == rule
    assert words in row["why"]
    assert row["rule_cost"] == pytest.approx(free["expected_profit"] - row["expected_profit"])


def test_open_orders_count_from_the_day_they_arrive():
    forecast = steady(4)
    stock = wide(forecast, on_hand=0)
    early = pd.DataFrame({"item_id": "item_0", "location_id": "S1", "date": [MONDAY], "units": [9]})
    late = early.assign(date=MONDAY + pd.Timedelta(days=2))
    overdue = early.assign(date=MONDAY - pd.Timedelta(days=9))
    units = {
        name: row_of(plan_orders(forecast, State(stock, due)))["units"]
        for name, due in [("early", early), ("late", late), ("overdue", overdue)]
    }
    # Before the arrival eight are wanted: nine today leave one, nine on the day leave all nine.
    assert units == {"early": 7.0, "late": 0.0, "overdue": 7.0}
    undated = plan_orders(forecast, stock.assign(on_order=9))
    assert row_of(undated)["units"] == 7.0
    assert row_of(undated)["on_order"] == 9.0


def test_batches_that_go_off_before_the_arrival_are_not_counted():
    forecast = steady(1)
    stock = wide(forecast, on_hand=20, shelf_life=5)
    batches = pd.DataFrame(
        {
            "item_id": "item_0",
            "location_id": "S1",
            "date": [MONDAY - pd.Timedelta(days=1), MONDAY, MONDAY + pd.Timedelta(days=2)],
            "units": [4, 10, 6],
        }
    )
    row = row_of(plan_orders(forecast, State(stock, None, batches)))
    # Ten go off after the first day, which sells one of them; one of the six is sold on the
    # second. Of the five left, one is sold on its last day, and four go off.
    assert row["expected_stock"] == 5.0
    assert row["units"] == 1.0
    assert row_of(plan_orders(forecast, stock))["units"] == 0.0
    with pytest.raises(DataError, match="do not add up"):
        plan_orders(forecast, State(stock.assign(on_hand=19), None, batches))


def test_nothing_is_ordered_that_outlives_its_shelf_life_or_the_item():
    forecast = steady(1, periods=12)
    terms = {"on_hand": 0, "pack_size": 6, "review_period": 2}
    keeps = row_of(plan_orders(forecast, wide(forecast, **terms)))
    short_lived = row_of(plan_orders(forecast, wide(forecast, **terms, shelf_life=2)))
    ends = MONDAY + pd.Timedelta(days=4)
    delisted = row_of(plan_orders(forecast, wide(forecast, **terms, delisting_date=ends)))
    assert (keeps["units"], short_lived["units"], delisted["units"]) == (6.0, 0.0, 0.0)
    gone = MONDAY + pd.Timedelta(days=2)
    row = row_of(plan_orders(forecast, wide(forecast, on_hand=0, delisting_date=gone)))
    assert row["units"] == 0
    assert row["why"] == "no order: it would arrive on 2026-03-04, and sale ends on 2026-03-04"


def test_the_reason_says_what_the_order_has_to_cover():
    forecast = steady(1, periods=12)
    terms = {"on_hand": 0, "review_period": 4}
    ends = {"delisting_date": MONDAY + pd.Timedelta(days=5)}

    def why(**changed):
        return row_of(plan_orders(forecast, wide(forecast, **terms, **changed)))["why"]

    assert why() == (
        "4.0 expected to sell from 2026-03-04, when this order arrives, through 2026-03-07; "
        "2.0 before that; 0.0 left of stock and open orders by then; 4 ordered"
    )
    assert why(delisting_date=MONDAY + pd.Timedelta(days=6)) == why(shelf_life=4) == why()
    assert why(**ends).startswith(
        "3.0 expected to sell from 2026-03-04, when this order arrives, "
        "through 2026-03-06, the end of its sale; 2.0 before that"
    )
    assert "through 2026-03-07 (this order keeps through 2026-03-05 only); 2.0" in why(shelf_life=2)
    both = why(**ends, shelf_life=1)
    assert "2026-03-06, the end of its sale (this order keeps through 2026-03-04 only)" in both
    assert why(delisting_date="2020-01-01").endswith("and sale ends on 2020-01-01")


def test_a_new_item_is_ordered_for_its_launch_and_not_before():
    forecast = steady(2, periods=14)
    terms = {"on_hand": 0, "lead_time": 2, "review_period": 3}
    units = [
        row_of(
            plan_orders(
                forecast, wide(forecast, **terms, launch_date=MONDAY + pd.Timedelta(days=day))
            )
        )["units"]
        for day in (0, 2, 3, 4, 5, 6)
    ]
    # The order covers days 2, 3 and 4: what is left of them after the launch.
    assert units == [6.0, 6.0, 4.0, 2.0, 0.0, 0.0]
    late = plan_orders(forecast, wide(forecast, **terms, launch_date="2026-03-09"))
    assert "sale starts on 2026-03-09" in row_of(late)["why"]


def test_a_promotion_leaves_no_heap():
    usual, busy = np.full((1, 60, 30), 2.0), np.random.default_rng(0).gamma(2, 20, (1, 60, 1))
    paths = usual.copy()
    paths[:, :, 2:4] = busy
    forecast = forecast_of(paths)
    terms = {"holding_cost": 0.2, "unit_price": 6.0}
    short = Forecast(forecast.keys, forecast.periods.resized(4), paths[:, :, :4].astype("float32"))
    careless = row_of(plan_orders(short, wide(short, **terms)))
    careful = row_of(plan_orders(forecast, wide(forecast, **terms)))
    assert careful["units"] < careless["units"]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), pack=st.integers(1, 6), lead=st.integers(0, 3))
def test_stationary_demand_is_not_charged_for_heaps(seed, pack, lead):
    # Each path repeats itself, so that every window of a length has the same distribution.
    day = np.random.default_rng(seed).poisson(3, (2, 25, 1))
    forecast = forecast_of(np.repeat(day, 20, axis=2))
    state = wide(forecast, pack_size=pack, lead_time=lead, on_hand=lead * 3)
    cut = Forecast(
        forecast.keys, forecast.periods.resized(lead + 2), forecast.paths[:, :, : lead + 2]
    )
    ours, myopic = plan_orders(forecast, state).orders, plan_orders(cut, state).orders
    assert ours["units"].tolist() == myopic["units"].tolist()
    assert np.allclose(ours["expected_profit"], myopic["expected_profit"])


def test_every_series_has_a_line_and_a_reason():
    forecast = poisson(2)
    state = wide(forecast).iloc[[0, 0]].assign(item_id=["item_0", "unknown"])
    orders = plan_orders(forecast, state).orders
    assert orders["item_id"].tolist() == ["item_0", "item_1", "unknown"]
    assert orders["why"].iloc[1:].tolist() == [
        "no stock record, so no order was made",
        "no forecast, so no order was made",
    ]
    assert orders["packs"].tolist()[1:] == [0, 0]
    assert orders["expected_profit"].iloc[1:].tolist() == [0.0, 0.0]


def test_terms_are_found_by_item_by_location_or_in_the_state():
    forecast = poisson(2)
    stock = forecast.keys.assign(on_hand=[3, 4], pack_size=[2, 5], lead_time=1)
    supply = pd.DataFrame({"item_id": ["item_0"], "lead_time": [3]})
    costs = pd.DataFrame({"location_id": ["S1"], "holding_cost": [0.1], "shortage_cost": [2.0]})
    orders = plan_orders(forecast, stock.assign(review_period=1), supply, costs).orders
    assert orders["arrival"].dt.day.tolist() == [5, 3]
    assert orders["pack_size"].tolist() == [2.0, 5.0]
    same = stock.assign(lead_time=[3, 1], review_period=1, holding_cost=0.1, shortage_cost=2.0)
    pd.testing.assert_frame_equal(plan_orders(forecast, same).orders, orders)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"on_hand": -1}, r"state.on_hand: 1 values are not numbers of at least 0"),
        ({"on_hand": np.nan}, r"state.on_hand: 1 values are missing"),
        ({"on_hand": "many"}, r"state.on_hand"),
        ({"on_hand": np.inf}, r"state.on_hand"),
        ({"lead_time": np.nan}, r"supply.lead_time: 1 lines have none"),
        ({"lead_time": 1.5}, r"lead_time: 1 values are not whole periods"),
        ({"review_period": 0}, r"review_period"),
        ({"pack_size": 0}, r"pack_size: 1 values are not numbers above 0"),
        ({"pack_size": 4, "pallet_size": 6}, r"supply.pallet_size"),
        ({"holding_cost": np.nan}, r"costs.holding_cost: 1 lines have none"),
        ({"unit_price": np.nan}, r"costs.shortage_cost: 1 lines have none"),
        ({"shelf_life": 3, "unit_cost": np.nan, "shortage_cost": 1}, r"costs.unit_cost"),
        ({"shelf_life": 3, "salvage_value": 9}, r"costs.salvage_value"),
        ({"minimum_value": 10, "unit_cost": 0}, r"costs.unit_cost"),
        ({"presentation_minimum": 9, "shelf_capacity": 8}, r"presentation_minimum above their sh"),
        ({"delisting_date": "soon"}, r"delisting_date: 1 values are not dates"),
        ({"lead_time": 9}, r"horizon of at least 11 periods"),
    ],
)
def test_bad_input_is_named(columns, message):
    forecast = poisson(1)
    with pytest.raises(DataError, match=message):
        plan_orders(forecast, wide(forecast, **columns))


def test_bad_tables_are_named():
    forecast = poisson(2)
    state = wide(forecast)
    with pytest.raises(DataError, match="share item_id and location_id"):
        plan_orders(forecast, pd.concat([state, state]))
    with pytest.raises(DataError, match=r"state.on_hand: the column is missing"):
        plan_orders(forecast, state.drop(columns="on_hand"))
    with pytest.raises(DataError, match="state: it is a list"):
        plan_orders(forecast, [1, 2])
    with pytest.raises(DataError, match="the state is not"):
        plan_orders(forecast, state.drop(columns="location_id"))
    with pytest.raises(DataError, match="supply: 2 rows share item_id"):
        plan_orders(forecast, state, pd.DataFrame({"item_id": ["a", "a"], "lead_time": 1}))
    with pytest.raises(DataError, match="not in the table of suppliers"):
        supply = Supply(state.assign(supplier_id="x"), pd.DataFrame({"supplier_id": ["y"]}))
        plan_orders(forecast, state, supply)
    with pytest.raises(DataError, match=r"budget is -1"):
        OrderRules(budget=-1)
    with pytest.raises(DataError, match="neither units nor volume"):
        OrderRules(capacity=pd.DataFrame({"location_id": ["S1"]}))
    nan = Forecast(forecast.keys, forecast.periods, np.full_like(forecast.paths, np.nan))
    with pytest.raises(DataError, match="not finite"):
        plan_orders(nan, state)


def test_empty_tables_one_row_and_all_zeros_work():
    forecast = poisson(1)
    state = wide(forecast)
    nothing = forecast.select([])
    assert len(plan_orders(nothing, state.iloc[:0]).orders) == 0
    assert plan_orders(forecast, state.iloc[:0]).orders["units"].tolist() == [0.0]
    assert "no forecast" in plan_orders(nothing, state).orders["why"].item()
    zeros = steady(0)
    row = row_of(plan_orders(zeros, wide(zeros, on_hand=0)))
    assert (row["units"], row["expected_fill_rate"], row["expected_profit"]) == (0.0, 1.0, 0.0)
    free = wide(zeros, on_hand=0, holding_cost=0, shortage_cost=0)
    assert row_of(plan_orders(zeros, free))["units"] == 0.0


def test_a_plan_shows_itself():
    forecast = steady(3)
    plan = plan_orders(forecast, wide(forecast, on_hand=7))
    assert repr(plan) == (
        "OrderPlan(1 of 1 lines ordered, 5 units, value 10.00, expected profit 14.70, gap 0.00%)"
    )
    assert plan.bound == plan.expected_profit
    assert plan.gap == 0.0
    assert plan.explain().columns.tolist() == [
        "rule",
        "limit",
        "used",
        "binding",
        "shadow_price",
        "cost",
    ]


def test_substitutes_are_wanted_more_and_shortages_cost_less():
    rng = np.random.default_rng(1)
    forecast = forecast_of(rng.poisson(4, (2, 200, 4)))
    state = wide(forecast, on_hand=[0, 9], unit_price=[3.0, 6.0])
    alone = plan_orders(forecast, state).orders
    pairs = pd.DataFrame({"item_id": ["item_0"], "substitute_id": ["item_1"], "share": [0.8]})
    both = plan_orders(forecast, state, rules=OrderRules(substitution=pairs)).orders
    assert both["expected_demand"][0] == alone["expected_demand"][0]
    assert both["expected_demand"][1] > alone["expected_demand"][1]
    assert both["units"][0] < alone["units"][0]
    assert both["units"][1] > alone["units"][1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"supply": {"shelflife": 3}}, "supply.shelflife: no such column .* mean shelf_life"),
        ({"rules": {"capacity": {"unit": [5]}}}, "capacity.unit: no such column .* mean units"),
        ({"rules": {"capacity": {"location_id": ["nowhere"], "units": [5]}}}, "nowhere"),
        ({"due": {"date": "02.06.2026", "units": 1}}, "due.date: .* YYYY-MM-DD"),
        ({"due": {"date": "2026-03-03", "units": 1}, "on_order": 2}, "add up to on_order"),
        ({"item_id": "ITEM_0"}, "none of its 1 rows is one of the 1 series"),
    ],
)
def test_what_would_be_lost_in_silence_is_refused(change, message):
    forecast = Forecast(
        pd.DataFrame({"item_id": ["item_0"], "location_id": ["S1"]}),
        Periods(pd.Timestamp("2026-03-02"), 4, "D"),
        np.ones((1, 5, 4), "float32"),
    )
    keys = forecast.keys.assign(item_id=change.get("item_id", "item_0"))
    stock = keys.assign(on_hand=1, **{k: v for k, v in change.items() if k == "on_order"})
    terms = {"lead_time": 1, "review_period": 1, "holding_cost": 0.1, "shortage_cost": 1.0}
    with pytest.raises(DataError, match=message):
        due = keys.assign(**change["due"]) if "due" in change else None
        capacity = change.get("rules", {}).get("capacity")
        plan_orders(
            forecast,
            State(stock, due),
            Supply(keys.assign(**terms | change.get("supply", {}))),
            rules=OrderRules(capacity=None if capacity is None else pd.DataFrame(capacity)),
        )
