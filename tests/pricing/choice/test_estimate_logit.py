"""Price coefficients from shares: the truth is found, also beside peers on real data."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing.choice import (
    MultinomialLogit,
    NestedLogit,
    estimate_logit,
    optimal_prices,
)
from newretail_ml.pricing.response import ConstantElasticity


def made(response_of, n_markets=300, noise=0.0, seed=0):
    """Markets in which customers choose under a model with varied prices."""
    rng = np.random.default_rng(seed)
    rows = []
    for market in range(n_markets):
        prices = rng.uniform(1.0, 3.0, 4)
        shock = rng.normal(0, noise, 4) if noise else np.zeros(4)
        units = response_of(prices, shock).units(prices)
        rows.append(
            pd.DataFrame({"week": market, "item_id": list("abcd"), "price": prices, "units": units})
        )
    return pd.concat(rows, ignore_index=True)


def nested(prices, shock):
    return NestedLogit(
        np.array([1.0, 1.5, 2.0, 0.5]) + shock, -1.1, list("xxyy"), 0.6, prices, market_size=1000
    )


def multinomial(prices, shock):
    return MultinomialLogit(np.array([1.0, 1.5, 2.0, 0.5]) + shock, -1.3, prices, market_size=1000)


def test_without_noise_the_coefficients_are_the_truth():
    frame = made(multinomial, 20)
    found = estimate_logit(frame, market="week", market_size=1000.0, effects=["item_id"])
    assert found.price_coefficient == pytest.approx(-1.3)
    frame["nest"] = frame["item_id"].map(dict(zip("abcd", "xxyy", strict=True)))
    frame["units"] = made(nested, 20)["units"]
    found = estimate_logit(frame, market="week", nest="nest", market_size=1000.0)
    assert found.price_coefficient == pytest.approx(-1.1)
    assert found.dissimilarity == pytest.approx(0.6)


def test_with_noise_the_truth_lies_within_its_errors():
    frame = made(nested, noise=0.3)
    frame["nest"] = frame["item_id"].map(dict(zip("abcd", "xxyy", strict=True)))
    found = estimate_logit(frame, market="week", nest="nest", market_size=1000.0)
    table = found.regression.table()
    away = (table["estimate"] - [-1.1, 0.4]).abs() / table["standard_error"]
    assert (away < 4).all()
    assert (table["standard_error"] < 0.1).all()


def test_effects_of_markets_make_the_market_size_irrelevant():
    frame = made(multinomial, noise=0.2)
    free = estimate_logit(frame, market="week")
    sized = estimate_logit(frame, market="week", market_size=5000.0)
    assert free.price_coefficient == pytest.approx(sized.price_coefficient, rel=1e-9)


def test_prices_that_answer_to_demand_need_an_instrument():
    rng = np.random.default_rng(1)
    n = 2000
    shock, cost = rng.normal(size=n), rng.uniform(1, 2, n)
    price = cost + 0.3 * shock + 1.0
    value = np.exp(2 - 1.5 * price + shock)
    frame = pd.DataFrame(
        {"week": range(n), "item_id": "a", "price": price, "units": value / (1 + value)}
    )
    frame["cost"] = cost
    asked = {"market": "week", "market_size": 1.0, "effects": ["item_id"]}
    naive = estimate_logit(frame, **asked)
    instrumented = estimate_logit(frame, endogenous=["price"], instruments=["cost"], **asked)
    error = instrumented.regression.standard_errors[0]
    assert abs(instrumented.price_coefficient + 1.5) < 4 * error
    assert naive.price_coefficient > -1.5 + 10 * error


def test_the_response_goes_through_the_units_of_its_markets():
    frame = made(multinomial, noise=0.2)
    found = estimate_logit(frame, market="week")
    last = frame[frame["week"] >= 298]
    response = found.response(last, market_size=2000.0)
    assert response.units(response.prices) == pytest.approx(last["units"].to_numpy())
    assert response.evidence.identified.all()
    draws = np.array([one.price_coefficient[0] for one in response.sample(200)])
    assert draws.std() == pytest.approx(found.regression.standard_errors[0], rel=0.2)


def test_what_cannot_be_is_refused():
    frame = made(multinomial, 10)
    for column, value in (("price", 0.0), ("units", -1.0), ("price", "dear")):
        wrong = frame.astype({column: object})
        wrong.loc[3, column] = value
        if not isinstance(value, str):
            wrong = wrong.astype({column: float})
        with pytest.raises(DataError):
            estimate_logit(wrong, market="week")
    with pytest.raises(DataError, match="market size"):
        estimate_logit(frame, market="week", effects=["item_id"])
    with pytest.raises(DataError, match="as they have customers"):
        estimate_logit(frame, market="week", market_size=10.0)
    with pytest.raises(DataError, match="share week and item_id"):
        estimate_logit(pd.concat([frame, frame.iloc[:1]]), market="week")
    with pytest.raises(DataError, match="vary"):
        estimate_logit(frame.assign(price=2.0), market="week")


def test_a_product_whose_price_stood_still_is_not_identified():
    frame = made(multinomial, 100)
    frame.loc[frame["item_id"] == "a", "price"] = 2.0
    found = estimate_logit(frame.assign(units=frame["units"] + 1), market="week")
    response = found.response(frame[frame["week"] == 99], market_size=2000.0)
    assert response.evidence.identified.tolist() == [False, True, True, True]
    assert "hardly moved" in response.evidence.reason[0]
    best = optimal_prices(response, 0.5)
    assert best.table["price"].iloc[0] == 2.0


@pytest.fixture(scope="module")
def orange_juice(shared_data):
    frame = pd.read_parquet(shared_data / "oj_yx.parquet")
    prices = frame[[f"price{brand}" for brand in range(1, 12)]].to_numpy()
    brand = frame["brand"].to_numpy().astype(int)
    frame["units"] = np.exp(frame["logmove"])
    frame["price"] = 64 * prices[np.arange(len(frame)), brand - 1]
    return frame


@pytest.mark.shared
def test_orange_juice_as_pyblp_has_it(orange_juice):
    found = estimate_logit(
        orange_juice, market=["store", "week"], product="brand", attributes=["feat", "deal"]
    )
    assert found.price_coefficient == pytest.approx(-1.449791, abs=5e-7)


@pytest.mark.shared
def test_the_choice_model_stays_inside_where_the_raw_matrix_runs_to_the_bounds(orange_juice):
    """Within 10% the log-log matrix sends every price to a bound; choice needs no bounds."""
    frame = orange_juice
    columns = [f"price{brand}" for brand in range(1, 12)]
    log_prices = np.log(frame[columns].to_numpy())
    matrix = np.zeros((11, 11))
    for brand, rows in frame.groupby("brand").indices.items():
        causes = np.column_stack([np.ones(len(rows)), log_prices[rows]])
        logs = frame["logmove"].to_numpy()[rows]
        matrix[int(brand) - 1] = np.linalg.lstsq(causes, logs, rcond=None)[0][1:]
    mean = frame.groupby("brand")[["units", "price"]].mean()
    prices, cost = mean["price"].to_numpy(), 0.7 * mean["price"].to_numpy()
    raw = ConstantElasticity(mean["units"].to_numpy(), prices, matrix)
    found = estimate_logit(
        frame, market=["store", "week"], product="brand", attributes=["feat", "deal"]
    )
    week = mean.reset_index().assign(store=0, week=0)
    choice = found.response(week, market_size=2 * mean["units"].sum())
    low, high = 0.9 * prices, 1.1 * prices
    stuck = _climb(raw, cost, low, high)
    assert (np.isclose(stuck, low) | np.isclose(stuck, high)).all()
    inside = optimal_prices(choice, cost).table["price"].to_numpy()
    assert np.isfinite(inside).all()
    slack = 1e-3 * inside
    assert (choice.profit(inside, cost) > choice.profit(inside + np.diag(slack), cost)).all()
    assert (choice.profit(inside, cost) > choice.profit(inside - np.diag(slack), cost)).all()
    assert (inside < 2 * prices).all()


def _climb(response, cost, low, high):
    from scipy.optimize import minimize

    found = minimize(
        lambda prices: -response.profit(prices, cost),
        response.prices,
        bounds=list(zip(low, high, strict=True)),
        method="L-BFGS-B",
    )
    return found.x
