"""Worlds whose true demand is known: stock-outs must not pull forecasts down."""

from dataclasses import replace

import numpy as np
import pytest

from newretail_ml.forecasting import ExponentialSmoothing, MovingAverage
from newretail_ml.forecasting.censoring import RecoveredDemand, recover_demand
from newretail_ml.panel import Panel
from newretail_ml.world import ChainConfig, make_world
from tests.forecasting.worlds import panel_of

HORIZON = 28
WARM_UP = 84
MODELS = [MovingAverage(), ExponentialSmoothing(thorough=False)]


def true_demand(world, panel):
    """(series, cut) what customers wanted."""
    truth = world.truth
    item = panel.keys["item_id"].map({name: at for at, name in enumerate(truth.items)})
    shop = panel.keys["location_id"].map({name: at for at, name in enumerate(truth.shops)})
    return truth.demand[: panel.cut].sum(axis=3)[:, item.to_numpy(int), shop.to_numpy(int)].T


@pytest.fixture(scope="module", params=[0.05, 0.15, 0.3])
def chain(request):
    """The panel of a small chain, and its true demand."""
    size = {"days": 252, "n_stores": 2, "n_items": 40, "n_customers": 100, "units_per_day": 1.2}
    world = make_world(ChainConfig(**size, stockout_share=request.param, random_state=0))
    panel = Panel.from_tables(world.tables)
    assert abs(panel.censored[panel.on_sale()].mean() - request.param) < 0.02
    return panel, true_demand(world, panel).astype(np.float32)


def base_stock(share, seed, n_series=150, cut=252, review=4):
    """Order-up-to replenishment of a product of level, weekday and noise; lost sales.

    The target is the quantile of the review period's demand that leaves about a share of days
    without stock.
    """
    random = np.random.default_rng(seed)
    weekday = np.tile([0.8, 0.8, 0.9, 1.0, 1.2, 1.5, 0.8], cut // 7)
    level = np.exp(0.05 * np.cumsum(random.standard_normal((n_series, cut)), axis=1))
    mean = random.uniform(1, 15, (n_series, 1)) * level / level.mean(axis=1, keepdims=True)
    mean = mean * weekday
    demand = random.negative_binomial(5, 5 / (5 + mean))
    cover = {0.05: 1.5, 0.15: 1.0, 0.3: 0.68}[share]
    target = np.ceil(cover * review * mean.mean(axis=1)).astype(int)
    stock, units, censored = target.copy(), [], []
    for day in range(cut):
        stock = target.copy() if day % review == 0 else stock
        units.append(np.minimum(stock, demand[:, day]))
        stock = stock - units[-1]
        censored.append(stock == 0)
    panel = panel_of(np.stack(units, axis=1), censored=np.stack(censored, axis=1))
    return panel, demand.astype(np.float32)


def in_history(panel, demand):
    """Units too many of sales and of recovered demand, over all units wanted."""
    on_sale = panel.on_sale() & (np.arange(panel.cut) >= WARM_UP)
    wanted = demand[on_sale].sum()
    taken = panel.units, recover_demand(panel).units
    return [units[on_sale].sum() / wanted - 1 for units in taken]


def in_forecasts(model, panel, demand):
    """The same of forecasts, beside those of a model that knew true demand."""
    nowhere = np.zeros_like(panel.censored)
    true = model.clone().fit(replace(panel, units=demand, censored=nowhere)).mean(HORIZON)
    naive = model.clone().fit(replace(panel, censored=nowhere)).mean(HORIZON)
    recovered = RecoveredDemand(model).fit(panel).mean(HORIZON)
    return [mean.sum() / true.sum() - 1 for mean in (naive, recovered)]


def test_history_of_a_chain_is_recovered(chain):
    naive, recovered = in_history(*chain)
    assert naive < -0.03
    assert abs(recovered) < 0.25 * abs(naive)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_forecasts_of_a_chain_are_hardly_pulled_down(chain, model):
    naive, recovered = in_forecasts(model, *chain)
    assert naive < -0.02
    assert abs(recovered) < 0.25 * abs(naive)


@pytest.mark.parametrize("share", [0.05, 0.15, 0.3])
@pytest.mark.parametrize("seed", [0, 1])
def test_base_stock_worlds_are_recovered(share, seed):
    panel, demand = base_stock(share, seed)
    assert abs(panel.censored.mean() - share) < 0.4 * share
    naive, recovered = in_history(panel, demand)
    assert naive < -0.01
    assert abs(recovered) < 0.25 * abs(naive)
    naive, recovered = in_forecasts(MovingAverage(), panel, demand)
    assert naive < -0.02
    assert abs(recovered) < 0.25 * abs(naive)
