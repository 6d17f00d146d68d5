"""Cycles against integrals and against customers whose rhythm is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from newretail_ml import DataError
from newretail_ml.interactions import Interactions, Shelf
from newretail_ml.recommendation.baskets import DueDate
from newretail_ml.recommendation.baskets.cycles import Cycles, item_cycles
from newretail_ml.recommendation.baskets.renewal import Renewal
from newretail_ml.recommendation.pairs import Pairs

GAPS = np.array([7.0, 14.0, 21.0, 35.0, 50.0])


def simulated(seed: int, n_customers: int = 400, days: int = 300) -> pd.DataFrame:
    """Every item in its own rhythm (three stages); items are given up, and customers stop."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(n_customers):
        end = rng.uniform(0, 3 * days)
        for item in rng.choice(len(GAPS), 3, replace=False):
            gap, day = GAPS[item] * rng.gamma(8.0, 1 / 8.0), rng.uniform(0, 60)
            while day < min(end, days):
                rows.append((f"c{customer:03}", f"i{item}", day))
                day = np.inf if rng.random() < 0.05 else day + rng.gamma(3.0, gap / 3.0)
    frame = pd.DataFrame(rows, columns=["customer_id", "item_id", "day"])
    frame["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(frame["day"].round(2), "D")
    return frame


def cycles(repeats: float, span: float, log_gaps: float, silent: float, then: float) -> Cycles:
    values = [np.array([value]) for value in (repeats, span, log_gaps, silent, then)]
    return Cycles(np.array([0]), np.array([0]), *values)


@pytest.mark.parametrize("stages", [1, 2, 4])
@pytest.mark.parametrize("gaps", [[], [9.0], [5.0, 8.0, 12.0]])
def test_chances_are_integrals_over_rates(stages, gaps):
    shape, rate, stop, weight, active = 1.7, 0.3, 0.2, 3.0, 0.8
    silent, then, ahead = 11.0, 4.0, 14.0
    model = Renewal(stages, shape, np.array([rate]), np.array([stop]), weight)
    one = cycles(len(gaps), sum(gaps), np.log(gaps).sum(), silent, then)

    def over_rates(value):
        def weighted(pace):
            density = stats.gamma.pdf(pace, shape, scale=rate / shape)
            return density * np.prod(stats.gamma.pdf(gaps, stages, scale=1 / pace)) * value(pace)

        return integrate.quad(weighted, 0, 40 * rate, limit=200)[0]

    def quiet(days):
        return over_rates(lambda pace: stats.gamma.sf(days, stages, scale=1 / pace))

    chance = stats.beta(stop * weight, (1 - stop) * weight)
    on = chance.expect(lambda p: (1 - p) ** (len(gaps) + 1))
    ended = chance.expect(lambda p: p * (1 - p) ** len(gaps)) * over_rates(lambda _: 1.0)
    going = on * active * quiet(silent)
    total = going + on * (1 - active) * quiet(then) + ended
    np.testing.assert_allclose(
        model.log_likelihood(one, np.array([active]))[0], np.log(total), rtol=1e-5
    )
    soon = on * active * (quiet(silent) - quiet(silent + ahead)) / total
    np.testing.assert_allclose(model.soon(one, np.array([active]), ahead)[0], soon, rtol=1e-4)


def test_probabilities_are_calibrated_where_the_rhythm_is_known():
    known = Interactions.from_frame(simulated(1))
    before, cut = known.until("2026-09-10"), pd.Timestamp("2026-09-10")
    for horizon in (7, 28):
        due = DueDate(horizon).fit(before).due()
        later = known.between(cut, cut + pd.Timedelta(days=horizon))
        bought = set(zip(later["customer_id"], later["item_id"], strict=True))
        pairs = zip(due["customer_id"], due["item_id"], strict=True)
        due["bought"] = [pair in bought for pair in pairs]
        due["bin"] = pd.cut(due["probability"], [0, 0.05, 0.2, 0.4, 0.6, 0.8, 1.0])
        for _, part in due.groupby("bin", observed=True):
            share, chance = part["bought"].mean(), part["probability"].mean()
            doubt = 4 * np.sqrt(chance * (1 - chance) / len(part))
            assert abs(share - chance) < doubt + 0.06, (horizon, share, chance, len(part))
        # Knowing the rhythm is worth more than knowing the mean.
        flat = due["bought"].var(ddof=0)
        assert ((due["bought"] - due["probability"]) ** 2).mean() < 0.8 * flat


def test_gaps_are_those_of_the_items():
    due = DueDate().fit(Interactions.from_frame(simulated(2)))
    table = due.due()
    often = table[table["probability"] > table["probability"].median()]
    gap = often.groupby("item_id")["expected_gap"].median().sort_index()
    np.testing.assert_allclose(gap, GAPS, rtol=0.3)


def test_a_longer_horizon_is_likelier_and_due_dates_follow_the_rhythm():
    known = Interactions.from_frame(simulated(3, n_customers=100))
    short, long = (DueDate(days).fit(known).due() for days in (7, 60))
    key = ["customer_id", "item_id"]
    both = short.merge(long, on=key, suffixes=("", "_long"))
    assert (both["probability_long"] >= both["probability"]).all()
    assert both["probability_long"].between(0, 1).all()
    assert (both["due_date"] == both["due_date_long"]).all()
    ahead = (short["due_date"] - short["last"]).dt.days
    assert (abs(ahead - short["expected_gap"]) <= 2).all()
    assert (short.groupby("customer_id")["probability"].diff().dropna() <= 0).all()


def test_days_out_of_stock_are_no_sign_against_an_item():
    frame = pd.concat([simulated(4, n_customers=60), simulated(5, n_customers=60)])
    known = Interactions.from_frame(frame.assign(location_id="here"))
    item = int(known.columns_of(["i0"])[0])
    n_days = 300
    stock = np.ones((n_days, known.n_items, 1), np.float32)
    stock[-40:, item] = 0.0
    full = replace(known, shelf=Shelf(np.datetime64("2026-01-01"), np.ones_like(stock)))
    empty = replace(known, shelf=Shelf(np.datetime64("2026-01-01"), stock))
    pairs = Pairs.of(known)
    mine = pairs.item == item
    with_stock, without = (item_cycles(one, pairs) for one in (full, empty))
    assert (without.silent[mine] <= with_stock.silent[mine]).all()
    long = mine & (with_stock.silent > 45)
    assert long.any()
    gone = with_stock.silent[long] - without.silent[long]
    assert ((gone >= 38) & (gone <= 41)).all()
    np.testing.assert_array_equal(without.silent[~mine], with_stock.silent[~mine])
    chance = [
        DueDate().fit(one).due().set_index(["customer_id", "item_id"]) for one in (full, empty)
    ]
    alive = chance[0]["probability"].xs("i0", level="item_id")
    assert chance[1]["probability"].xs("i0", level="item_id").mean() > alive.mean()


def test_who_stopped_to_come_is_not_due():
    frame = simulated(6, n_customers=80)
    stopped = frame[frame["customer_id"] == frame["customer_id"].iloc[0]].assign(customer_id="gone")
    frame = pd.concat([frame, stopped[stopped["day"] < 60]])
    model = DueDate().fit(Interactions.from_frame(frame))
    assert model.due(["gone"])["probability"].max() < 0.1
    assert model.due(["nobody"]).empty


def test_a_wrong_horizon_is_refused():
    with pytest.raises(DataError, match="horizon_days"):
        DueDate(0).fit(Interactions.from_frame(simulated(7, n_customers=3)))
