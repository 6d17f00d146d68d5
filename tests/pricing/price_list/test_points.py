"""Price points: every price that ends as asked, and no other."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing.price_list import best_price, points_around, price_points, what_if
from newretail_ml.pricing.price_list.points import ladders_of
from newretail_ml.pricing.response import ConstantElasticity, Linear, SemiLog


@pytest.mark.parametrize(
    ("ending", "fits"),
    [
        (None, lambda text: True),
        (".x9", lambda text: text.endswith("9")),
        (".99", lambda text: text.endswith(".99")),
        ((".49", ".99"), lambda text: text.endswith((".49", ".99"))),
        ("9.99", lambda text: text.endswith("9.99")),
        (0.95, lambda text: text.endswith(".95")),
    ],
)
def test_endings_are_those_of_the_written_prices(ending, fits):
    cents = [f"{cent / 100:.2f}" for cent in range(737, 2013)]
    expected = [float(text) for text in cents if fits(text)]
    assert price_points(7.37, 20.12, ending)[0].tolist() == expected


@pytest.mark.parametrize(
    ("bounds", "ending", "coin", "expected"),
    [
        ((1, 3), ".95", 0.05, [1.95, 2.95]),
        ((1, 3), ".75", 0.25, [1.75, 2.75]),
        ((1000, 3000), "900", 100, [1900, 2900]),
    ],
)
def test_endings_hold_whatever_the_coin(bounds, ending, coin, expected):
    assert price_points(*bounds, ending, coin=coin)[0].tolist() == expected


def test_an_ending_that_the_coin_cannot_reach_is_refused():
    with pytest.raises(DataError, match="ends in"):
        price_points(1, 3, ".x9", coin=0.02)


def test_points_are_fine_around_a_price_far_below_a_coin():
    points = points_around([1e-9])[0]
    assert 1e-9 in points
    assert 0.79e-9 < points[0] < points[-1] < 1.21e-9
    assert len(points) == 21


def test_whole_money_has_endings_as_well():
    assert price_points(150, 420, "98", coin=1)[0].tolist() == [198.0, 298.0, 398.0]


@pytest.mark.parametrize(
    "given",
    [
        (0.0, 1.0, None),
        (1.0, np.inf, None),
        (2.0, 1.0, None),
        (1.01, 1.05, ".x9"),
        (1.0, 2.0, ".9x"),
        (1.0, 2.0, ".9"),
        (1.0, 2.0, "nine"),
        (1.0, 1e9, None),
    ],
)
def test_points_that_cannot_be_are_errors(given):
    with pytest.raises(DataError):
        price_points(*given)


def test_steps_around_hold_the_price_itself_and_are_fine_where_prices_are_small():
    prices = np.array([2.0, 0.0463, 17.99, 0.03])
    points = points_around(prices, down=0.1, up=0.1, step=0.02)
    for price, row in zip(prices, points, strict=True):
        row = row[~np.isnan(row)]
        assert price in row
        assert (np.diff(row) > 0).all()
        assert row[0] >= 0.85 * price or row[0] == 0.01
    assert len(np.unique(points[1][~np.isnan(points[1])])) > 5


def test_a_frame_of_points_is_matched_by_any_keys():
    keys = pd.DataFrame({"item_id": ["a", "b", "a"], "location_id": ["1", "1", "2"]})
    frame = pd.DataFrame({"item_id": ["b", "a", "a"], "price": [3.0, 2.0, 1.0]})
    ladder = ladders_of(frame, keys, np.ones(3))
    assert np.nansum(ladder, axis=1).tolist() == [3.0, 3.0, 3.0]
    assert ladder[0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("kind", [ConstantElasticity, SemiLog, Linear])
@pytest.mark.parametrize("stock", [None, 30.0])
def test_closed_forms_are_the_best_of_a_fine_grid(kind, stock):
    rng = np.random.default_rng(3)
    own = -rng.uniform(1.3, 3.0, 8) * (15.0 if kind is Linear else 1.0)
    response = kind(rng.uniform(30, 60, 8), rng.uniform(2, 3, 8), own)
    cost = rng.uniform(0.5, 1.5, 8)
    found = best_price(response, cost, lowest=1.0, highest=6.0, stock=stock)
    grid = np.linspace(1.0, 6.0, 20_001)[:, None] * np.ones(8)
    units = np.minimum(response.units(grid), np.inf if stock is None else stock)
    best = ((grid - cost) * units).max(axis=0)
    assert (found["profit"].to_numpy() >= best * (1 - 1e-9)).all()
    # The grid may miss the price that sells the stock by a step.
    assert (found["profit"].to_numpy() <= best + np.diff(grid[:2, 0]) * units.max(axis=0)).all()


def test_products_that_touch_have_no_closed_form():
    response = Linear([80.0, 70.0], [10.0, 9.0], [[-2.0, 0.5], [0.5, -2.0]])
    with pytest.raises(DataError, match="cross effects"):
        best_price(response, 5.0)


def test_curves_of_what_if_are_those_of_the_response():
    response = Linear([80.0, 70.0], [10.0, 9.0], [[-2.0, 0.5], [0.5, -2.0]])
    curve = what_if(response, 5.0, {"item_id": "2"}, shares=[0.9, 1.0, 1.2])
    assert curve["item_id"].tolist() == ["2"] * 3
    for row in curve.itertuples():
        units = response.units(np.array([10.0, row.price]))
        assert row.units == pytest.approx(units[1])
        assert row.total_profit == pytest.approx(units @ (np.array([10.0, row.price]) - 5.0))
        assert row.profit_lower <= row.profit <= row.profit_upper
    both = what_if(response, 5.0, shares=[1.1], together=True)
    assert both["units"].tolist() == response.units(np.array([11.0, 9.9])).tolist()
