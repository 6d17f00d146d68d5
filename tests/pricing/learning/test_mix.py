"""The mix of prices against a solver of linear programmes, and the chances of each price."""

import numpy as np
import pytest
from scipy.optimize import linprog

from newretail_ml.errors import DataError
from newretail_ml.pricing.learning import (
    BernoulliBeliefs,
    PoissonBeliefs,
    chance_best,
    chance_mixed,
    price_mix,
    resource_mix,
    simulate_stock_learning,
    thompson_price,
)


def instance(rng):
    n = rng.integers(1, 7)
    margin = rng.normal(2, 2, n).round(2)
    demand = rng.choice([0.0, *rng.gamma(2, 1, 6).round(2)], n)
    return margin, demand, rng.choice([0.0, rng.gamma(1, 1), 100.0])


def test_the_closed_form_is_the_optimum_of_the_programme():
    rng = np.random.default_rng(0)
    for _ in range(300):
        margin, demand, rate = instance(rng)
        mix = price_mix(margin, demand, rate)
        rows = np.vstack([demand, np.ones(len(demand))])
        best = -linprog(-margin * demand, A_ub=rows, b_ub=[rate, 1.0], method="highs").fun
        assert mix.value == pytest.approx(best, abs=1e-9)
        assert (mix.share >= -1e-12).all()
        assert mix.share.sum() <= 1 + 1e-12
        assert mix.units <= rate + 1e-9
        assert mix.value == pytest.approx(mix.share @ (margin * demand))
        assert (mix.share > 1e-12).sum() <= 2


def test_many_mixes_at_once_are_those_one_by_one():
    rng = np.random.default_rng(1)
    demand, rate = rng.gamma(2, 1, (7, 3, 5)), rng.gamma(2, 1, (7, 3))
    margin = rng.uniform(1, 5, 5)
    together = price_mix(margin, demand, rate)
    assert together.share.shape == demand.shape
    for place in np.ndindex(7, 3):
        np.testing.assert_allclose(
            together.share[place], price_mix(margin, demand[place], rate[place]).share
        )


def test_without_a_limit_the_best_price_is_charged_always():
    mix = price_mix([1.0, 2.0, 3.0], [5.0, 4.0, 1.0])
    assert mix.share.tolist() == [0.0, 1.0, 0.0]
    assert price_mix([-1.0, -2.0], [5.0, 4.0]).share.tolist() == [0.0, 0.0]


def test_one_resource_of_the_general_programme_is_the_closed_form():
    rng = np.random.default_rng(2)
    for _ in range(50):
        margin, demand, rate = instance(rng)
        general = resource_mix(margin * demand, demand[:, None], [rate])
        assert general.value == pytest.approx(price_mix(margin, demand, rate).value, abs=1e-9)


def test_more_stock_never_earns_less():
    rng = np.random.default_rng(3)
    margin, demand = rng.uniform(0, 5, 6), rng.gamma(2, 1, 6)
    value = price_mix(margin, demand, np.linspace(0, 6, 50)).value
    assert (np.diff(value) >= -1e-12).all()
    assert (np.diff(value, 2) <= 1e-12).all()


@pytest.mark.parametrize("kind", [BernoulliBeliefs, PoissonBeliefs])
def test_exact_chances_agree_with_a_simulation(kind):
    rng = np.random.default_rng(4)
    beliefs = kind(rng.uniform(0.5, 20, 5), rng.uniform(0.5, 20, 5))
    margin = rng.uniform(1, 5, 5)
    exact = chance_best(beliefs, margin)
    simulated = chance_mixed(beliefs, margin, draws=30_000)
    np.testing.assert_allclose(exact, simulated, atol=5 * 0.5 / np.sqrt(30_000))


def test_drawn_prices_follow_their_chances():
    beliefs = PoissonBeliefs(np.full((40_000, 3), [3.0, 2.0, 2.0]), np.ones((40_000, 3)))
    one = PoissonBeliefs(beliefs.first[0], beliefs.second[0])
    margin = np.array([1.0, 1.5, 2.0])
    drawn = thompson_price(beliefs, margin, 1.5, np.random.default_rng(5))
    share = np.bincount(drawn, minlength=4)[:3] / len(drawn)
    np.testing.assert_allclose(share, chance_mixed(one, margin, 1.5, draws=40_000), atol=0.015)


def test_learning_from_counts_comes_close_to_the_bound():
    found = simulate_stock_learning([3.0, 4.0, 5.0], [6.0, 4.0, 1.0], 1_000, 300, kind="poisson")
    assert 95 < found.percent_of_bound <= 100
    ignoring = simulate_stock_learning(
        [3.0, 4.0, 5.0], [6.0, 4.0, 1.0], 400, 300, kind="poisson", rule="ignore"
    )
    assert ignoring.percent_of_bound < 90


def test_a_seed_gives_one_answer():
    first, second = (
        simulate_stock_learning([2.0, 3.0], [0.5, 0.3], 10, 40, random_state=3).earnings
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_no_season_earns_more_than_its_stock_at_the_highest_price():
    found = simulate_stock_learning([2.0, 3.0], [0.9, 0.8], 5, 50)
    assert (found.earnings <= 15).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prices": [1.0, 0.0]}, "prices"),
        ({"demand": [0.5, np.nan]}, "demand"),
        ({"demand": [0.5]}, "demand at"),
        ({"demand": [0.5, 2.0]}, "poisson"),
        ({"stock": 0}, "stock"),
        ({"periods": 0}, "periods"),
        ({"rule": "sometimes"}, "rule"),
        ({"kind": "normal"}, "kind"),
        ({"replications": 1}, "replications"),
        ({"prior": (0.0, 1.0)}, "beliefs"),
    ],
)
def test_bad_seasons_are_named(change, message):
    given = {"prices": [1.0, 2.0], "demand": [0.5, 0.3], "stock": 5, "periods": 10} | change
    with pytest.raises(DataError, match=message):
        simulate_stock_learning(**given)


@pytest.mark.parametrize(
    ("margin", "demand", "rate"),
    [
        ([1.0], [1.0, 2.0], 1.0),
        ([1.0, np.nan], [1.0, 2.0], 1.0),
        ([1.0, 2.0], [1.0, -2.0], 1.0),
        ([1.0, 2.0], [1.0, 2.0], -1.0),
        ([1.0, 2.0], [1.0, 2.0], np.nan),
        (["a", "b"], [1.0, 2.0], 1.0),
        ([], [], 1.0),
    ],
)
def test_bad_mixes_are_named(margin, demand, rate):
    with pytest.raises(DataError):
        price_mix(margin, demand, rate)


def test_a_bernoulli_belief_refuses_counts():
    with pytest.raises(DataError, match="PoissonBeliefs"):
        BernoulliBeliefs.flat((2,)).observed(np.array([1, 0]), np.array([2, 0]))
