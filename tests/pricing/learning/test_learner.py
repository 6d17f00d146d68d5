"""Prices that learn: beliefs against a twin, chances against draws, guard rails, and bad input."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from newretail_ml.errors import DataError
from newretail_ml.pricing.learning import (
    GuardRails,
    PriceLearner,
    off_policy_value,
    prior_from_response,
    with_outcomes,
)
from newretail_ml.pricing.learning.curve import CurvePrior, CurveSales, fit_curve
from newretail_ml.pricing.response import ConstantElasticity

PRICES = [1.8, 1.9, 2.0, 2.1, 2.2]
CANDIDATES = pd.DataFrame({"item_id": np.repeat(["a", "b"], 5), "price": PRICES * 2})


def make_state(locations=4, items=("a",), **more):
    rows = [(item, f"shop_{number}") for item in items for number in range(locations)]
    state = pd.DataFrame(rows, columns=["item_id", "location_id"])
    return state.assign(current_price=2.0, unit_cost=1.2, **more)


def demand(rows, elasticity=-1.5, level=20.0):
    return level * (rows["price"] / 2.0) ** elasticity


def season(learner, state, days, elasticity=-1.5, level=20.0, seed=0):
    """The learner after some days, and the log with its outcomes."""
    rng = np.random.default_rng(seed)
    logs = []
    for date in pd.date_range("2026-01-01", periods=days):
        log = learner.choose(state, date)
        chosen = log[log["chosen"]]
        keys = ["date", "item_id", "location_id"]
        sales = chosen[keys].assign(units=rng.poisson(demand(chosen, elasticity, level)))
        logs.append(with_outcomes(log, sales))
        learner = learner.observe(logs[-1][logs[-1]["chosen"]])
    return learner, pd.concat(logs, ignore_index=True)


@cache
def flat(exposure=1.0):
    """Customers who hardly look at the price."""
    learner = PriceLearner(CANDIDATES, guards=GuardRails(exposure=exposure))
    return season(learner, make_state(6), 40, elasticity=-1.5, level=30.0)


@cache
def steep():
    """Customers who do."""
    return season(PriceLearner(CANDIDATES), make_state(6), 40, elasticity=-5.5, level=60.0)


def some_sales(rng, items=2, places=3, prices=4):
    shape = (items, places, prices)
    expected = rng.gamma(2, 5, shape) * (rng.random(shape) < 0.7)
    units = rng.poisson(expected).astype(float)
    return CurveSales(
        move=rng.normal(0, 0.2, shape),
        expected=expected,
        units=units,
        squares=np.divide(units**2, expected, out=np.zeros(shape), where=expected > 0),
        periods=(expected > 0).astype(float),
    )


def test_beliefs_are_the_mode_and_curvature_of_the_posterior():
    rng = np.random.default_rng(0)
    sales = some_sales(rng)
    prior = CurvePrior(
        np.tile([0.2, -2.0], (2, 1)), np.tile([1.0, 0.8], (2, 1)), np.array([0.3, 0.5])
    )
    found = fit_curve(sales, prior)
    for item in range(2):

        def loss(theta, item=item):
            chain, place = theta[:2], theta[2:].reshape(3, 2)
            rate = place[:, :1] + place[:, 1:] * sales.move[item]
            fit = (sales.units[item] * rate - sales.expected[item] * np.exp(rate)).sum()
            apart = ((place - chain) ** 2 / prior.between**2).sum()
            own = ((chain - prior.mean[item]) ** 2 / prior.spread[item] ** 2).sum()
            return -fit / found.dispersion + (apart + own) / 2

        best = minimize(loss, np.zeros(8), method="BFGS", options={"gtol": 1e-9}).x
        np.testing.assert_allclose(best[:2], found.item[item], atol=1e-4)
        np.testing.assert_allclose(best[2:].reshape(3, 2), found.place[item], atol=1e-4)
        covariance = np.linalg.inv(curvature(loss, best))
        np.testing.assert_allclose(covariance[:2, :2], found.item_covariance[item], rtol=1e-3)
        drawn = found.sample(np.random.default_rng(1), 60_000)[:, item, :, 0]
        np.testing.assert_allclose(
            np.cov(drawn.T), covariance[np.ix_([2, 4, 6], [2, 4, 6])], atol=0.002
        )


def curvature(loss, at, step=1e-3):
    n = len(at)
    found, unit = np.empty((n, n)), np.eye(n) * step
    for i in range(n):
        for j in range(n):
            found[i, j] = (
                loss(at + unit[i] + unit[j])
                - loss(at + unit[i] - unit[j])
                - loss(at - unit[i] + unit[j])
                + loss(at - unit[i] - unit[j])
            ) / (4 * step**2)
    return found


def test_a_location_without_sales_changes_nothing_and_leans_on_the_others():
    learner, _ = flat()
    known = learner.beliefs()
    new = pd.DataFrame({"item_id": ["a"], "location_id": ["new"]})
    with_new = learner.beliefs(pd.concat([known[["item_id", "location_id"]], new]))
    np.testing.assert_allclose(with_new["elasticity"][:6], known["elasticity"], atol=1e-8)
    stranger = with_new.iloc[6]
    assert abs(stranger["elasticity"] - known["elasticity"].mean()) < 0.1
    assert stranger["elasticity_error"] > known["elasticity_error"].max()


@pytest.mark.parametrize(("seasons", "truth"), [(flat, -1.5), (steep, -5.5)])
def test_elasticities_are_found_within_their_errors(seasons, truth):
    found = seasons()[0].beliefs()
    off = (found["elasticity"] - truth) / found["elasticity_error"]
    assert (off.abs() < 3).all()
    before = np.hypot(1.5, 0.5)
    assert (found["elasticity_error"] < before / 2).all()


@pytest.mark.parametrize(("seasons", "best"), [(flat, 2.2), (steep, 1.8)])
def test_prices_move_to_where_profit_is(seasons, best):
    log = seasons()[1]
    chance = log[log["price"] == best].groupby("date")["propensity"].mean()
    assert chance.iloc[-10:].mean() > 0.6
    assert chance.iloc[:2].mean() < chance.iloc[-10:].mean()


def test_logged_chances_are_those_of_the_draw():
    state = make_state(150)
    guards = GuardRails(exposure=0.4, periods=0.75)
    learner = PriceLearner(CANDIDATES, guards=guards, draws=50)
    count, chance = 0.0, 0.0
    for date in pd.date_range("2026-01-01", periods=40):
        log = learner.choose(state, date)
        sums = log.groupby("price")[["chosen", "propensity"]].sum()
        count, chance = count + sums["chosen"], chance + sums["propensity"]
    # Days without an experiment, a quarter of them, are shared by all rows.
    share = (count / count.sum()).to_numpy()
    np.testing.assert_allclose(share, (chance / chance.sum()).to_numpy(), atol=0.05)
    assert log.groupby("location_id")["propensity"].sum().to_numpy() == pytest.approx(1.0)


def test_exposure_is_never_exceeded():
    guards = GuardRails(exposure=0.3)
    log = pd.concat(
        PriceLearner(CANDIDATES, guards=guards).choose(make_state(10), date)
        for date in pd.date_range("2026-01-01", periods=20)
    )
    moved = log[log["chosen"] & (log["price"] != 2.0)].groupby("date").size()
    assert moved.max() <= 3
    assert moved.sum() > 0


def test_shops_are_exposed_as_a_whole():
    guards = GuardRails(exposure=0.5, exposed_by="location_id")
    log = PriceLearner(CANDIDATES, guards=guards).choose(
        make_state(4, items=("a", "b")), "2026-01-01"
    )
    moved = log[log["chosen"] & (log["price"] != 2.0)]
    assert moved["location_id"].nunique() <= 2


def test_only_allowed_prices_are_in_the_log():
    guards = GuardRails(max_change=0.06, min_margin=0.38)
    log = PriceLearner(CANDIDATES, guards=guards).choose(make_state(1), "2026-01-01")
    assert log["price"].tolist() == [2.0, 2.1]
    odd = make_state(1).assign(current_price=1.97)
    log = PriceLearner(CANDIDATES, guards=guards).choose(odd, "2026-01-01")
    assert log["price"].tolist() == [1.97, 2.0]


def test_a_price_that_loses_is_dropped():
    learner, _ = steep()
    kept = learner.choose(make_state(1), "2026-03-01")["price"].tolist()
    assert 2.2 not in kept
    assert 2.0 in kept
    patient = PriceLearner(CANDIDATES, guards=GuardRails(loss=0.9), sales=learner.sales)
    assert 2.2 in patient.choose(make_state(1), "2026-03-01")["price"].tolist()


def test_short_stock_makes_dear():
    learner, _ = steep()
    patient = PriceLearner(CANDIDATES, guards=GuardRails(loss=1.0), sales=learner.sales)
    ample = patient.choose(make_state(1, on_hand=1e6, periods_left=10), "2026-03-01")
    short = patient.choose(make_state(1, on_hand=300.0, periods_left=10), "2026-03-01")
    mean = [(log["price"] * log["propensity"]).sum() for log in (ample, short)]
    assert mean[1] > mean[0] + 0.1
    pd.testing.assert_frame_equal(ample, patient.choose(make_state(1), "2026-03-01"))


def test_forecasts_take_the_season_out():
    """Twice the demand that was expected of a holiday is no news of the price."""
    learner = PriceLearner(CANDIDATES, level_error=0.3)
    outcomes = pd.DataFrame(
        {
            "item_id": "a",
            "location_id": "shop_0",
            "price": [1.8, 2.2],
            "base_price": 2.0,
            "expected": [200.0, 100.0],
            "units": [200, 100],
        }
    )
    plain = learner.observe(outcomes.drop(columns=["expected", "base_price"])).beliefs()
    seasonal = learner.observe(outcomes).beliefs()
    assert seasonal["elasticity"].item() > -1.2
    assert plain["elasticity"].item() < -2.0


def test_sales_that_vary_more_teach_less():
    rng = np.random.default_rng(0)
    rows = make_state(1).loc[[0] * 200].assign(price=np.tile(PRICES, 40))
    calm = PriceLearner(CANDIDATES).observe(rows.assign(units=rng.poisson(20, 200)))
    wild = PriceLearner(CANDIDATES).observe(
        rows.assign(units=rng.negative_binomial(2, 2 / 22, 200))
    )
    errors = [one.beliefs()["elasticity_error"].item() for one in (calm, wild)]
    assert errors[1] > 1.5 * errors[0]


def test_observing_leaves_the_learner_as_it_was_and_sums_do_not_depend_on_order():
    first = PriceLearner(CANDIDATES)
    rows = make_state(3).assign(price=[1.9, 2.0, 2.1], units=[5, 6, 7])
    both = first.observe(rows)
    assert first.sales.empty
    parts = first.observe(rows.iloc[[2]]).observe(rows.iloc[[0, 1]])
    pd.testing.assert_frame_equal(both.sales, parts.sales)


def test_days_out_of_stock_teach_nothing():
    rows = make_state(2).assign(price=2.0, units=[5, 1], censored=[False, True])
    assert PriceLearner(CANDIDATES).observe(rows).sales["units"].tolist() == [5.0]


def test_items_in_parts_get_the_prices_that_they_get_together(monkeypatch):
    state = make_state(3, items=("a", "b"))
    rows = state.assign(price=np.tile([1.9, 2.0, 2.2], 2), units=[5, 6, 7, 1, 2, 3])
    learner = PriceLearner(CANDIDATES).observe(rows)
    whole = learner.choose(state, "2026-01-01")
    monkeypatch.setattr("newretail_ml.pricing.learning.learner._CELLS", 1)
    parts = learner.choose(state, "2026-01-01")
    np.testing.assert_allclose(parts["propensity"], whole["propensity"], atol=0.12)
    assert parts.groupby(["item_id", "location_id"])["chosen"].sum().eq(1).all()


def test_a_learner_survives_as_json():
    prior = pd.DataFrame({"item_id": ["a"], "elasticity": [-2.0], "elasticity_error": [0.5]})
    learner = PriceLearner(CANDIDATES, prior, GuardRails(exposure=0.5), random_state=3)
    learner, _ = season(learner, make_state(), 5)
    again = PriceLearner.from_dict(json.loads(json.dumps(learner.to_dict())))
    for one in (learner, PriceLearner(CANDIDATES)):
        again = PriceLearner.from_dict(json.loads(json.dumps(one.to_dict())))
        pd.testing.assert_frame_equal(
            again.choose(make_state(), "2026-05-01"), one.choose(make_state(), "2026-05-01")
        )


def test_rows_in_another_order_get_the_same_prices():
    state = make_state(5, items=("a", "b"))
    learner = PriceLearner(CANDIDATES)
    mixed = learner.choose(state.sample(frac=1, random_state=0), "2026-01-01")
    pd.testing.assert_frame_equal(learner.choose(state, "2026-01-01"), mixed)
    other = PriceLearner(CANDIDATES, random_state=1).choose(state, "2026-01-01")
    assert not other.equals(mixed)


def test_a_response_is_a_prior():
    keys = pd.DataFrame({"item_id": ["a", "a", "b"], "location_id": ["x", "y", "x"]})
    rng = np.random.default_rng(0)
    draws = rng.normal([-2.0, -2.0, -4.0], [0.1, 0.1, 0.5], (400, 3))
    response = ConstantElasticity([10.0] * 3, [2.0] * 3, [-2.0, -2.0, -4.0], draws=draws, keys=keys)
    prior = prior_from_response(response, 400).set_index("item_id")
    assert prior.loc["a", "elasticity"] == pytest.approx(-2.0, abs=0.05)
    assert prior.loc["b", "elasticity_error"] == pytest.approx(0.5, abs=0.08)
    log = PriceLearner(CANDIDATES, prior.reset_index()).choose(
        make_state(1, items=("a", "b")), "2026-01-01"
    )
    likely = log.loc[log.groupby("item_id")["propensity"].idxmax()].set_index("item_id")
    assert likely["price"].to_dict() == {"a": 2.2, "b": 1.8}


@pytest.mark.parametrize("method", ["ips", "snips", "doubly_robust"])
def test_its_log_tells_what_other_policies_would_have_earned(method):
    _, log = flat(0.6)
    at = 2.1
    policy = (log["price"] == at).to_numpy(float)
    expected = log["expected_profit"].to_numpy() if method == "doubly_robust" else None
    found = off_policy_value(log, policy, method, expected=expected, cluster="date")
    truth = 30.0 * (at / 2.0) ** -1.5 * (at - 1.2)
    assert abs(found.value - truth) < 3.5 * found.standard_error
    assert found.uncovered < 0.2


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        (pd.DataFrame(), "no candidate"),
        (pd.DataFrame({"item_id": ["a"]}), "price"),
        (pd.DataFrame({"item_id": ["a"], "price": [0.0]}), "above zero"),
        (pd.DataFrame({"item_id": ["a"], "price": ["dear"]}), "above zero"),
        (pd.DataFrame({"item_id": [None], "price": [1.0]}), "missing"),
        (CANDIDATES.assign(colour="red"), "colour"),
    ],
)
def test_bad_candidates_are_named(candidates, message):
    with pytest.raises(DataError, match=message):
        PriceLearner(candidates)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (pd.DataFrame(), "no rows"),
        (make_state().drop(columns="unit_cost"), "unit_cost"),
        (make_state().assign(item_id="z"), "no candidate"),
        (make_state().assign(current_price=0.0), "current_price"),
        (make_state().assign(unit_cost=-1.0), "unit_cost"),
        (make_state().assign(unit_cost=np.nan), "unit_cost"),
        (make_state().assign(expected=0.0), "expected"),
        (make_state().assign(on_hand=3.0), "belong together"),
        (make_state().assign(on_hand=3.0, periods_left=0), "periods_left"),
        (make_state().assign(location_id=None), "location_id"),
        (pd.concat([make_state(), make_state()]), "share"),
    ],
)
def test_bad_states_are_named(state, message):
    with pytest.raises(DataError, match=message):
        PriceLearner(CANDIDATES).choose(state, "2026-01-01")


@pytest.mark.parametrize("date", ["soon", None, ["2026-01-01", "2026-01-02"]])
def test_bad_dates_are_named(date):
    with pytest.raises(DataError, match="date"):
        PriceLearner(CANDIDATES).choose(make_state(), date)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": -1}, "units"),
        ({"units": np.nan}, "units"),
        ({"price": 0.0}, "price"),
        ({"item_id": "z"}, "not known"),
        ({"location_id": None}, "location_id"),
        ({"expected": -1.0}, "expected"),
        ({"chosen": False}, "not charged"),
    ],
)
def test_bad_outcomes_are_named(change, message):
    rows = make_state(2).assign(price=2.0, units=3).assign(**change)
    with pytest.raises(DataError, match=message):
        PriceLearner(CANDIDATES).observe(rows)


@pytest.mark.parametrize(
    "change",
    [
        {"exposure": 0.0},
        {"exposure": 1.1},
        {"periods": np.nan},
        {"max_change": -0.1},
        {"min_margin": 2.0},
        {"certainty": 0.2},
        {"loss": "much"},
    ],
)
def test_bad_guard_rails_are_named(change):
    with pytest.raises(DataError, match=next(iter(change))):
        GuardRails(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"between": (0.0, 1.0)}, "level"),
        ({"level_error": 0.0}, "level_error"),
        ({"draws": 0}, "draws"),
        ({"prior": pd.DataFrame({"item_id": ["a"]})}, "elasticity"),
    ],
)
def test_bad_learners_are_named(change, message):
    with pytest.raises(DataError, match=message):
        PriceLearner(CANDIDATES, **change)


def test_exposure_by_a_column_that_there_is_not():
    guards = GuardRails(exposed_by="region")
    with pytest.raises(DataError, match="region"):
        PriceLearner(CANDIDATES, guards=guards).choose(make_state(), "2026-01-01")


def test_outcomes_need_sales_of_every_decision():
    log = PriceLearner(CANDIDATES).choose(make_state(2), "2026-01-01")
    sales = log.loc[log["chosen"], ["date", "item_id", "location_id"]].assign(units=4)
    full = with_outcomes(log, sales)
    chosen = full[full["chosen"]]
    assert chosen["profit"].tolist() == pytest.approx((4 * (chosen["price"] - 1.2)).tolist())
    assert full.loc[~full["chosen"], "profit"].isna().all()
    with pytest.raises(DataError, match="no sales"):
        with_outcomes(log, sales.iloc[:1])
    with pytest.raises(DataError, match="share no key"):
        with_outcomes(log, sales[["units"]])
