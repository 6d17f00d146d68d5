"""Double machine learning beside a regression that is fooled by what moves price and demand."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.double_ml import DoubleML
from newretail_ml.pricing.demand.nuisance import left_over
from newretail_ml.pricing.demand.slopes import Slopes
from tests.pricing.demand.shops import shop

TRUTH = -2.0


def heated(seed, n_weeks=300, elasticities=(TRUTH, TRUTH), n_locations=2) -> Panel:
    """Both prices and demand rise with the heat, and not along a line."""
    rng = np.random.default_rng(seed)
    heat = np.clip(1.5 * np.sin(np.arange(n_weeks) / 6.4) + rng.normal(0, 0.7, n_weeks), -3, 3)
    shape = (len(elasticities), n_locations, n_weeks)
    display = (rng.random(shape) < 0.2).astype(float)
    price = 0.15 * np.tanh(heat) - 0.15 * display + rng.normal(0, 0.08, shape)
    slope = np.array(elasticities)[:, None, None]
    rise = 0.8 * np.tanh(heat) + 0.3 * np.abs(heat) + 0.5 * display
    units = np.exp(5 + slope * price + rise + rng.normal(0, 0.2, shape))
    item, place, week = np.meshgrid(*map(np.arange, shape), indexing="ij")
    frame = pd.DataFrame(
        {
            "item_id": [f"i{number}" for number in item.ravel()],
            "location_id": [f"s{number}" for number in place.ravel()],
            "date": pd.date_range("2020-01-06", periods=n_weeks, freq="7D")[week.ravel()],
            "units": units.ravel(),
            "price": np.exp(price).ravel(),
            "heat": heat[week.ravel()],
            "display": display.ravel(),
        }
    )
    return Panel.from_frame(frame, plans=["heat", "display"])


def plain_slope(panel: Panel) -> float:
    """Log units on log prices with an effect of each series, and nothing else."""
    price, units = np.log(panel.plans["price"].astype(float)), np.log(panel.units.astype(float))
    price -= price.mean(axis=1, keepdims=True)
    return float((price * units).sum() / (price * price).sum())


@pytest.fixture(scope="module")
def tables() -> list[tuple[float, pd.Series]]:
    panels = [heated(seed) for seed in range(4)]
    return [(plain_slope(one), DoubleML(by="chain").fit(one).table_.iloc[0]) for one in panels]


def test_it_finds_the_elasticity_where_a_regression_is_fooled(tables):
    plain = np.array([slope for slope, _ in tables])
    found = np.array([row["elasticity"] for _, row in tables])
    assert (np.abs(plain - TRUTH) > 1.0).all()
    assert found.mean() == pytest.approx(TRUTH, abs=0.15)
    assert (np.abs(found - TRUTH) < 0.1 * np.abs(plain - TRUTH) + 0.15).all()


def test_its_errors_are_of_the_size_of_its_misses(tables):
    misses = np.array([(row["elasticity"] - TRUTH) / row["standard_error"] for _, row in tables])
    assert np.sqrt(np.mean(misses**2)) < 2.0
    assert all(row["low"] < row["elasticity"] < row["high"] for _, row in tables)


def test_items_have_elasticities_of_their_own_drawn_to_the_mean():
    panel = heated(1, elasticities=(-1.0, -2.0, -3.0))
    alone = DoubleML(shrink=False).fit(panel)
    drawn = DoubleML().fit(panel)
    assert alone.table_["elasticity"].to_numpy() == pytest.approx([-1, -2, -3], abs=0.4)
    assert drawn.table_["elasticity"].std() < alone.table_["elasticity"].std()
    assert drawn.table_["group"].tolist() == ["i0", "i1", "i2"]
    own = drawn.response_.own_elasticities()
    assert own == pytest.approx(np.repeat(drawn.table_["elasticity"], 2))
    draws = np.array([one.own_elasticities() for one in drawn.sample(200)])
    errors = np.repeat(drawn.table_["standard_error"], 2)
    assert draws.std(axis=0) == pytest.approx(errors, rel=0.35)


def test_it_predicts_and_repeats_for_any_number_of_threads():
    panel = shop(n_items=2, n_locations=2, n_periods=60, cross=0.0)
    model = DoubleML(by="chain", folds=2).fit(panel.until(50))
    predicted = model.predict(panel, slice(50, 60))
    gap = np.log(predicted) - np.log(panel.units[:, 50:])
    assert np.sqrt(np.mean(gap**2)) < 0.4
    again = DoubleML(by="chain", folds=2, threads=2).fit(panel.until(50))
    assert (again.predict(panel, slice(50, 60)) == predicted).all()


def test_errors_count_clusters_by_hand():
    rng = np.random.default_rng(0)
    price, cluster = rng.normal(size=60), np.arange(60) // 6
    demand = -2 * price + rng.normal(size=10)[cluster]
    found = Slopes.of(demand, price, np.zeros(60, int), cluster, np.ones(1, bool))
    slope = price @ demand / (price @ price)
    scores = [(price * (demand - slope * price))[cluster == k].sum() for k in range(10)]
    error = np.sqrt(np.sum(np.square(scores)) * 10 / 9) / (price @ price)
    assert found.elasticity[0] == pytest.approx(slope)
    assert found.error[0] == pytest.approx(error)


def test_equal_groups_are_drawn_to_one_mean_and_far_ones_stay():
    def slopes(values, error):
        ones = np.ones(len(values))
        return Slopes(np.array(values), error * ones, ones, ones, 10 * ones, 0.0, ones).shrunken()

    assert slopes([-2.0, -2.1, -1.9], 0.5).elasticity == pytest.approx([-2.0] * 3)
    assert slopes([-1.0, -2.0, -3.0], 0.01).elasticity == pytest.approx([-1, -2, -3], abs=0.01)
    assert (slopes([-1.0, -2.0, -3.0], 0.5).error < 0.5).all()


def test_what_is_left_does_not_move_with_predictions():
    rng = np.random.default_rng(0)
    predicted = rng.normal(size=(200, 2))
    targets = 1.3 * predicted + rng.normal(size=(200, 2))
    left = left_over(targets, predicted)
    assert left @ predicted == pytest.approx(np.zeros((2, 2)), abs=1e-9)


def test_a_price_that_the_controls_explain_identifies_nothing():
    panel = heated(0, n_weeks=100)
    panel.plans["price"][:] = np.exp(0.3 * panel.plans["display"] - 0.15)
    evidence = DoubleML(by="chain").fit(panel).response_.evidence
    assert not evidence.identified.any()


def test_data_that_it_cannot_use_are_refused():
    with pytest.raises(DataError, match="without a sale"):
        DoubleML().fit(shop(units=3.0, counts=True))
    with pytest.raises(DataError, match="too few"):
        DoubleML().fit(shop(n_periods=8))
    with pytest.raises(DataError, match="folds"):
        DoubleML(folds=1).fit(shop())
    with pytest.raises(DataError, match="flavour"):
        DoubleML(by="flavour").fit(shop())
