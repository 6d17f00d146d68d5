"""Published and twice computed answers of choice models, to their tolerance."""

import json
from pathlib import Path

import numpy as np
import pytest

from newretail_ml.pricing.choice import MultinomialLogit, optimal_prices

BOOK = json.loads((Path(__file__).parent / "choice.json").read_text())["instances"]


def test_one_product_is_priced_by_lamberts_w():
    told, answer, tolerance = (BOOK["P04"][name] for name in ("inputs", "expected", "tol"))
    decision = optimal_prices(MultinomialLogit([told["a"]], -told["b"], [1.0]), told["c"])
    assert decision.exact
    assert decision.table["price"].item() == pytest.approx(answer["p"], abs=tolerance)
    assert decision.objective == pytest.approx(answer["profit_per_visitor"], abs=tolerance)


def test_one_coefficient_gives_every_product_the_same_markup():
    told, answer, tolerance = (BOOK["P05"][name] for name in ("inputs", "expected", "tol"))
    response = MultinomialLogit(told["a"], -told["b"], np.ones(4), market_size=1000)
    decision = optimal_prices(response, told["c"])
    prices = decision.table["price"].to_numpy()
    assert prices == pytest.approx(np.array(answer["p"]), abs=tolerance)
    assert prices - told["c"] == pytest.approx(answer["markup"], abs=tolerance)
    assert decision.objective / 1000 == pytest.approx(answer["profit"], abs=tolerance)
    assert decision.table["units"].to_numpy() / 1000 == pytest.approx(
        np.array(answer["shares"]), abs=tolerance
    )
    assert decision.gap == 0


def test_elasticities_of_the_multinomial_logit():
    told, answer, tolerance = (BOOK["A09"][name] for name in ("inputs", "expected", "tol"))
    response = MultinomialLogit(told["a"], -told["b"], told["p"])
    assert response.units(told["p"]) == pytest.approx(np.array(answer["shares"]), abs=tolerance)
    expected = np.array(answer["elasticity"])
    assert response.elasticities() == pytest.approx(expected, abs=tolerance)
