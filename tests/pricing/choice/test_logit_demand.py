"""A choice model of a panel: the truth is found, and what cannot be told is not claimed."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.panel import Panel
from newretail_ml.pricing.assortment import AssortmentRules, assortments_by_market
from newretail_ml.pricing.choice import LogitDemand, MultinomialLogit, NestedLogit

ITEMS, PLACES, PERIODS = 4, 3, 80
SERIES = ITEMS * PLACES


def truth(nests=False, size=2000.0):
    rng = np.random.default_rng(11)
    told = {"market": np.repeat(range(PLACES), ITEMS), "market_size": size}
    utility, prices = rng.normal(1.5, 1.0, SERIES), np.full(SERIES, 2.0)
    if not nests:
        return MultinomialLogit(utility, -1.2, prices, **told)
    return NestedLogit(utility, -1.2, np.tile(list("xxyy"), PLACES), 0.5, prices, **told)


def chain(response, *, counts=False, noise=0.05, still=False, seed=0):
    """Weeks of a chain whose customers choose; every fifth price is cut."""
    rng = np.random.default_rng(seed)
    cut = rng.random((PERIODS, SERIES)) < 0.2
    prices = np.where(cut & (not still), rng.choice([1.4, 1.7], cut.shape), 2.0)
    season = 1 + 0.3 * np.sin(np.arange(PERIODS) / 8)[:, None]
    mean = response.units(prices) * season
    sold = rng.poisson(mean) if counts else mean * np.exp(rng.normal(0, noise, mean.shape))
    names = [f"i{number}" for number in range(ITEMS)]
    items = np.tile(names, PLACES)
    places = np.repeat([f"s{number}" for number in range(PLACES)], ITEMS)
    dates = pd.date_range("2026-01-05", periods=PERIODS, freq="7D")
    frame = pd.DataFrame(
        {
            "item_id": np.tile(items, PERIODS),
            "location_id": np.tile(places, PERIODS),
            "date": np.repeat(dates, SERIES),
            "units": sold.ravel(),
            "price": prices.ravel(),
        }
    )
    statics = pd.DataFrame({"item_id": names, "size": list("xxyy")})
    panel = Panel.from_frame(frame, freq="W", statics=statics)
    place = panel.keys["location_id"].str[1:].astype(int)
    order = place * ITEMS + panel.keys["item_id"].str[1:].astype(int)
    return panel, order.to_numpy()


@pytest.mark.parametrize("counts", [False, True])
def test_substitution_is_found(counts):
    response = truth(size=40.0 if counts else 2000.0)
    panel, order = chain(response, counts=counts)
    model = LogitDemand().fit(panel)
    error = model.regression_.standard_errors[0]
    assert abs(model.regression_["price"] + 1.2) < 4 * error
    assert error < 0.2
    assert model.response_.evidence.identified.all()
    units = model.response_.units(model.response_.prices)
    assert np.log(units / response.units(response.prices)[order]).std() < 0.25
    assert (model.response_.sample(5)[0].own_elasticities() < 0).all()


def test_nests_are_found():
    panel, _ = chain(truth(nests=True))
    model = LogitDemand(nest="size").fit(panel)
    assert isinstance(model.response_, NestedLogit)
    assert model.response_.dissimilarity == pytest.approx(0.5, abs=0.1)
    assert model.regression_["price"] == pytest.approx(-1.2, abs=0.15)


def test_predictions_follow_planned_prices():
    response = truth()
    panel, order = chain(response, noise=0.02)
    model = LogitDemand().fit(panel.until(60))
    predicted = model.predict(panel, slice(60, PERIODS))
    assert predicted.shape == (SERIES, PERIODS - 60)
    prices = panel.plans["price"][:, 60:].astype(float).T
    expected = np.empty_like(prices)
    expected[:, np.argsort(order)] = prices
    shares = response.units(prices[:, np.argsort(order)])[:, order].T
    wrong = np.log(predicted / shares)
    assert (wrong - wrong.mean()).std() < 0.2
    flat = np.log(shares.mean(axis=1, keepdims=True) / shares)
    assert (wrong - wrong.mean()).std() < 0.5 * flat.std()


def test_what_lies_after_the_cut_is_not_seen():
    panel, _ = chain(truth())
    other = Panel(**{**vars(panel), "units": panel.units.copy()})
    other.units[:, 60:] *= 3
    first, second = (LogitDemand().fit(one.until(60)) for one in (panel, other))
    assert first.regression_["price"] == second.regression_["price"]
    assert (first.response_.utility == second.response_.utility).all()


def test_prices_that_never_moved_are_not_identified():
    panel, _ = chain(truth(), still=True)
    model = LogitDemand().fit(panel)
    assert model.regression_ is None
    assert not model.response_.evidence.identified.any()
    assert (model.response_.evidence.reason != "").all()
    assert (model.response_.units(2 * model.response_.prices) > 0).all()


def test_stores_list_what_their_customers_want():
    panel, _ = chain(truth())
    response = LogitDemand().fit(panel).response_
    lists = assortments_by_market(response, rules=AssortmentRules(at_most=2))
    assert lists.exact
    assert lists.gain > 0
    assert (lists.table.groupby("location_id")["listed"].sum() == 2).all()


def test_bad_input_is_refused():
    panel, _ = chain(truth())
    with pytest.raises(DataError, match="market_factor"):
        LogitDemand(market_factor=1.0).fit(panel)
    with pytest.raises(DataError, match="recent"):
        LogitDemand(recent=0).fit(panel)
    with pytest.raises(DataError, match="no column"):
        LogitDemand(nest="brand").fit(panel)
    with pytest.raises(DataError, match="nothing to choose between"):
        LogitDemand().fit(panel.select(np.array([0])))
    with pytest.raises(NotFittedError):
        LogitDemand().predict(panel, slice(0, 1))
    assert repr(LogitDemand(nest="size").clone()) == "LogitDemand(nest='size')"
