"""Classes of customers from what was sold."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing.choice import (
    LatentClassLogit,
    MultinomialLogit,
    estimate_latent_classes,
    estimate_logit,
)

TRUTH = LatentClassLogit(
    [0.35, 0.65], [[4.0, 3.0, 2.0], [1.0, 1.5, 2.5]], [-2.4, -0.8], [1.5, 1.5, 1.5]
)


def sold(response, n_markets, customers, seed=0, share_offered=1.0):
    """Counts of customers who choose, in markets with varied prices and ranges."""
    rng = np.random.default_rng(seed)
    rows = []
    for market in range(n_markets):
        prices = rng.uniform(0.8, 3.0, 3)
        offered = rng.random(3) < share_offered
        chances = response.shares(prices, offered)
        units = rng.multinomial(customers, np.append(chances, 1 - chances.sum()))[:3]
        rows.append(
            pd.DataFrame({"week": market, "item_id": list("abc"), "price": prices, "units": units})[
                offered
            ]
        )
    return pd.concat(rows, ignore_index=True)


def test_classes_are_found_within_their_errors():
    found = estimate_latent_classes(
        sold(TRUTH, 150, 3000, share_offered=0.9), market="week", market_size=3000, starts=3
    )
    assert found.identified, found.reason
    assert found.products.tolist() == list("abc")
    assert found.table["share"].to_numpy() == pytest.approx(TRUTH.weights, abs=0.08)
    coefficients = found.table["price_coefficient"].to_numpy()
    assert coefficients == pytest.approx(TRUTH.price_coefficient[:, 0], rel=0.15)
    prices = np.array([[1.0, 2.0, 2.5], [2.5, 1.0, 1.2]])
    response = found.response(prices[0], market_size=100.0)
    assert response.shares(prices) == pytest.approx(TRUTH.shares(prices), abs=0.01)
    off = found.tastes.packed() - np.concatenate(
        [[np.log(0.65 / 0.35)], TRUTH.utility.ravel(), np.log([2.4, 0.8])]
    )
    assert (np.abs(off) < 4.5 * np.sqrt(np.diag(found.covariance))).all()
    spread = np.std([one.shares(prices[1]) for one in response.sample(100)], axis=0)
    assert (spread > 0).all()
    assert (spread < 0.05).all()


def test_two_classes_say_more_than_one_where_there_are_two():
    frame = sold(TRUTH, 100, 5000)
    one, two = (
        estimate_latent_classes(frame, market="week", market_size=5000, classes=classes, starts=2)
        for classes in (1, 2)
    )
    assert two.log_likelihood > one.log_likelihood
    assert two.bayes_criterion < one.bayes_criterion


def test_one_class_is_the_multinomial_logit():
    truth = MultinomialLogit([1.0, 0.5, 0.0], -1.2, [1.0, 1.0, 1.0])
    frame = sold(truth, 50, 100_000)
    found = estimate_latent_classes(frame, market="week", market_size=100_000, classes=1)
    berry = estimate_logit(frame, market="week")
    coefficient = found.tastes.price_coefficient.item()
    assert coefficient == pytest.approx(berry.price_coefficient, rel=0.01)
    assert coefficient == pytest.approx(-1.2, rel=0.01)


def test_classes_that_are_not_there_are_not_identified():
    truth = MultinomialLogit([1.0, 0.5, 0.0], -1.2, [1.0, 1.0, 1.0])
    frame = sold(truth, 60, 1000)
    frame["units"] = 1000 * truth.shares(frame["price"].to_numpy().reshape(-1, 3)).ravel()
    asked = {"market": "week", "market_size": 1000, "starts": 2}
    found = estimate_latent_classes(frame, **asked)
    assert not found.identified
    assert "fewer classes" in found.reason
    still = estimate_latent_classes(frame.assign(price=2.0), **asked)
    assert not still.identified
    response = still.response(np.full(3, 2.0), 1000.0)
    assert not response.evidence.identified.any()


def test_the_response_may_go_through_the_units_of_a_store():
    found = estimate_latent_classes(
        sold(TRUTH, 40, 2000), market="week", market_size=2000, starts=1
    )
    units = np.array([30.0, 50.0, 10.0])
    response = found.response(np.array([1.0, 2.0, 1.5]), 200.0, units)
    assert response.units(response.prices) == pytest.approx(units)


def test_bad_rows_are_named():
    frame = sold(TRUTH, 5, 100)
    for column, value in (("price", 0.0), ("units", -1.0), ("units", np.nan)):
        wrong = frame.astype({column: float})
        wrong.loc[2, column] = value
        with pytest.raises(DataError, match=column):
            estimate_latent_classes(wrong, market="week", market_size=100)
    with pytest.raises(DataError, match="larger market size"):
        estimate_latent_classes(frame, market="week", market_size=10)
    with pytest.raises(DataError, match="share week"):
        estimate_latent_classes(pd.concat([frame, frame]), market="week", market_size=500)
