"""Known answers of dynamic prices, to their tolerance."""

import json
from pathlib import Path

import numpy as np
import pytest

from newretail_ml.pricing.markdown import bernoulli_season, exponential_season, season_on_grid

KNOWN = json.loads((Path(__file__).parent / "markdown.json").read_text())
EXPONENTIAL, BERNOULLI = KNOWN["exponential"], KNOWN["bernoulli"]
SEASONS = [name for name in BERNOULLI["expected"] if "T=" in name]
NAMES = {
    "J": "value",
    "p0": "price",
    "J_fluid": "bound",
    "p_fixed": "fixed_price",
    "J_fixed": "fixed_value",
}


@pytest.mark.parametrize("units", EXPONENTIAL["expected"])
def test_exponential_demand_has_its_closed_form(units):
    season = exponential_season(10 * np.e, 20)
    for name, attribute in NAMES.items():
        found = getattr(season, attribute)[int(units)]
        assert found == pytest.approx(EXPONENTIAL["expected"][units][name], abs=1e-5)


def test_the_equation_solved_in_time_steps_agrees():
    prices = np.linspace(0.5, 6.0, 4001)
    season = season_on_grid(prices, 10 * np.exp(1 - prices), 20)
    for units, expected in EXPONENTIAL["expected"].items():
        assert season.value[int(units)] == pytest.approx(expected["J"], abs=1e-5)
        assert season.bound[int(units)] == pytest.approx(expected["J_fluid"], abs=1e-5)
        assert season.price[int(units)] == pytest.approx(expected["p0"], abs=2e-3)
        assert season.fixed_value[int(units)] == pytest.approx(expected["J_fixed"], abs=1e-2)


@pytest.mark.parametrize("name", SEASONS)
def test_bernoulli_demand(name):
    alpha, periods = (float(part.split("=")[1]) for part in name.split(","))
    expected = BERNOULLI["expected"][name]
    prices = BERNOULLI["inputs"]["prices"]
    season = bernoulli_season(
        prices, BERNOULLI["inputs"]["demand"], round(alpha * periods), int(periods)
    )
    assert season.bound == pytest.approx(expected["lp_bound"], abs=1e-3)
    assert season.value == pytest.approx(expected["exact_dp_known_demand"], abs=1e-3)
    assert str(prices[season.best_static]) == expected["best_static"][0]
    assert season.static[season.best_static] == pytest.approx(expected["best_static"][1], abs=1e-3)
    for price, static in zip(prices, season.static, strict=True):
        assert static == pytest.approx(expected["static"][str(price)], abs=1e-3)
    mix = BERNOULLI["expected"][f"alpha={alpha:g}"]
    assert season.mix == pytest.approx(np.array(mix["lp_mix"]), abs=1e-3)
    assert season.bound / periods == pytest.approx(mix["lp_rate"], abs=1e-3)
