"""Protection levels: published figures, all levels tried, and order of the answers."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel.periods import Periods
from newretail_ml.replenishment.demand import DiscreteDemand, NormalDemand, PoissonDemand
from newretail_ml.replenishment.omnichannel import (
    emsr_b,
    littlewood,
    optimal_protection,
    paths_margin,
    protection_levels,
    protection_margin,
)

WEEK = Periods.spanning("2026-01-05", "2026-01-05", "W")
mean = st.floats(0.3, 5)


def test_published_levels():
    """Talluri and van Ryzin (2004), section 2.2: optimum 16.7, 42.5, 72.3 by simulation."""
    parameters = [(17.3, 5.8), (45.1, 15.0), (39.6, 13.2), (34.0, 11.3)]
    demands, fares = [NormalDemand(*one) for one in parameters], [1050, 567, 534, 520]
    assert emsr_b(demands, fares) == pytest.approx([16.7, 50.9, 83.2], abs=0.05)
    best = optimal_protection(demands, fares, 110)
    assert best.levels == pytest.approx([16.7, 42.5, 72.3], abs=1.0)
    heuristic = protection_margin(emsr_b(demands, fares), demands, fares, 110)
    assert 0 < 1 - heuristic / best.margin < 0.005


@given(st.tuples(mean, mean, mean), st.tuples(*[st.floats(1, 9)] * 3), st.integers(0, 8))
@settings(max_examples=20, deadline=None)
def test_optimum_against_all_levels(means, margins, stock):
    margins = sorted(margins, reverse=True)
    demands = [PoissonDemand(one) for one in means]
    best = optimal_protection(demands, margins, stock)
    tried = [
        protection_margin(levels, demands, margins, stock)
        for levels in product(range(stock + 1), repeat=2)
        if levels[0] <= levels[1]
    ]
    assert best.margin == pytest.approx(max(tried))
    assert protection_margin(best.levels, demands, margins, stock) == pytest.approx(best.margin)
    two = optimal_protection(demands[:2], margins[:2], stock)
    rule = min(littlewood(demands[0], *margins[:2]), stock)
    assert protection_margin([rule], demands[:2], margins[:2], stock) == pytest.approx(two.margin)


@given(st.lists(st.integers(0, 4), min_size=4, max_size=4), st.integers(0, 6), st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_margin_of_a_policy_on_all_joint_outcomes(values, stock, level):
    first, second = np.unique(values[:2]), np.unique(values[2:])
    outcomes = np.array(list(product(first, second))).T
    demands = [DiscreteDemand(part, np.full(len(part), 1 / len(part))) for part in (first, second)]
    exact = protection_margin([level], demands, [5, 3], stock)
    assert paths_margin(np.array([level]), outcomes, [5, 3], stock) == pytest.approx(exact)


@given(mean, st.floats(1, 9), st.floats(1, 9), st.floats(1, 3))
@settings(max_examples=50, deadline=None)
def test_more_is_kept_for_a_better_margin(units, one, other, factor):
    better, lesser = max(one, other), min(one, other)
    demand = PoissonDemand(units)
    kept = littlewood(demand, better, lesser)
    assert littlewood(demand, better * factor, lesser) >= kept
    assert emsr_b([demand, demand], [better, lesser]).tolist() == [kept]


def forecast_of(paths, channels):
    keys = pd.DataFrame({"item_id": "tea", "channel": channels})
    return Forecast(keys, WEEK, np.asarray(paths, np.float32)[:, :, None])


@given(st.integers(0, 1000), st.floats(1, 9), st.floats(1, 9))
@example(113, 3.0, 3.0)
@settings(max_examples=30, deadline=None)
def test_table_of_two_channels_is_littlewoods_rule(seed, one, other):
    paths = np.random.default_rng(seed).poisson([[3.0], [5.0]], (2, 60))
    margins = pd.DataFrame({"channel": ["store", "online"], "margin": [one, other]})
    found = protection_levels(forecast_of(paths, ["store", "online"]), margins)
    better = DiscreteDemand.from_samples(paths[0 if one >= other else 1])
    assert found["kept_for_better"].tolist() == [
        0,
        littlewood(better, max(one, other), min(one, other)),
    ]


def test_table_of_three_channels():
    paths = np.random.default_rng(0).poisson([[3.0], [5.0], [4.0]], (3, 400))
    margins = pd.DataFrame({"channel": ["a", "b", "c"], "margin": [5.0, 9.0, 4.0]})
    stock = pd.DataFrame({"item_id": ["tea"], "on_hand": [7]})
    found = protection_levels(forecast_of(paths, ["a", "b", "c"]), margins, stock=stock)
    assert found["channel"].tolist() == ["b", "a", "c"]
    assert found["method"].tolist() == ["none", "Littlewood's rule", "EMSR-b"]
    assert found["kept_for_better"].is_monotonic_increasing
    assert found["on_hand"].tolist() == [7, 7, 7]
    assert found["offered"].tolist() == (7 - found["kept_for_better"]).clip(lower=0).tolist()
    average = np.average([9, 5], weights=[paths[1].mean(), paths[0].mean()])
    both = DiscreteDemand.from_samples(paths[0] + paths[1])
    assert found["kept_for_better"].iloc[2] == both.quantile(1 - 4 / average)


def test_the_last_unit_is_one():
    margins = pd.DataFrame({"channel": ["store", "online"], "margin": [4.0, 2.0]})
    for units, words in ((1, "the last unit is expected"), (3, "the last 3 units are expected")):
        forecast = forecast_of(np.full((2, 5), units), ["store", "online"])
        table = protection_levels(forecast, margins)
        assert table["why"].iloc[1].startswith(words)
        assert "on_hand" not in table


PATHS = forecast_of(np.ones((2, 3)), ["store", "online"])
GOOD = pd.DataFrame({"channel": ["store", "online"], "margin": [4.0, 2.0]})


@pytest.mark.parametrize(
    "make",
    [
        lambda: littlewood(PoissonDemand(3), 4, 5),
        lambda: littlewood(PoissonDemand(3), 4, 0),
        lambda: emsr_b([PoissonDemand(3)], [4]),
        lambda: emsr_b([PoissonDemand(3)] * 2, [4, np.nan]),
        lambda: optimal_protection([PoissonDemand(3)] * 2, [4, 3], -1),
        lambda: protection_margin([1, 2], [PoissonDemand(3)] * 2, [4, 3], 5),
        lambda: protection_levels(PATHS, GOOD.head(1)),
        lambda: protection_levels(PATHS, GOOD.assign(margin=[4, -1])),
        lambda: protection_levels(PATHS, pd.concat([GOOD, GOOD])),
        lambda: protection_levels(PATHS, GOOD, periods=9),
        lambda: protection_levels(PATHS, GOOD, stock=pd.DataFrame({"item_id": [], "on_hand": []})),
        lambda: protection_levels(PATHS.sum_by(["item_id"]), GOOD),
    ],
)
def test_wrong_input(make):
    with pytest.raises(DataError):
        make()
