"""The chance in demand, against scipy and against its own claims."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from newretail_ml.world import ChainConfig, make_chain
from newretail_ml.world.draws import draw_demand, first_level, next_level


@given(
    rate=st.floats(0.001, 300),
    dispersion=st.floats(0.5, 20),
    uniform=st.lists(st.floats(0, 0.999999), min_size=1, max_size=20),
)
def test_draws_equal_the_quantiles_of_scipy(rate, dispersion, uniform):
    drawn = draw_demand(np.full(len(uniform), rate), np.array(dispersion), np.array(uniform))
    law = nbinom(dispersion, dispersion / (dispersion + rate))
    assert (law.cdf(drawn) >= np.array(uniform) - 1e-9).all()
    assert (law.cdf(drawn - 1) <= np.array(uniform) + 1e-9).all()


@given(
    low=st.floats(0, 100),
    more=st.floats(0, 100),
    uniform=st.floats(0, 0.9999),
    dispersion=st.floats(0.5, 20),
)
def test_a_higher_rate_never_gives_less(low, more, uniform, dispersion):
    two = draw_demand(np.array([low, low + more]), np.array(dispersion), np.full(2, uniform))
    assert two[0] <= two[1]


def test_draws_have_the_promised_mean_and_variance():
    uniform = np.random.default_rng(0).random(200_000)
    drawn = draw_demand(np.full(len(uniform), 6.0), np.array(3.0), uniform)
    assert drawn.mean() == pytest.approx(6, rel=0.02)
    assert drawn.var() == pytest.approx(6 + 6**2 / 3, rel=0.03)


def test_draws_of_extreme_rates_are_finite():
    drawn = draw_demand(np.array([0.0, 1e5]), np.array(2.0), np.array([1 - 2**-53, 0.5]))
    assert drawn[0] == 0
    assert 1e4 < drawn[1] < 1e6


def test_the_level_moves_slowly_around_a_factor_of_1():
    market = make_chain(ChainConfig(n_stores=1, n_regions=1, n_items=3, n_customers=2)).market
    rng = np.random.default_rng(1)
    path = [first_level(market, rng.standard_normal(4_000))]
    for _ in range(60):
        path.append(next_level(market, path[-1], rng.standard_normal(4_000)))
    assert np.exp(path[0]).mean() == pytest.approx(1, abs=0.03)
    assert np.exp(path[-1]).mean() == pytest.approx(1, abs=0.03)
    assert path[-1].std() == pytest.approx(market.level_spread, rel=0.05)
    assert np.corrcoef(path[-2], path[-1])[0, 1] == pytest.approx(0.98, abs=0.01)
