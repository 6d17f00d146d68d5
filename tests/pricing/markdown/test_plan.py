"""What the markdown planner accepts, refuses and tells."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.pricing.markdown import MarkdownRules, plan_markdowns
from newretail_ml.pricing.response import ConstantElasticity, Evidence, Linear

ITEMS = ["coat", "hat", "shoe"]
KEYS = pd.DataFrame({"item_id": ITEMS})


def season(keys=KEYS, horizon=5, mean=6.0, n_paths=60, seed=0):
    rng = np.random.default_rng(seed)
    level = rng.gamma(4, 0.25, (len(keys), n_paths, 1))
    paths = rng.poisson(mean * level, (len(keys), n_paths, horizon)).astype(np.float32)
    return Forecast(keys, Periods(pd.Timestamp("2026-01-05"), horizon, "W"), paths)


def response(**more):
    return ConstantElasticity([6.0] * 3, [10.0, 20.0, 40.0], [-2.0, -2.5, -1.5], keys=KEYS, **more)


def state(**more):
    return KEYS.assign(**({"on_hand": [50, 40, 60], "salvage_value": 1.0} | more))


def test_more_stock_earns_more():
    totals = [
        plan_markdowns(season(), response(), state(on_hand=[n, n, n])).prices["expected_profit"]
        for n in (8, 16, 24)
    ]
    assert (totals[1] > totals[0]).all()
    assert (totals[2] > totals[1]).all()


def test_prices_keep_the_rules_on_all_dates():
    rules = MarkdownRules(every=2, smallest_step=0.15, largest_step=0.35, lowest_share=0.4)
    plan = plan_markdowns(season(), response(), state(on_hand=[200, 200, 200]), rules=rules)
    for _, path in plan.path.groupby("item_id"):
        price = path["mean_price"].to_numpy()
        assert (np.diff(price) <= 1e-9).all()
        assert price[1] == pytest.approx(price[0])
        assert price[3] == pytest.approx(price[2])
    change = plan.prices["change"]
    assert ((change == 0) | ((change <= -0.15 + 1e-9) & (change >= -0.35 - 1e-9))).all()
    lowest = plan.path.groupby("item_id")["price"].min()
    assert (lowest.loc[ITEMS].to_numpy() >= 0.4 * np.array([10, 20, 40]) - 1e-9).all()


def test_dates_of_change_are_kept():
    rules = MarkdownRules(dates=["2026-01-20"])
    plan = plan_markdowns(season(), response(), state(on_hand=[200, 200, 200]), rules=rules)
    assert (plan.prices["price"] == plan.prices["current_price"]).all()
    second = plan.path[plan.path["date"] == "2026-01-12"]["mean_price"].to_numpy()
    third = plan.path[plan.path["date"] == "2026-01-19"]["mean_price"].to_numpy()
    assert (third < second).all()


def test_money_adds_up():
    plan = plan_markdowns(season(), response(), state(unit_cost=3.0, holding_cost=0.0))
    told = plan.prices
    money = told["expected_revenue"] + told["expected_salvage"] - 3.0 * told["on_hand"]
    assert told["expected_profit"].to_numpy() == pytest.approx(money.to_numpy())
    units = plan.path.groupby("item_id")["expected_units"].sum().loc[ITEMS].to_numpy()
    assert units == pytest.approx(told["expected_units"].to_numpy(), rel=1e-5)
    assert (told["bound"] >= told["expected_profit"]).all()
    gained = told["expected_profit"] - told["unchanged_profit"]
    assert told["gain_on_unchanged"].to_numpy() == pytest.approx(gained.to_numpy())


def test_lines_without_a_choice_keep_their_price_and_say_why():
    evidence = Evidence(
        np.array([True, False, True]),
        np.array(["", "its price never moved", ""], object),
        np.full(3, np.nan),
        np.full(3, np.nan),
    )
    more = pd.DataFrame({"item_id": ["sock"], "on_hand": [5], "current_price": [3.0]})
    table = pd.concat([state(on_hand=[50, 40, 0]), more], ignore_index=True)
    plan = plan_markdowns(season(), response(evidence=evidence), table)
    told = plan.prices.set_index("item_id")
    assert "never moved" in told.loc["hat", "why"]
    assert "nothing is on hand" in told.loc["shoe", "why"]
    assert "no forecast" in told.loc["sock", "why"]
    for item in ("hat", "shoe", "sock"):
        assert told.loc[item, "price"] == told.loc[item, "current_price"]
    assert np.isfinite(told.loc["hat", "expected_profit"])
    assert told.loc["hat", "gain_on_unchanged"] == 0
    assert np.isnan(told.loc["shoe", "expected_profit"])
    over = plan_markdowns(season(), response(), state(periods_left=[0, 5, 5]))
    assert "no period is left" in over.prices["why"].iloc[0]


def test_prices_that_the_data_has_not_seen_are_marked():
    evidence = Evidence(
        np.ones(3, bool), np.full(3, "", object), np.array([9.0, 1, 1]), np.array([11.0, 50, 50])
    )
    plan = plan_markdowns(season(), response(evidence=evidence), state(on_hand=[300, 300, 300]))
    assert plan.prices["seen"].tolist() == [False, True, True]


def test_locations_share_the_response_of_their_item():
    keys = pd.DataFrame({"item_id": ["coat", "coat", "hat"], "location_id": ["n", "s", "n"]})
    table = keys.assign(on_hand=[20, 90, 30], on_order=[5, 0, 0], lead_time=2)
    plan = plan_markdowns(season(keys), response(), table)
    assert plan.prices["current_price"].tolist() == [10.0, 10.0, 20.0]
    assert plan.prices["price"].iloc[1] <= plan.prices["price"].iloc[0]
    counted = plan_markdowns(season(keys), response(), table, with_orders=True)
    assert counted.prices["on_hand"].tolist() == [25.0, 90.0, 30.0]


def test_cross_effects_leave_other_prices_as_they_are():
    coefficient = np.array([[-2.0, 0.4, 0.0], [0.3, -2.5, 0.0], [0.0, 0.0, -1.5]])
    crossed = ConstantElasticity([6.0] * 3, [10.0, 20.0, 40.0], coefficient, keys=KEYS)
    first = plan_markdowns(season(), crossed, state()).prices
    second = plan_markdowns(season(), response(), state()).prices
    pd.testing.assert_frame_equal(first, second, rtol=1e-5)


def test_a_forecast_of_a_promotion_is_brought_to_todays_price():
    plain = season()
    promoted = Forecast(plain.keys, plain.periods, plain.paths.copy())
    promoted.paths[:, :, 1] *= 4.0
    planned = np.repeat([[10.0], [20.0], [40.0]], 5, axis=1)
    planned[:, 1] *= np.array([4 ** (-1 / 2.0), 4 ** (-1 / 2.5), 4 ** (-1 / 1.5)])
    known = plan_markdowns(promoted, response(), state(), planned_prices=planned).prices
    expected = plan_markdowns(plain, response(), state()).prices
    assert known["price"].tolist() == expected["price"].tolist()
    assert known["expected_profit"].to_numpy() == pytest.approx(
        expected["expected_profit"].to_numpy(), rel=1e-3
    )


def test_the_same_on_one_thread_and_many(monkeypatch):
    keys = pd.DataFrame({"item_id": [f"item {n}" for n in range(80)]})
    many = ConstantElasticity([6.0] * 80, [10.0] * 80, np.linspace(-3, -1.2, 80), keys=keys)
    table = keys.assign(on_hand=np.arange(80) + 5.0)
    tables = []
    for cores in (1, 4):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        tables.append(plan_markdowns(season(keys), many, table).prices)
    pd.testing.assert_frame_equal(*tables)


def test_a_response_that_sells_nothing_today():
    nothing = Linear([0.0, 6.0, 6.0], [10.0, 20.0, 40.0], [-1.0, -0.5, -0.2], keys=KEYS)
    plan = plan_markdowns(season(), nothing, state())
    assert "no sales at today's price" in plan.prices["why"].iloc[0]
    assert plan.prices["price"].iloc[0] == 10.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"on_hand": [-1, 2, 3]}, "on_hand"),
        ({"on_hand": ["many", 2, 3]}, "on_hand"),
        ({"on_hand": [np.nan, 2, 3]}, "missing"),
        ({"on_hand": [np.inf, 2, 3]}, "on_hand"),
        ({"periods_left": [9, 2, 3]}, "horizon of 5"),
        ({"periods_left": [1.5, 2, 3]}, "whole periods"),
        ({"current_price": [0, 2, 3]}, "above 0"),
        ({"current_price": [5, 2, 3], "salvage_value": [6, 1, 1]}, "not below today's price"),
        ({"holding_cost": [-1, 0, 0]}, "holding_cost"),
        ({"item_id": ["coat", "coat", "hat"]}, "share item_id"),
        ({"item_id": ["a", "b", "c"]}, "none of its 3 rows"),
    ],
)
def test_bad_states_are_refused(change, words):
    with pytest.raises(DataError, match=words):
        plan_markdowns(season(), response(), state(**change))


def test_other_bad_input_is_refused():
    with pytest.raises(DataError, match="on_hand"):
        plan_markdowns(season(), response(), KEYS)
    with pytest.raises(DataError, match="not a demand response"):
        plan_markdowns(season(), "cheap", state())
    broken = season()
    broken.paths[0, 0, 0] = np.nan
    with pytest.raises(DataError, match="not finite"):
        plan_markdowns(broken, response(), state())
    with pytest.raises(DataError, match="one path"):
        plan_markdowns(season(n_paths=1), response(), state())
    with pytest.raises(DataError, match="above zero"):
        plan_markdowns(season(), response(), state(), [5.0, -1.0])
    batches = pd.DataFrame({"item_id": ["coat"], "date": ["2026-02-01"], "units": [7]})
    with pytest.raises(DataError, match="add up to 7"):
        plan_markdowns(season(), response(), state(), batches=batches)
    with pytest.raises(DataError, match="before 2026-01-05"):
        plan_markdowns(
            season(), response(), state(), batches=batches.assign(date="2025-12-01", units=50)
        )
    with pytest.raises(DataError, match="planned prices"):
        plan_markdowns(season(), response(), state(), planned_prices=np.ones((2, 5)))
    with pytest.raises(DataError, match="smallest step"):
        MarkdownRules(smallest_step=0.5, largest_step=0.2)


def test_more_stock_than_can_be_sold_changes_nothing_but_what_is_left():
    enough = plan_markdowns(season(), response(), state(on_hand=[5_000] * 3)).prices
    heap = plan_markdowns(season(), response(), state(on_hand=[5_000_000] * 3)).prices
    assert heap["price"].tolist() == enough["price"].tolist()
    assert heap["gain_on_unchanged"].to_numpy() == pytest.approx(
        enough["gain_on_unchanged"].to_numpy(), rel=1e-6
    )
    assert (heap["gain_on_fixed"] > -0.02 * heap["expected_revenue"]).all()


def test_no_line_with_stock_and_no_demand_at_all_are_answers_too():
    empty = plan_markdowns(season(), response(), state(on_hand=0))
    assert empty.path.empty
    assert (empty.prices["price"] == empty.prices["current_price"]).all()
    quiet = plan_markdowns(season(mean=0.0), response(), state())
    assert (quiet.prices["price"] == quiet.prices["current_price"]).all()
    assert (quiet.prices["expected_left"] == quiet.prices["on_hand"]).all()
