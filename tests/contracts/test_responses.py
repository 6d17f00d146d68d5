"""One suite for every demand response, whatever it was made from."""

import numpy as np
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing import ConstantElasticity, DemandResponse, Linear, SemiLog
from newretail_ml.pricing.choice import LatentClassLogit, MultinomialLogit, NestedLogit

PRICES = np.array([2.0, 3.0, 2.5])
UNITS = np.array([100.0, 40.0, 70.0])
CROSS = np.array([[-2.5, 0.4, 0.2], [0.5, -3.0, 0.3], [0.1, 0.2, -1.8]])


def around(coefficient: np.ndarray) -> np.ndarray:
    """Draws around a coefficient, cross effects that are zero left at zero."""
    noise = np.random.default_rng(0).normal(0, 0.1, (50, *coefficient.shape))
    return coefficient * (1 + noise)


RESPONSES = {
    "constant elasticity": ConstantElasticity(
        UNITS, PRICES, np.diagonal(CROSS), draws=around(np.diagonal(CROSS)), level_error=0.1
    ),
    "constant elasticity, cross": ConstantElasticity(UNITS, PRICES, CROSS, draws=around(CROSS)),
    "semi-log": SemiLog(UNITS, PRICES, CROSS / PRICES, draws=around(CROSS / PRICES)),
    "semi-log, own": SemiLog(UNITS, PRICES, np.diagonal(CROSS) / PRICES),
    "linear": Linear(UNITS, PRICES, CROSS * UNITS[:, None] / PRICES, level_error=0.1),
    "linear, own": Linear(UNITS, PRICES, np.diagonal(CROSS) * UNITS / PRICES),
    "multinomial": MultinomialLogit(
        [2.0, 2.5, 1.0],
        [-1.2, -1.5, -0.9],
        PRICES,
        market_size=500,
        draws=around(np.array([-1.2, -1.5, -0.9])),
        level_error=0.1,
    ),
    "multinomial, markets": MultinomialLogit(
        [1.0, 1.0, 2.0], -1.1, PRICES, market_size=[90, 50, 90], market=["a", "b", "a"]
    ),
    "nested": NestedLogit(
        [2.0, 2.5, 1.0],
        -1.2,
        ["x", "y", "x"],
        [0.6, 0.8, 0.6],
        PRICES,
        market_size=500,
        draws=around(np.array([-1.2])),
        dissimilarity_draws=np.linspace(0.9, 1.1, 50)[:, None] * [0.6, 0.8, 0.6],
        level_error=0.05,
    ),
    "latent classes": LatentClassLogit(
        [0.3, 0.7],
        [[2.0, 1.0, 3.0], [2.0, 4.0, 1.0]],
        [-0.7, -1.9],
        PRICES,
        market_size=500,
        draws=[
            LatentClassLogit(
                [0.3 + 0.05 * step, 0.7 - 0.05 * step],
                [[2.0, 1.0, 3.0 + step], [2.0, 4.0 - step, 1.0]],
                [-0.7 - 0.1 * step, -1.9],
                PRICES,
            )
            for step in (-1.0, -0.5, 0.0, 0.5, 1.0)
        ],
    ),
}


@pytest.fixture(params=RESPONSES.values(), ids=RESPONSES.keys())
def response(request) -> DemandResponse:
    return request.param


def test_units_have_the_shape_of_the_prices(response):
    for shape in ((3,), (5, 3), (4, 5, 3)):
        units = response.units(np.broadcast_to(response.prices, shape))
        assert units.shape == shape
        assert np.isfinite(units).all()
        assert (units >= 0).all()
        assert np.allclose(units, response.units(response.prices))


def test_nothing_is_bought_more_because_it_is_dearer(response):
    for product in range(response.n_products):
        dearer = response.prices.copy()
        dearer[product] *= 1.1
        assert response.units(dearer)[product] < response.units(response.prices)[product]


def test_elasticities_are_the_slopes_of_log_units(response):
    step = 1e-6
    for prices in (response.prices, response.prices * [1.05, 0.95, 1.1]):
        up = prices * np.exp(step * np.eye(3))
        down = prices * np.exp(-step * np.eye(3))
        slopes = (np.log(response.units(up)) - np.log(response.units(down))).T / (2 * step)
        assert response.elasticities(prices) == pytest.approx(slopes, abs=1e-4)
        own = response.own_elasticities(prices)
        assert own == pytest.approx(np.diagonal(response.elasticities(prices)))
        assert own.flags.writeable


def test_it_says_whether_products_meet(response):
    dearer = response.prices * [1.2, 1.0, 1.0]
    change = response.units(dearer) - response.units(response.prices)
    assert response.separable == bool(np.allclose(change[1:], 0))


def test_samples_repeat_by_seed_and_stay_in_order(response):
    first, again, other = (response.sample(20, seed) for seed in (1, 1, 2))
    prices = response.prices * 0.9
    units = [np.array([one.units(prices) for one in each]) for each in (first, again, other)]
    assert (units[0] == units[1]).all()
    assert units[0].shape == (20, 3)
    uncertain = np.ptp(units[0], axis=0).any()
    assert uncertain == bool((units[0] != units[2]).any())
    assert np.exp(np.log(units[0]).mean(axis=0)) == pytest.approx(response.units(prices), rel=0.2)


def test_every_sample_falls_with_its_own_price(response):
    for one in response.sample(30):
        assert (one.own_elasticities() <= 0).all()


@pytest.mark.parametrize("factor", [1.0, 0.8])
def test_anchored_goes_through_the_point_and_keeps_elasticities_there(response, factor):
    prices, units = response.prices * factor, np.array([10.0, 0.5, 300.0])
    moved = response.anchored(units, prices)
    assert moved.units(prices) == pytest.approx(units)
    assert type(moved) is type(response)
    assert (moved.prices == response.prices).all()
    if not response.separable and "Logit" in type(response).__name__:
        return
    assert moved.elasticities(prices) == pytest.approx(response.elasticities(prices))


def test_anchored_stays_as_unsure_as_it_was(response):
    def spread(one):
        return np.std([np.log(each.units(one.prices * 0.9)) for each in one.sample(40)], axis=0)

    moved = response.anchored(response.units(response.prices))
    assert spread(moved) == pytest.approx(spread(response))


@pytest.mark.parametrize(
    "prices", [[0.0, 1, 1], [-1.0, 1, 1], [np.nan, 1, 1], [np.inf, 1, 1], [1.0, 1], 1.0, "abc"]
)
def test_prices_that_are_none_are_refused(response, prices):
    with pytest.raises(DataError, match="price"):
        response.units(prices)


def test_profit_is_margin_times_units(response):
    cost = np.array([1.0, 1.0, 2.0])
    expected = ((response.prices - cost) * response.units(response.prices)).sum()
    assert response.profit(response.prices, cost) == pytest.approx(expected)


def test_its_picture_in_words(response):
    assert repr(response).endswith("(3 products, 3 identified)")
