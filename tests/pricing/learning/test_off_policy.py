"""Off-policy evaluation: exact by enumeration, unbiased by simulation, and clear on bad logs."""

import itertools

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing.learning import charging, off_policy_value

PRICES = np.array([2.0, 3.0, 4.0])
REWARD = np.array([5.0, 9.0, 6.0])
LOGGED = np.array([0.5, 0.3, 0.2])
POLICY = np.array([0.1, 0.2, 0.7])


def make_log(chosen, reward, propensity=LOGGED, item="a"):
    """One row per day and price; `chosen` and `reward` one entry per day."""
    days = len(chosen)
    candidates = len(PRICES)
    return pd.DataFrame(
        {
            "date": np.repeat(pd.date_range("2026-01-01", periods=days), candidates),
            "item_id": item,
            "price": np.tile(PRICES, days),
            "propensity": np.broadcast_to(propensity, (days, candidates)).ravel(),
            "chosen": (np.arange(candidates) == np.asarray(chosen)[:, None]).ravel(),
            "profit": np.repeat(np.asarray(reward, float), candidates),
        }
    )


def expectation(estimate, days=3):
    """Exact expectation over everything that can happen, rewards of two equally likely values."""
    total = 0.0
    for chosen in itertools.product(range(3), repeat=days):
        for luck in itertools.product((-2.0, 2.0), repeat=days):
            chance = LOGGED[list(chosen)].prod() * 0.5**days
            total += chance * estimate(make_log(chosen, REWARD[list(chosen)] + np.array(luck)))
    return total


@pytest.mark.parametrize("method", ["ips", "doubly_robust"])
def test_the_expectation_is_the_policys_value_exactly(method):
    found = expectation(lambda log: off_policy_value(log, np.tile(POLICY, 3), method).value)
    assert found == pytest.approx(POLICY @ REWARD, rel=1e-12)


def test_doubly_robust_is_unbiased_whatever_was_expected():
    wrong = np.tile([100.0, -3.0, 7.0], 3)
    found = expectation(
        lambda log: off_policy_value(log, np.tile(POLICY, 3), "doubly_robust", expected=wrong).value
    )
    assert found == pytest.approx(POLICY @ REWARD, rel=1e-12)


def test_doubly_robust_stays_unbiased_when_the_log_learned():
    """On the second day the chances depend on the reward of the first."""
    total = 0.0
    for first, second in itertools.product(range(3), repeat=2):
        for luck in (-2.0, 2.0):
            later = LOGGED if luck > 0 else LOGGED[::-1]
            chance = LOGGED[first] * 0.5 * later[second]
            log = make_log(
                [first, second],
                [REWARD[first] + luck, REWARD[second]],
                np.stack([LOGGED, later]),
            )
            total += chance * off_policy_value(log, np.tile(POLICY, 2)).value
    assert total == pytest.approx(POLICY @ REWARD, rel=1e-12)


def simulated(method, days=60, times=250, **options):
    rng = np.random.default_rng(0)
    found = []
    for _ in range(times):
        chosen = rng.choice(3, size=days, p=LOGGED)
        log = make_log(chosen, REWARD[chosen] + rng.normal(0, 2, days))
        found.append(off_policy_value(log, np.tile(POLICY, days), method, **options))
    return found


@pytest.mark.parametrize("method", ["ips", "snips", "doubly_robust"])
def test_errors_are_as_large_as_they_say_and_intervals_cover(method):
    found = simulated(method)
    truth = POLICY @ REWARD
    value = np.array([one.value for one in found])
    assert abs(value.mean() - truth) < 4 * value.std() / np.sqrt(len(value)) + 0.02
    assert np.mean([one.standard_error for one in found]) == pytest.approx(value.std(), rel=0.15)
    inside = [low <= truth <= high for low, high in (one.interval(0.9) for one in found)]
    assert 0.84 < np.mean(inside) < 0.95


def test_an_expectation_makes_the_estimate_surer():
    plain = np.std([one.value for one in simulated("ips", times=60)])
    robust = np.std([one.value for one in simulated("doubly_robust", times=60)])
    assert robust < 0.7 * plain


def test_clipping_is_reported_and_lowers_the_spread():
    plain, cut = simulated("ips", times=100), simulated("ips", times=100, clip=1.5)
    assert np.std([one.value for one in cut]) < np.std([one.value for one in plain])
    assert 0.1 < np.mean([one.clipped_share for one in cut]) < 0.3
    assert all(one.largest_weight == pytest.approx(3.5) for one in cut)


def test_the_policy_of_the_log_itself_is_worth_what_was_earned():
    log = make_log([0, 1, 2, 1], [1.0, 2.0, 3.0, 4.0])
    for method in ("ips", "snips"):
        found = off_policy_value(log, log["propensity"].to_numpy(), method)
        assert found.value == pytest.approx(2.5)
        assert found.effective_sample_size == pytest.approx(4)
        assert found.uncovered == 0


def test_what_the_log_cannot_say_is_reported():
    log = make_log([0, 0, 1, 1], [1.0, 2.0, 3.0, 4.0], np.array([0.5, 0.5, 0.0]))
    found = off_policy_value(log, np.tile([0.5, 0.0, 0.5], 4), "ips")
    assert found.uncovered == pytest.approx(0.5)
    assert off_policy_value(log, np.tile([0.4, 0.4, 0.2], 4), "ips").uncovered == pytest.approx(0.2)


def test_days_that_share_their_luck_count_once():
    rng = np.random.default_rng(1)
    luck = rng.normal(0, 2, 50)
    chosen = rng.choice(3, size=50, p=LOGGED)
    logs = [make_log(chosen, REWARD[chosen] + luck, item=item) for item in "abcd"]
    log = pd.concat(logs, ignore_index=True)
    chance = np.tile(POLICY, 200)
    single = off_policy_value(logs[0], np.tile(POLICY, 50), "ips")
    grouped = off_policy_value(log, chance, "ips", cluster="date")
    assert grouped.value == pytest.approx(single.value)
    assert grouped.standard_error == pytest.approx(single.standard_error)
    assert off_policy_value(log, chance, "ips").standard_error < 0.6 * grouped.standard_error


def test_rows_in_another_order_say_the_same():
    rng = np.random.default_rng(2)
    chosen = rng.choice(3, size=20, p=LOGGED)
    log = make_log(chosen, rng.normal(5, 1, 20)).assign(chance=np.tile(POLICY, 20))
    mixed = log.sample(frac=1, random_state=1)
    for method in ("ips", "snips", "doubly_robust"):
        values = [
            off_policy_value(one, lambda rows: rows["chance"].to_numpy(), method).value
            for one in (log, mixed)
        ]
        assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_a_log_without_candidates_serves_the_weighted_estimates():
    log = make_log([0, 1, 2, 1], [1.0, 2.0, 3.0, 4.0])
    short = log[log["chosen"]].drop(columns="chosen")
    for method in ("ips", "snips"):
        whole = off_policy_value(log, np.tile(POLICY, 4), method)
        part = off_policy_value(short, POLICY[[0, 1, 2, 1]], method)
        assert part.value == pytest.approx(whole.value)
        assert np.isnan(part.uncovered)
    with pytest.raises(DataError, match="snips"):
        off_policy_value(short, POLICY[[0, 1, 2, 1]], "doubly_robust")


def test_a_price_list_as_policy():
    log = make_log([0, 1, 1], [1.0, 2.0, 4.0])
    wanted = charging(log, pd.DataFrame({"item_id": ["a"], "price": [3.0]}))
    assert wanted.tolist() == [0, 1, 0] * 3
    assert off_policy_value(log, wanted, "snips").value == pytest.approx(3.0)
    with pytest.raises(DataError, match="no price in the list"):
        charging(log, pd.DataFrame({"item_id": ["b"], "price": [3.0]}))
    with pytest.raises(DataError, match="one price for each"):
        charging(log, pd.DataFrame({"item_id": ["a", "a"], "price": [3.0, 4.0]}))


def spoiled(column, row, value):
    log = make_log([0, 1], [1.0, 2.0]).astype({column: object})
    log.loc[row, column] = value
    return log


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (pd.DataFrame(), "no rows"),
        (make_log([0, 1], [1.0, 2.0]).drop(columns="propensity"), "propensity.*missing"),
        (make_log([0, 1], [1.0, 2.0]).drop(columns="profit"), "profit.*missing"),
        (make_log([0, 1], [1.0, 2.0]).drop(columns=["date", "item_id"]), "belong to one"),
        (spoiled("propensity", 1, None), "propensity.*missing"),
        (spoiled("propensity", 1, "often"), "propensity.*missing"),
        (spoiled("propensity", 1, 30.0), "between 0 and 1"),
        (spoiled("propensity", 1, -0.3), "between 0 and 1"),
        (spoiled("propensity", 0, 0.0), "0 although the price was charged"),
        (spoiled("propensity", 1, 0.2), "sum to 1"),
        (spoiled("chosen", 0, False), "no price that was charged"),
        (spoiled("chosen", 1, True), "several"),
        (spoiled("chosen", 1, "perhaps"), "True or False"),
        (spoiled("profit", 0, np.nan), "profit.*charged"),
        (spoiled("profit", 0, np.inf), "profit.*charged"),
        (spoiled("date", 0, None), "date.*missing"),
        (spoiled("price", 0, 3.0), "share"),
    ],
)
def test_bad_logs_are_named(log, message):
    with pytest.raises(DataError, match=message):
        off_policy_value(log, np.full(len(log), 1 / 3), "ips")


@pytest.mark.parametrize(
    ("policy", "options", "message"),
    [
        (np.ones(2), {}, "shape"),
        (np.full(6, -0.1), {}, "between 0 and 1"),
        (np.full(6, 0.9), {}, "sum to 1"),
        (np.full(6, np.nan), {}, "between 0 and 1"),
        (np.full(6, 1 / 3), {"method": "guess"}, "method"),
        (np.full(6, 1 / 3), {"clip": 0.0}, "clip"),
        (np.full(6, 1 / 3), {"expected": np.ones(2)}, "expected"),
        (np.full(6, 1 / 3), {"cluster": "week"}, "week"),
        (np.tile([0.0, 0.0, 1.0], 2), {"method": "snips"}, "no price that was charged"),
    ],
)
def test_bad_policies_are_named(policy, options, message):
    with pytest.raises(DataError, match=message):
        off_policy_value(make_log([0, 1], [1.0, 2.0]), policy, **options)


def test_a_policy_off_the_candidates_is_refused_and_not_worth_nothing():
    log = make_log([0, 1], [5.0, 9.0])
    prices = pd.DataFrame({"item_id": ["a"], "price": [2.5]})
    with pytest.raises(DataError, match=r"sum to 1 for 2 decisions, the first to 0 .*candidate"):
        off_policy_value(log, charging(log, prices))
