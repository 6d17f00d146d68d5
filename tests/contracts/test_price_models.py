"""One suite for every demand model in which prices are causes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import DataError, NotFittedError, Panel
from newretail_ml.pricing import (
    DemandResponse,
    DoubleML,
    LocalLevelRegression,
    LogitDemand,
    MonotoneTrees,
    PriceCombination,
    PriceRegression,
    ShrunkenLogLog,
    plan_prices,
)
from newretail_ml.pricing.demand import PriceModel

MODELS = {
    "local levels": LocalLevelRegression(n_draws=20),
    "shrunken log-log": ShrunkenLogLog(n_draws=10),
    "trees": MonotoneTrees(),
    "combination": PriceCombination(folds=2),
    "double machine learning": DoubleML(),
    "logit": LogitDemand(),
    "regression": PriceRegression(n_draws=20),
    "poisson": PriceRegression("poisson", n_draws=20, check_controls=False),
    "semi-log": PriceRegression("semi-log", n_draws=20, check_controls=False),
    "linear": PriceRegression("linear", n_draws=20, check_controls=False),
}
PERIODS, CUT = 120, 100


def shop(seed: int = 0, items: int = 3, periods: int = PERIODS) -> pd.DataFrame:
    """Daily sales of some items in two places, with promotions of several depths."""
    rng = np.random.default_rng(seed)
    parts = []
    for item in range(items):
        for place in ("here", "there"):
            price, promoted = np.full(periods, 2.0 + item), np.zeros(periods)
            for begin in range(int(rng.integers(4, 14)), periods - 6, 16):
                promoted[begin : begin + 5] = 1
                price[begin : begin + 5] *= rng.choice([0.7, 0.8, 0.9])
            rate = 30 * (price / price[0]) ** -2.5 * np.exp(0.2 * promoted)
            parts.append(
                pd.DataFrame(
                    {
                        "item_id": f"item {item}",
                        "location_id": place,
                        "date": pd.date_range("2026-01-01", periods=periods),
                        "units": rng.poisson(rate).astype(float),
                        "price": price,
                        "promotion": promoted,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


PANEL = Panel.from_frame(shop())


@pytest.fixture(scope="module", params=MODELS.values(), ids=MODELS.keys())
def unfitted(request) -> PriceModel:
    return request.param


@pytest.fixture(scope="module")
def fitted(unfitted) -> PriceModel:
    return unfitted.clone().fit(PANEL.until(CUT))


def test_it_has_the_one_interface(fitted):
    response = fitted.response_
    assert isinstance(response, DemandResponse)
    assert response.keys.astype("str").equals(PANEL.keys.astype("str"))
    assert (response.prices > 0).all()
    prices = response.prices * np.array([[1.0], [0.9]])
    assert fitted.units(prices).shape == (2, PANEL.n_series)
    assert fitted.elasticities().shape == (PANEL.n_series, PANEL.n_series)
    assert len(fitted.sample(3, random_state=1)) == 3


def test_demand_falls_with_its_price_and_is_near_what_was_sold(fitted):
    response = fitted.response_
    for series in range(PANEL.n_series):
        dearer = response.prices.copy()
        dearer[series] *= 1.2
        assert response.units(dearer)[series] < response.units(response.prices)[series]
    ordinary = np.where(PANEL.plans["promotion"][:, :CUT] > 0, np.nan, PANEL.units[:, :CUT])
    sold = np.nanmean(ordinary, axis=1)
    assert response.units(response.prices) == pytest.approx(sold, rel=0.35)
    own = response.own_elasticities()
    steepest = -8.0 if "linear" in repr(fitted) else -5.0  # a line through a curve is steep
    assert ((own < -1.0) & (own > steepest)).all()


def test_the_future_changes_nothing(unfitted, fitted):
    units = PANEL.units.copy()
    units[:, CUT:] = 1e6
    again = unfitted.clone().fit(replace(PANEL, units=units).until(CUT))
    prices = fitted.response_.prices * 0.9
    assert again.units(prices) == pytest.approx(fitted.units(prices), rel=1e-12)


def test_a_second_fit_says_the_same(unfitted, fitted):
    again = unfitted.clone().fit(PANEL.until(CUT))
    prices = fitted.response_.prices * 0.9
    assert (again.units(prices) == fitted.units(prices)).all()
    for one, other in zip(again.sample(5, 3), fitted.sample(5, 3), strict=True):
        assert (one.units(prices) == other.units(prices)).all()


def test_predictions_follow_the_plan_and_look_at_no_sales(fitted):
    ahead = slice(CUT, PERIODS)
    told = fitted.predict(PANEL, ahead)
    assert told.shape == (PANEL.n_series, PERIODS - CUT)
    assert np.isfinite(told).all()
    assert (told >= 0).all()
    blind = replace(PANEL, units=np.full_like(PANEL.units, 7.0))
    assert (fitted.predict(blind, ahead) == told).all()
    promoted = PANEL.plans["promotion"][:, ahead] > 0
    assert told[promoted].mean() > told[~promoted].mean()


def test_a_price_list_can_be_made_of_it(fitted):
    costs = PANEL.keys.assign(unit_cost=0.6 * fitted.response_.prices)
    plan = plan_prices(fitted, costs, n_draws=5, progress=False, time_limit=5)
    assert len(plan.prices) == PANEL.n_series
    assert plan.profit >= plan.current_profit * (1 - 1e-9)
    kept = ~plan.prices["identified"]
    assert (plan.prices.loc[kept, "change"] == 0).all()


def test_parameters_make_the_same_model_again(unfitted):
    again = unfitted.clone()
    assert repr(again) == repr(unfitted)
    assert again.get_params().keys() == unfitted.get_params().keys()


def test_it_must_be_fitted_first(unfitted):
    for ask in (
        lambda model: model.units([1.0]),
        lambda model: model.elasticities(),
        lambda model: model.sample(2),
        lambda model: model.predict(PANEL, slice(0, 2)),
    ):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            ask(unfitted.clone())


def frames() -> dict[str, pd.DataFrame]:
    """Panels of ordinary bad days."""
    usual, never = shop(), shop()
    never["price"], never["promotion"] = 2.0, 0.0
    return {
        "one week": shop(periods=7),
        "one series": usual[(usual["item_id"] == "item 0") & (usual["location_id"] == "here")],
        "price never moves": never,
        "no promotions told": usual.drop(columns="promotion"),
        "mostly zeros": usual.assign(units=usual["units"] // 40),
        "missing prices": usual.assign(price=usual["price"].where(usual.index % 7 > 0)),
        "missing units": usual.assign(units=usual["units"].where(usual.index % 3 > 0)),
        "two days": shop(periods=2),
        "same price everywhere": usual.assign(
            price=2.0 - 0.4 * (usual["date"].dt.day % 3 == 0), promotion=0.0
        ),
    }


@pytest.mark.parametrize("name", frames())
def test_bad_days_give_an_answer_that_can_be_trusted_or_a_clear_refusal(unfitted, name):
    panel = Panel.from_frame(frames()[name])
    model = unfitted.clone()
    try:
        response = model.fit(panel).response_
    except DataError as error:
        assert error.next_step
        return
    units = response.units(response.prices)
    assert np.isfinite(units).all()
    assert np.isfinite(response.own_elasticities()).all()
    evidence = response.evidence
    assert (evidence.reason[~evidence.identified] != "").all()
    if name in ("price never moves", "one week", "two days"):
        assert not evidence.identified.any()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda price: 0.0 * price, "not finite numbers above zero"),
        (lambda price: -price, "not finite numbers above zero"),
        (lambda price: price / 0.0, "not finite numbers above zero"),
    ],
)
def test_prices_that_are_none_are_refused(unfitted, change, word):
    with np.errstate(divide="ignore"):
        plans = {**PANEL.plans, "price": change(PANEL.plans["price"])}
    with pytest.raises(DataError, match=word):
        unfitted.clone().fit(replace(PANEL, plans=plans))


def test_what_is_no_panel_is_refused(unfitted):
    with pytest.raises(DataError, match="not a panel"):
        unfitted.clone().fit(shop())
    with pytest.raises(DataError, match="no prices"):
        unfitted.clone().fit(Panel.from_frame(shop().drop(columns=["price", "promotion"])))
    with pytest.raises(DataError):
        unfitted.clone().fit(Panel.from_frame(shop().assign(units=0.0)))
