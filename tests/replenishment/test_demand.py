"""Demand distributions agree with scipy, with plain sums and with one another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import (
    DiscreteDemand,
    GammaDemand,
    LognormalDemand,
    NegativeBinomialDemand,
    NormalDemand,
    PoissonDemand,
    UniformDemand,
)

TWINS = [
    (NormalDemand(50, 8), stats.norm(50, 8)),
    (LognormalDemand(1.0, 0.5), stats.lognorm(0.5, scale=np.e)),
    (GammaDemand(4, 2), stats.gamma(4, scale=1)),
    (UniformDemand(2, 7), stats.uniform(2, 5)),
    (PoissonDemand(6), stats.poisson(6)),
    (NegativeBinomialDemand(6, 4), stats.nbinom(3.6, 0.375)),
]
IDS = [type(demand).__name__ for demand, _ in TWINS]


@pytest.mark.parametrize(("demand", "twin"), TWINS, ids=IDS)
def test_moments_chances_and_quantiles(demand, twin):
    assert (demand.mean, demand.sd) == pytest.approx((twin.mean(), twin.std()))
    units = np.linspace(demand.mean - 3 * demand.sd, demand.mean + 4 * demand.sd, 23)
    assert demand.cdf(units) == pytest.approx(twin.cdf(units), abs=1e-12)
    for probability in (1e-6, 0.05, 0.5, 0.9, 0.999999):
        assert demand.quantile(probability) == pytest.approx(twin.ppf(probability), rel=1e-9)


@pytest.mark.parametrize(("demand", "twin"), TWINS, ids=IDS)
def test_expected_shortage_is_the_integral_of_the_chance_to_exceed(demand, twin):
    high = twin.ppf(1 - 1e-13)
    for stock in (demand.mean - demand.sd, demand.mean + 0.5, demand.mean + 2 * demand.sd, -1.0):
        grid = np.linspace(stock, high, 400_001)
        integral = np.trapezoid(twin.sf(grid), grid)
        assert demand.expected_short(stock) == pytest.approx(integral, rel=1e-3, abs=1e-9)
        left = stock - demand.mean + demand.expected_short(stock)
        assert demand.expected_left(stock) == pytest.approx(max(left, 0))


@pytest.mark.parametrize("demand", [demand for demand, _ in TWINS[:4]], ids=IDS[:4])
def test_second_loss_is_the_integral_of_the_first(demand):
    stock = demand.mean + 0.3 * demand.sd
    grid = np.linspace(stock, demand.mean + 60 * demand.sd, 400_001)
    integral = np.trapezoid(demand.expected_short(grid), grid)
    assert demand.expected_short_above(stock) == pytest.approx(integral, rel=1e-5)


@given(st.integers(0, 40), st.floats(0.05, 60))
@settings(max_examples=60, deadline=None)
def test_poisson_sums_add_up(stock, mean):
    demand = PoissonDemand(mean)
    chances = demand.probabilities()
    assert chances.sum() == pytest.approx(1.0)
    short = np.maximum(np.arange(len(chances)) - stock, 0) @ chances
    assert demand.expected_short(stock) == pytest.approx(short, abs=1e-9)


def test_between_whole_units_the_shortage_is_a_straight_line():
    demand = NegativeBinomialDemand(3, 3)
    ends = (demand.expected_short(2) + demand.expected_short(3)) / 2
    assert demand.expected_short(2.5) == pytest.approx(ends)


def test_sums_over_periods():
    chances = PoissonDemand(2).probabilities()
    discrete = DiscreteDemand(np.arange(len(chances)), chances)
    assert discrete.over(3).cdf(7) == pytest.approx(PoissonDemand(2).over(3).cdf(7), abs=1e-10)
    assert NegativeBinomialDemand(3, 3).over(4).sd == pytest.approx(6)
    assert PoissonDemand(2).over(0).quantile(0.9) == 0


def test_certain_normal_demand():
    demand = NormalDemand(5, 0)
    assert demand.quantile(0.99) == 5
    assert demand.expected_short([4, 6]).tolist() == [1, 0]
    assert demand.cdf([4.9, 5]).tolist() == [0, 1]


def test_rounding_a_continuous_demand():
    chances = GammaDemand(4, 2).probabilities()
    assert chances[0] == pytest.approx(stats.gamma(4).cdf(0.5))
    assert chances[3] == pytest.approx(stats.gamma(4).cdf(3.5) - stats.gamma(4).cdf(2.5))


@pytest.mark.parametrize(
    ("values", "chances", "words"),
    [
        ([1, 2], [0.5, 0.6], "add up to 1.1"),
        ([1, 2], [0.5], "same length"),
        ([], [], "at least one"),
        ([1, 1], [0.5, 0.5], "each once"),
        ([1, np.inf], [0.5, 0.5], "finite"),
        ([1, 2], [1.5, -0.5], "at least zero"),
        ([1, 2], [np.nan, 1.0], "at least zero"),
    ],
)
def test_wrong_chances(values, chances, words):
    with pytest.raises(DataError, match=words):
        DiscreteDemand(values, chances)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PoissonDemand(-1),
        lambda: PoissonDemand(np.nan),
        lambda: PoissonDemand(np.inf),
        lambda: NormalDemand(1, -1),
        lambda: GammaDemand(0, 1),
        lambda: UniformDemand(2, 1),
        lambda: NegativeBinomialDemand(4, 2),
        lambda: PoissonDemand(3).quantile(1.5),
        lambda: PoissonDemand(3).quantile(1.0),
        lambda: NormalDemand(3, 1).quantile(0.0),
        lambda: DiscreteDemand.of({0.5: 1.0}).probabilities(),
        lambda: DiscreteDemand.of({1: 1.0}).over(0.5),
        lambda: LognormalDemand(1, 1).over(2),
        lambda: DiscreteDemand.from_samples([]),
    ],
)
def test_what_cannot_be(make):
    with pytest.raises(DataError):
        make()
