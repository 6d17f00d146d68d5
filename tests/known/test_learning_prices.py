"""Thompson sampling with an inventory constraint: the programme, and what learning costs."""

import json
from pathlib import Path

import numpy as np
import pytest

from newretail_ml.pricing.learning import price_mix, simulate_stock_learning

KNOWN = json.loads((Path(__file__).parent / "learning_prices.json").read_text())
RULES = {"ts_fixed": "fixed", "ts_update": "update", "ts_no_inventory": "ignore"}


def numbers(text):
    return [float(part.split("=")[1]) for part in text.split(",")]


@pytest.mark.parametrize("case", KNOWN["programme"])
def test_the_programmes_mix_and_value(case):
    (alpha,) = numbers(case)
    mix = price_mix(KNOWN["prices"], KNOWN["demand"], alpha)
    expected = KNOWN["programme"][case]
    np.testing.assert_allclose(mix.share, expected["share"], atol=1e-6)
    assert mix.value == pytest.approx(expected["rate"], abs=1e-9)


@pytest.mark.parametrize("case", KNOWN["bounds"])
def test_the_bound(case):
    alpha, periods = numbers(case)
    bound = periods * price_mix(KNOWN["prices"], KNOWN["demand"], alpha).value
    assert bound == pytest.approx(KNOWN["bounds"][case], abs=KNOWN["tolerance"])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("case", KNOWN["percent_of_bound"])
def test_percent_of_the_bound_within_three_standard_errors(case, rule):
    alpha, periods = numbers(case)
    found = simulate_stock_learning(
        KNOWN["prices"],
        KNOWN["demand"],
        stock=alpha * periods,
        periods=int(periods),
        rule=RULES[rule],
        replications=3_000 if periods == 100 else 400,
    )
    stated = KNOWN["percent_of_bound"][case][rule]
    error = np.hypot(stated["se"], found.standard_error)
    assert abs(found.percent_of_bound - stated["mean_pct_of_lp"]) <= (
        KNOWN["standard_errors_allowed"] * error
    )
    assert found.standard_error < stated["se"]
