"""The library's own policy: what it sees, how it orders, and that it pays."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import AutoForecaster, ExponentialSmoothing, MovingAverage
from newretail_ml.panel import Panel
from newretail_ml.replenishment import OrderRules
from newretail_ml.replenishment.replay import (
    ForecastPolicy,
    base_stock_policy,
    moving_average_policy,
    replay,
)

START = 60


def panel_of(units):
    n_series, n_periods = units.shape
    weeks = pd.date_range("2024-01-01", periods=n_periods, freq="7D")
    frame = pd.DataFrame(
        {
            "item_id": np.repeat([f"item {number:02}" for number in range(n_series)], n_periods),
            "date": np.tile(weeks, n_series),
            "units": units.ravel(),
        }
    )
    return Panel.from_frame(frame, freq="W")


def terms_of(panel, **others):
    terms = {"on_hand": 20.0, "lead_time": 2, "review_period": 1}
    costs = {"holding_cost": 0.2, "shortage_cost": 1.0}
    return panel.keys.assign(**terms | costs | others)


def wandering(n_series, n_periods):
    """Poisson counts around levels that wander."""
    rng = np.random.default_rng(5)
    level = np.exp(np.cumsum(rng.normal(0, 0.08, (n_series, n_periods)), axis=1))
    return rng.poisson(6.0 * level).astype(float)


@pytest.fixture(scope="module")
def weeks():
    return wandering(20, START + 10)


def played(policy, panel, *, due=None, backorders=False, **others):
    options = {"start": START, "due": due, "backorders": backorders, "progress": False}
    return replay(policy, panel, terms_of(panel, **others), **options)


class Knowing:
    """A model that was told the future."""

    def __init__(self, truth):
        self.truth = truth

    def clone(self):
        return Knowing(self.truth)

    def fit(self, panel):
        self.cut = panel.cut

    update = fit

    def forecast(self, horizon, *, n_paths, random_state):
        coming = self.truth[:, None, self.cut : self.cut + horizon]
        missing = horizon - coming.shape[2]
        paths = np.pad(coming, ((0, 0), (0, n_paths - 1), (0, missing)), mode="edge")
        panel = panel_of(self.truth)
        return Forecast(panel.keys, panel.periods.shifted(self.cut).resized(horizon), paths)


def test_who_knows_demand_matches_the_clairvoyant(weeks):
    for review_period in (1, 2):
        policy = ForecastPolicy(Knowing(weeks), left_over_reviews=0.0)
        outcome = played(policy, panel_of(weeks), review_period=review_period)
        assert outcome.cost.sum() == pytest.approx(outcome.clairvoyant.cost.sum())


def knowing(truth):
    return ForecastPolicy(Knowing(truth), left_over_reviews=0.0)


@pytest.mark.parametrize(("arrives", "ordered"), [(0, 4.0), (1, 3.0), (2, 0.0), (3, 4.0)])
def test_an_open_order_counts_from_the_day_it_arrives(arrives, ordered):
    """Of five units, what two weeks of four leave for the third, when the new order arrives."""
    demand = np.full((1, START + 6), 4.0)
    due = np.zeros((1, 4))
    due[0, arrives] = 5.0
    outcome = played(knowing(demand), panel_of(demand), due=due, on_hand=0.0)
    assert outcome.orders[0, 0] == ordered


@pytest.mark.parametrize("lead_time", [1, 2])
@pytest.mark.parametrize("on_hand", [0.0, 3.0, 20.0])
def test_who_knows_serves_waiting_customers_at_the_least_cost(weeks, lead_time, on_hand):
    options = {"backorders": True, "lead_time": lead_time, "on_hand": on_hand}
    usual = base_stock_policy(4.0 * (lead_time + 1))
    for demand in (np.full((2, START + 12), 4.0), weeks[:2]):
        ours = played(knowing(demand), panel_of(demand), **options)
        assert ours.cost.sum() == pytest.approx(ours.clairvoyant.cost.sum())
        assert ours.cost.sum() <= played(usual, panel_of(demand), **options).cost.sum() + 1e-9


def test_nobody_waits_and_nothing_is_left_once_orders_arrive():
    demand = np.full((2, START + 12), 4.0)
    for on_hand in (0.0, 20.0):
        outcome = played(knowing(demand), panel_of(demand), backorders=True, on_hand=on_hand)
        assert outcome.short[:, :2].any() == (on_hand == 0)
        assert not outcome.short[:, 5:].any()
        assert not outcome.on_hand[:, 5:].any()


def test_the_future_is_out_of_reach(weeks):
    edited = weeks.copy()
    edited[:, START + 6 :] = 500.0
    kept, changed = (
        played(ForecastPolicy(ExponentialSmoothing()), panel_of(units)).orders
        for units in (weeks, edited)
    )
    np.testing.assert_array_equal(kept[:, :7], changed[:, :7])
    assert (kept[:, 7:] != changed[:, 7:]).any()


def test_unmet_demand_is_out_of_reach_too(weeks):
    """Where the shelf is empty, more demand cannot be seen."""
    more = weeks.copy()
    more[:, START] += 1_000.0
    orders = [
        played(ForecastPolicy(MovingAverage(8)), panel_of(units), on_hand=0.0).orders
        for units in (weeks, more)
    ]
    np.testing.assert_array_equal(*orders)


def automatic(horizon):
    return AutoForecaster(horizon, n_threads=1, progress=False)


def test_empty_shelves_are_not_taken_for_no_demand():
    """Nothing is there to sell for two months; the level before counts, not the zeros."""
    units = np.random.default_rng(1).poisson(10.0, (4, START + 14)).astype(float)
    policy = ForecastPolicy(automatic(9), refit_every=8)
    outcome = played(policy, panel_of(units), on_hand=0.0, lead_time=8)
    assert outcome.sales[:, :8].sum() == 0
    assert outcome.sales[:, 8:].sum() > 0.8 * units[:, START + 8 :].sum()


def test_it_earns_more_than_the_usual_practice():
    panel = panel_of(wandering(100, START + 14))
    ours = played(ForecastPolicy(automatic(3), refit_every=14), panel)
    for practice in (moving_average_policy(13), moving_average_policy(13, cover=4)):
        assert ours.cost.sum() < played(practice, panel).cost.sum()


def test_more_reviews_of_left_overs_never_order_more(weeks):
    panel = panel_of(weeks)
    first = [
        played(ForecastPolicy(MovingAverage(13), left_over_reviews=reviews), panel).orders[:, 0]
        for reviews in (0.0, 1.0, 3.0)
    ]
    assert (first[0] >= first[1]).all()
    assert (first[1] >= first[2]).all()
    assert first[0].sum() > first[2].sum()


def test_series_order_at_their_own_reviews_under_one_budget(weeks):
    panel = panel_of(weeks)
    terms = {"review_period": np.where(np.arange(20) % 2, 2, 3), "unit_cost": 2.0}
    policy = ForecastPolicy(MovingAverage(13), rules=OrderRules(budget=60.0))
    orders = played(policy, panel, **terms).orders
    assert (2.0 * orders.sum(axis=0) <= 60.0).all()
    period = np.arange(orders.shape[1])
    assert not orders[1::2][:, period % 2 > 0].any()
    assert not orders[0::2][:, period % 3 > 0].any()
    assert orders.sum() > 0


def test_the_same_policy_can_be_replayed_again(weeks):
    panel, policy = panel_of(weeks), ForecastPolicy(ExponentialSmoothing(), refit_every=7)
    first, second = (played(policy, panel).orders for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert policy.fitted_at_ == 7
    assert not hasattr(policy.model, "panel_")
    assert "ExponentialSmoothing" in repr(policy) and policy.name in repr(played(policy, panel))


def test_a_refit_every_zero_periods_is_refused():
    with pytest.raises(DataError, match="every 0 periods"):
        ForecastPolicy(MovingAverage(), refit_every=0)
