"""Published and exact answers of regressions on prices, to their digits."""

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml.pricing.estimation import estimate

KNOWN = json.loads((Path(__file__).parent / "price_estimation.json").read_text())
EXACT, JUICE = KNOWN["instances"], KNOWN["orange_juice"]


def rounded_twice(value: float, digits: int) -> float:
    more, final = Decimal(1).scaleb(-digits - 1), Decimal(1).scaleb(-digits)
    once = Decimal(value).quantize(more, ROUND_HALF_UP)
    return float(once.quantize(final, ROUND_HALF_UP))


@pytest.fixture(scope="module")
def juice(shared_data):
    frame = pd.read_parquet(shared_data / "oj_yx.parquet")
    prices = frame[[f"price{brand}" for brand in range(1, 12)]].to_numpy(float)
    frame["price"] = prices[np.arange(len(frame)), frame["brand"].to_numpy(int) - 1]
    frame["log_price"] = np.log(frame["price"])
    frame["units"] = np.exp(frame["logmove"])
    return frame


def test_an_instrument_finds_the_truth_where_least_squares_do_not():
    case = EXACT["E01"]
    frame = pd.DataFrame(case["inputs"])
    plain = estimate(frame, "log_qty", ["log_price"])
    found = estimate(
        frame, "log_qty", ["log_price"], endogenous=["log_price"], instruments=["instrument"]
    )
    assert plain["log_price"] == pytest.approx(case["expected"]["ols"], abs=case["tol"])
    assert found["log_price"] == pytest.approx(case["expected"]["iv"], abs=case["tol"])
    assert found.instruments.least_squares["log_price"] == plain["log_price"]


def test_poisson_keeps_zeros_and_the_logarithm_of_one_more_does_not_do():
    case = EXACT["E02"]
    frame = pd.DataFrame(case["inputs"])
    frame["log_price"], frame["log1p"] = np.log(frame["price"]), np.log1p(frame["qty"])
    found = estimate(frame, "qty", ["log_price"], family="poisson")
    assert found["log_price"] == pytest.approx(case["expected"]["ppml"], abs=case["tol"])
    assert found["intercept"] == pytest.approx(case["expected"]["intercept"], abs=case["tol"])
    naive = estimate(frame, "log1p", ["log_price"])
    assert naive["log_price"] == pytest.approx(case["expected"]["log1p_ols"], abs=1e-6)


@pytest.mark.shared
def test_the_published_elasticity_of_orange_juice(juice):
    three = juice[juice["brand"].isin([1, 5, 10])]
    three = three.assign(log_price=np.log((64 * three["price"]).round(2)))
    found = estimate(three, "logmove", ["log_price"], absorb="brand", cluster="store")
    assert round(found["log_price"], 5) == JUICE["published"]["value"]


@pytest.mark.shared
@pytest.mark.parametrize("case", JUICE["effects"], ids=str)
def test_elasticities_of_orange_juice_by_what_is_held_constant(juice, case):
    absorb = [tuple(entry) if isinstance(entry, list) else entry for entry in case["absorb"]]
    outcome = "units" if case["family"] == "poisson" else "logmove"
    for causes, known in ([], "price"), (["feat", "deal"], "with_promotion"):
        found = estimate(
            juice, outcome, ["log_price", *causes], absorb=absorb, family=case["family"]
        )
        assert rounded_twice(found["log_price"], 3) == case[known]


@pytest.mark.shared
def test_elasticities_of_the_brands_of_orange_juice(juice):
    found = [
        estimate(brand, "logmove", ["log_price"], absorb="store")["log_price"]
        for _, brand in juice.groupby("brand")
    ]
    assert [rounded_twice(value, 2) for value in found] == JUICE["by_brand"]
