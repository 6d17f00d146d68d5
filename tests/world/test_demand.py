"""Demand: the response to prices, promotions and dates that the truth claims."""

from dataclasses import replace

import numpy as np
import pytest

from newretail_ml.world import make_chain
from newretail_ml.world.demand import expected_demand


@pytest.fixture(scope="module")
def chain():
    from newretail_ml.world import ChainConfig

    return make_chain(ChainConfig(n_stores=3, n_items=48, n_customers=5, random_state=3))


def rate(chain, day=100, price=None, promoted=False, level=0.0):
    shape = chain.market.base_rate.shape[:2]
    at_reference = np.repeat(chain.market.reference_price[:, None], shape[1], axis=1)
    return expected_demand(
        chain.market,
        chain.calendar.day(day),
        at_reference if price is None else price,
        np.full(shape, promoted),
        np.full(shape, level),
    )


def logged(rates):
    """Log rate by item in the online shop, which carries everything that is on sale."""
    return np.log(rates[:, -1, 1], where=rates[:, -1, 1] > 0, out=np.zeros(len(rates)))


def on_sale(chain, day=100):
    return np.flatnonzero(chain.assortment.on_sale(day)[:, -1])


def dearer(chain, item, factor=1.1):
    price = np.repeat(chain.market.reference_price[:, None], 4, axis=1)
    price[item] *= factor
    return price


def test_demand_answers_prices_with_the_elasticities_of_the_truth(chain):
    offered = on_sale(chain)
    for item in offered[::7]:
        changed = logged(rate(chain, price=dearer(chain, item))) - logged(rate(chain))
        np.testing.assert_allclose(
            changed[offered] / np.log(1.1), chain.market.elasticity[offered, item], atol=1e-9
        )


def test_own_elasticities_are_between_minus_4_and_minus_1(chain):
    own = np.diag(chain.market.elasticity)
    assert ((own > -4) & (own < -1)).all()
    assert own.std() > 0.3


def test_substitutes_gain_inside_the_subcategory_only(chain):
    kind = chain.catalogue.subcategory
    same = (kind[:, None] == kind[None, :]) & ~np.eye(len(kind), dtype=bool)
    assert (chain.market.elasticity[same] > 0).all()
    outside = kind[:, None] != kind[None, :]
    assert (chain.market.elasticity[outside] == 0).all()


def test_less_is_sold_when_everything_gets_dearer(chain):
    assert (chain.market.elasticity.sum(axis=1) < -0.5).all()


def test_an_item_that_is_not_on_sale_neither_sells_nor_competes(chain):
    gone = int(np.argmax(chain.catalogue.launch))
    day = chain.catalogue.launch[gone] - 1
    assert rate(chain, day)[gone].sum() == 0
    np.testing.assert_array_equal(
        rate(chain, day), rate(chain, day, price=dearer(chain, gone, factor=0.5))
    )


def test_a_promotion_is_seen_apart_from_its_price(chain):
    offered = on_sale(chain)
    lift = logged(rate(chain, promoted=True)) - logged(rate(chain))
    np.testing.assert_allclose(lift[offered], chain.market.display_lift[offered])
    assert (lift[offered] > 0).all()


def test_the_level_multiplies_demand(chain):
    np.testing.assert_allclose(rate(chain, level=np.log(2)), 2 * rate(chain))


def test_stores_are_fuller_on_saturday_and_the_online_shop_is_not(chain):
    monday = (5 - chain.calendar.dates[100].weekday()) % 7 + 100 + 2
    saturday = monday + 5
    assert chain.calendar.dates[monday].weekday() == 0
    ratio = rate(chain, saturday).sum(axis=(0, 1)) / rate(chain, monday).sum(axis=(0, 1))
    assert ratio[0] > 1.1
    assert ratio[1] < 1


def test_a_launch_starts_small(chain):
    launch = chain.catalogue.launch
    new = int(np.flatnonzero(launch > 50)[0])
    calm = replace(chain.calendar.day(100), number=int(launch[new]))
    later = replace(calm, number=calm.number + 60)
    shape = chain.market.base_rate.shape[:2]
    price = np.repeat(chain.market.reference_price[:, None], shape[1], axis=1)
    first, known = (
        expected_demand(chain.market, day, price, np.zeros(shape), np.zeros(shape))[new, -1, 1]
        for day in (calm, later)
    )
    assert first < 0.5 * known


def test_own_price_response_can_be_recovered_from_the_expected_demand(world):
    truth, chain = world.truth, world.chain
    errors = []
    for item in np.flatnonzero(chain.catalogue.launch < 0):
        design, log_rate = regression(truth, chain, item)
        found = np.linalg.lstsq(design, log_rate, rcond=None)[0][0]
        errors.append(abs(found - truth.elasticities.iloc[item, item]))
    assert np.median(errors) < 0.15
    assert np.quantile(errors, 0.9) < 0.5


def regression(truth, chain, item):
    """Log price, promotion, season, trend, weekday and festival; the online shop's demand."""
    dates = truth.dates
    on_day = np.flatnonzero(truth.expected[:, item, -1, 1] > 0)
    angle = 2 * np.pi * dates.day_of_year.to_numpy() / 365.25
    category = chain.catalogue.category[item]
    columns = [
        np.log(chain.prices.price[:, item, -1]),
        chain.prices.promoted[:, item, -1],
        np.cos(angle),
        np.sin(angle),
        np.arange(len(dates)),
        np.log(chain.calendar.event_lift[:, category, 1]),
        *(dates.day_of_week.to_numpy() == number for number in range(7)),
    ]
    log_rate = np.log(truth.expected[on_day, item, -1, 1]) - truth.level[on_day, item, -1]
    return np.stack(columns, axis=1).astype(float)[on_day], log_rate


@pytest.mark.parametrize(
    ("event", "channel", "least"),
    [("618", 1, 1.5), ("Double 11", 1, 1.8), ("Chinese New Year", 0, 1.3)],
)
def test_festivals_lift_demand(world, event, channel, least):
    festivals = world.chain.calendar.festivals
    truth = world.truth
    by_day = truth.expected.sum(axis=(1, 2))[:, channel]
    found = festivals[(festivals["event"] == event) & festivals["peak"].isin(truth.dates)]
    assert len(found) >= 1
    for peak, start in zip(found["peak"], found["start"], strict=True):
        before = by_day[(truth.dates < start)][-14:].mean()
        assert by_day[truth.dates == peak][0] > least * before
