"""Each wrong table or array is a clear error that names it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay import base_stock_policy, replay

TERMS = pd.DataFrame(
    {
        "item_id": ["tea", "jam"],
        "on_hand": [3.0, 4.0],
        "lead_time": [1.0, 2.0],
        "review_period": [1.0, 1.0],
        "holding_cost": [1.0, 1.0],
        "shortage_cost": [9.0, 9.0],
    }
)
DEMAND = np.ones((2, 5))


def play(demand=DEMAND, terms=TERMS, **rules):
    return replay(base_stock_policy(5), demand, terms, baseline=None, progress=False, **rules)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("on_hand", -1),
        ("on_hand", np.nan),
        ("on_hand", "many"),
        ("on_hand", np.inf),
        ("on_order", -2),
        ("lead_time", np.nan),
        ("lead_time", 1.5),
        ("lead_time", -1),
        ("review_period", 0),
        ("first_review", -1),
        ("pack_size", 0),
        ("pack_size", -3),
        ("holding_cost", -1),
        ("shortage_cost", -1),
        ("order_cost", np.inf),
        ("transport_cost", -1),
        ("volume", -1),
        ("unit_price", "dear"),
    ],
)
def test_a_wrong_value_is_named(column, value):
    values = pd.Series([1, value], dtype=object)
    with pytest.raises(DataError, match=rf"terms\.{column}.*row 1"):
        play(terms=TERMS.assign(**{column: values}))


@pytest.mark.parametrize(
    "column", ["item_id", "on_hand", "lead_time", "review_period", "holding_cost", "shortage_cost"]
)
def test_a_missing_column_is_named(column):
    with pytest.raises(DataError, match=rf"terms\.{column}: the column is missing"):
        play(terms=TERMS.drop(columns=column))


def test_an_unknown_column_is_named_with_the_one_that_was_meant():
    with pytest.raises(DataError, match=r"holding_costs.*Did you mean holding_cost\?"):
        play(terms=TERMS.assign(holding_costs=1))


def test_shortage_costs_the_margin_where_it_is_not_told():
    terms = TERMS.assign(unit_price=5.0, unit_cost=[3.0, 6.0])
    terms = play(terms=terms.assign(shortage_cost=[np.nan, np.nan])).setting.terms
    assert terms["shortage_cost"].tolist() == [2.0, 0.0]


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ({"shelf_life": [0, 2], "unit_cost": 1}, "shelf_life"),
        ({"shelf_life": [1.5, 2], "unit_cost": 1}, "shelf_life"),
        ({"shelf_life": [2, np.nan]}, "unit_cost"),
        ({"shelf_life": 2, "unit_cost": 1, "salvage_value": 2}, "salvage_value"),
        ({"item_id": ["tea", "tea"]}, "share item_id"),
    ],
)
def test_terms_that_contradict_themselves(columns, match):
    with pytest.raises(DataError, match=match):
        play(terms=TERMS.assign(**columns))


@pytest.mark.parametrize("terms", [None, TERMS.iloc[:0], TERMS.iloc[:1], "terms"])
def test_terms_for_no_or_other_series(terms):
    with pytest.raises(DataError, match="terms"):
        play(terms=terms)


@pytest.mark.parametrize(
    "demand",
    [
        np.ones(3),
        np.ones((2, 0)),
        np.ones((2, 2, 2, 2)),
        np.array([[1, np.nan], [1, 1]]),
        np.array([[1, -1], [1, 1]]),
        np.array([[1, np.inf], [1, 1]]),
        [["a", "b"], ["c", "d"]],
        None,
    ],
)
def test_demand_that_is_none(demand):
    with pytest.raises(DataError, match="demand"):
        play(demand)


@pytest.mark.parametrize("rules", [{"start": 5}, {"start": -1}, {"start": "2026-01-01"}])
def test_a_start_outside_the_demand(rules):
    with pytest.raises(DataError, match="start"):
        play(**rules)


@pytest.mark.parametrize(
    "rules", [{"issuing": "newest"}, {"warm_up": 5}, {"warm_up": -1}, {"warm_up": 1.5}]
)
def test_rules_that_do_not_exist(rules):
    with pytest.raises(DataError):
        play(**rules)


@pytest.mark.parametrize(
    "due",
    [
        np.ones((3, 2)),
        -np.ones((2, 2)),
        np.ones(2),
        pd.DataFrame({"item_id": ["tea"], "units": [1]}),
        pd.DataFrame({"item_id": ["salt"], "period": [1], "units": [1]}),
        pd.DataFrame({"item_id": ["tea"], "period": [-1], "units": [1]}),
        pd.DataFrame({"item_id": ["tea"], "period": [0.5], "units": [1]}),
        pd.DataFrame({"item_id": ["tea"], "period": [1], "units": [np.nan]}),
    ],
)
def test_open_orders_that_cannot_be(due):
    with pytest.raises(DataError, match="due"):
        play(due=due)


def test_open_orders_must_add_up_to_on_order():
    with pytest.raises(DataError, match="on_order"):
        play(terms=TERMS.assign(on_order=[3, 0]), due=np.array([[1.0, 1.0], [0.0, 4.0]]))
    outcome = play(terms=TERMS.assign(on_order=[3, 2]))
    assert outcome.received[:, 0].tolist() == [3.0, 2.0]


SHOPS = TERMS.assign(location_id=["S1", "S2"])


@pytest.mark.parametrize(
    ("terms", "capacity"),
    [
        (SHOPS, pd.DataFrame({"location_id": ["S1"]})),
        (SHOPS, pd.DataFrame({"units": [5]})),
        (SHOPS, pd.DataFrame({"location_id": ["S9"], "units": [5]})),
        (SHOPS, pd.DataFrame({"location_id": ["S1", "S1"], "units": [5, 6]})),
        (SHOPS, pd.DataFrame({"location_id": ["S1"], "units": [-5]})),
        (SHOPS, pd.DataFrame({"location_id": ["S1"], "units": ["some"]})),
        (SHOPS, pd.DataFrame({"location_id": ["S1"], "volume": [5]})),
        (TERMS, pd.DataFrame({"units": [5, 6]})),
    ],
)
def test_capacity_that_cannot_be(terms, capacity):
    with pytest.raises(DataError, match=r"capacity|volume"):
        play(terms=terms, capacity=capacity)


def panel():
    frame = pd.DataFrame({"item_id": ["tea"] * 6 + ["jam"] * 6, "units": [2.0] * 12})
    dates = pd.date_range("2026-01-01", periods=6)
    return Panel.from_frame(frame.assign(date=[*dates, *dates]))


def test_censored_sales_are_never_taken_for_demand():
    sold_out = panel()
    sold_out.censored[0, 4] = True
    with pytest.raises(DataError, match="stock ran out"):
        play(sold_out, start=3)
    play(sold_out, start=5)


def test_unknown_units_are_no_demand():
    gap = panel()
    gap.units[1, 4] = np.nan
    with pytest.raises(DataError, match="unknown"):
        play(gap, start=3)
    before_launch = replace(panel(), launch=np.array([5, 0]))
    before_launch.units[0, :5] = np.nan
    assert play(before_launch, start=3).demand[0].tolist() == [0.0, 0.0, 2.0]


def test_a_panel_needs_terms_for_each_series():
    with pytest.raises(DataError, match="1 series of the demand have no row, the first is jam"):
        play(panel(), TERMS.iloc[:1])
    swapped = TERMS.iloc[::-1]
    assert play(panel(), swapped).setting.terms["item_id"].tolist() == ["jam", "tea"]
    with pytest.raises(DataError, match="not a date"):
        play(panel(), start="soon")
    with pytest.raises(DataError, match="cannot start"):
        play(panel(), start="2027-01-01")
