"""Another plan, another forecast, without a new fit: the response goes the right way."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from newretail_ml import columns as c
from newretail_ml.forecasting import LightGBMForecaster
from tests.forecasting.worlds import panel_of

ELASTICITY, UPLIFT = -2.0, 1.5
HORIZON, CUT, N_SERIES = 7, 200, 60


def priced_panel(seed=0):
    """Poisson demand with a known response to prices up to 40% off, and to promotions of a day."""
    random = np.random.default_rng(seed)
    shape = N_SERIES, CUT + HORIZON
    regular = random.uniform(2.0, 20.0, (N_SERIES, 1))
    off = np.where(random.random(shape) < 0.3, random.uniform(0.0, 0.4, shape), 0.0)
    promotion = (random.random(shape) < 0.1).astype(np.float32)
    off[:, CUT:] = promotion[:, CUT:] = 0.0
    mean = random.uniform(5.0, 30.0, (N_SERIES, 1)) * (1 - off) ** ELASTICITY * UPLIFT**promotion
    panel = panel_of(random.poisson(mean[:, :CUT])).reaching(CUT + HORIZON)
    price = (regular * (1 - off)).astype(np.float32)
    return replace(panel, plans={c.PRICE: price, c.PROMOTION: promotion})


def planned_price(panel):
    return panel.plans[c.PRICE][:, CUT:]


@pytest.fixture(scope="module")
def panel():
    return priced_panel()


@pytest.fixture(scope="module", params=["direct", "recursive"])
def model(request, panel):
    return LightGBMForecaster(
        HORIZON, strategy=request.param, max_rounds=150, num_leaves=15, n_threads=1
    ).fit(panel)


def test_a_lower_price_never_lowers_the_mean_of_any_day(model, panel):
    prices = planned_price(panel)
    means = [model.mean(HORIZON, price=share * prices) for share in (1.3, 1.1, 1.0, 0.9, 0.7, 0.5)]
    # A recursive model takes more units for a rising demand, whose features are not constrained.
    slack = 1e-9 if model.strategy == "direct" else 0.02
    for dearer, cheaper in pairwise(means):
        assert (cheaper >= dearer * (1 - slack)).all()


def test_a_fifth_off_raises_units_by_what_was_learned(model, panel):
    before = model.mean(HORIZON)[:, 0].sum()
    after = model.mean(HORIZON, price=0.8 * planned_price(panel))[:, 0].sum()
    assert after / before == pytest.approx(0.8**ELASTICITY, rel=0.1)


def test_a_promotion_raises_units_by_what_was_learned(model):
    ratio = model.mean(HORIZON, promo=1.0)[:, 0].sum() / model.mean(HORIZON)[:, 0].sum()
    assert ratio == pytest.approx(UPLIFT, rel=0.1)


def test_paths_follow_the_plan(model, panel):
    price = 0.8 * planned_price(panel)
    paths, mean = model.forecast(HORIZON, price=price), model.mean(HORIZON, price=price)
    assert paths.mean().sum() == pytest.approx(mean.sum(), rel=0.02)
    assert paths.mean().sum() > 1.2 * model.forecast(HORIZON).mean().sum()


def test_only_the_constraint_keeps_noise_from_pointing_the_wrong_way():
    """Where price does not matter, a free model bends both ways, and a constrained one neither."""
    panel = priced_panel(1)
    random = np.random.default_rng(1)
    panel = replace(panel, units=random.poisson(8.0, panel.units.shape).astype(np.float32))
    prices, wrong = planned_price(panel), {}
    for constrained in (True, False):
        model = LightGBMForecaster(
            HORIZON, monotone_price=constrained, max_rounds=80, num_leaves=31, n_threads=1
        ).fit(panel)
        high, low = (model.mean(HORIZON, price=share * prices) for share in (1.0, 0.8))
        wrong[constrained] = (low < high - 1e-9).mean()
    assert wrong[True] == 0
    assert wrong[False] > 0
