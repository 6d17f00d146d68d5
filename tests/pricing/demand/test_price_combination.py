"""The backtest of demand models, the shrunken regression, and the combination of models."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.combination import PriceCombination
from newretail_ml.pricing.demand.judging import backtest_prices, cuts_of, errors
from newretail_ml.pricing.demand.mixed_response import MixedResponse
from newretail_ml.pricing.demand.shrunken import ShrunkenLogLog
from newretail_ml.pricing.demand.trees import MonotoneTrees
from newretail_ml.pricing.demand.weights import simplex_weights
from newretail_ml.pricing.response import ConstantElasticity, SemiLog
from tests.pricing.demand.shops import shop

SMALL = MonotoneTrees(n_boosters=2, n_trees=20)


class Wrong(PriceModel):
    """A model that is off by a factor."""

    def __init__(self, factor=1.0, least=0):
        self.factor = factor
        self.least = least

    def _fit(self, panel):
        if panel.cut < self.least:
            raise DataError("too short", next_step="Wait.")
        self.seen = panel.cut
        level = np.nanmean(panel.units, axis=1)
        self.level = self.factor * level
        self.response_ = ConstantElasticity(level, np.full(len(level), 2.0), -np.ones(len(level)))

    def _predict(self, panel, periods):
        assert panel.cut == self.seen
        return np.repeat(self.level[:, None], periods.stop - periods.start, axis=1)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return shop(n_items=4, n_locations=3, n_periods=90, future=4)


def test_errors_of_logs_leave_zeros_out_and_absolute_ones_do_not():
    found = errors(np.array([[1.0, 0.0, np.nan]]), np.array([[np.e, 2.0, 9.0]]))
    assert found["rmse_log"] == pytest.approx(1.0)
    assert found["wape"] == pytest.approx(np.e - 1 + 2)


def test_the_backtest_hides_sales_and_ranks(panel):
    models = {"far": Wrong(3.0), "near": Wrong(1.1), "late": Wrong(least=70)}
    result = backtest_prices(models, panel, horizon=10)
    assert result.best == "near"
    assert list(result.leaderboard().index) == ["near", "far"]
    assert list(result.not_run) == ["late"]
    assert result.remark == ""
    assert len(result.scores) == 6
    assert set(result.scores["fold"]) == {0, 1, 2}


def test_a_short_history_does_with_fewer_folds_and_says_so(panel):
    assert cuts_of(panel.until(30), 10, 3, None)[0] == [10, 20]
    assert "2 of the 3 folds" in cuts_of(panel.until(30), 10, 3, None)[2]
    with pytest.raises(DataError, match="one fold"):
        cuts_of(panel.until(15), 10, 1, None)
    with pytest.raises(DataError, match="no model could be judged"):
        backtest_prices([Wrong(least=1000)], panel)


def test_weights_by_brute_force():
    rng = np.random.default_rng(3)
    actual = rng.lognormal(3, 1, 400)
    said = actual * np.exp(rng.normal(0, [[0.3], [0.5], [0.9]], (3, 400)))
    weights = simplex_weights(said, actual, counts=False)
    assert weights.sum() == pytest.approx(1.0)

    def loss(w):
        away = 0.2 * min(np.mean((np.log(one / actual)) ** 2) for one in said)
        return np.mean((w @ np.log(said / actual)) ** 2) + away * ((w - 1 / 3) ** 2).sum()

    grid = [
        np.array([a, b, 1 - a - b]) / 1.0
        for a in np.linspace(0, 1, 51)
        for b in np.linspace(0, 1 - a, 51)
    ]
    assert loss(weights) <= min(loss(one) for one in grid) + 1e-9
    assert weights[0] > weights[1] > weights[2]


def test_weights_of_counts_prefer_the_better_of_two_at_zeros():
    rng = np.random.default_rng(1)
    mean = rng.choice([0.1, 2.0], 2000)
    actual = rng.poisson(mean).astype(float)
    weights = simplex_weights(np.array([mean, np.full(2000, 1.05)]), actual, counts=True)
    assert weights[0] > 0.7


def test_weights_without_anything_to_judge_are_equal():
    assert simplex_weights(np.ones((2, 0)), np.zeros(0), counts=False).tolist() == [0.5, 0.5]
    assert simplex_weights(np.ones((2, 3)), np.full(3, np.nan), counts=True).tolist() == [0.5, 0.5]


def test_the_regression_finds_own_and_cross_elasticities():
    panel = shop(n_items=3, n_locations=6, n_periods=150, noise=0.1)
    model = ShrunkenLogLog().fit(panel)
    elasticities, place = model.elasticities(), np.arange(18) % 6
    assert np.diagonal(elasticities) == pytest.approx(np.full(18, -2.0), abs=0.2)
    together = (place[:, None] == place[None]) & ~np.eye(18, dtype=bool)
    assert elasticities[together] == pytest.approx(np.full(36, 0.3), abs=0.15)
    assert (elasticities[place[:, None] != place[None]] == 0).all()
    spread = np.std([one.own_elasticities() for one in model.sample(30)], axis=0)
    assert (spread > 0.005).all()
    assert (spread < 0.2).all()


def test_the_regression_of_counts_keeps_zeros():
    panel = shop(n_items=3, n_locations=6, n_periods=120, units=6.0, counts=True, cross=0.0)
    model = ShrunkenLogLog().fit(panel.until(100))
    assert (panel.units == 0).mean() > 0.05
    assert model.response_.own_elasticities().mean() == pytest.approx(-2.0, abs=0.3)
    predicted = model.predict(panel, slice(100, 120))
    assert predicted.sum() == pytest.approx(panel.units[:, 100:].sum(), rel=0.1)


def test_a_large_penalty_gives_what_all_items_share(panel):
    shared = ShrunkenLogLog(by_item=False).fit(panel)
    drawn = ShrunkenLogLog(penalty=1e9).fit(panel)
    assert drawn.elasticities() == pytest.approx(shared.elasticities(), abs=1e-4)
    periods = slice(0, panel.cut)
    assert drawn.predict(panel, periods) == pytest.approx(shared.predict(panel, periods), rel=1e-4)


def test_predictions_at_current_prices_are_the_response(panel):
    model = ShrunkenLogLog().fit(panel)
    ahead = slice(panel.cut, panel.cut + 1)
    for name, plan in panel.plans.items():
        plan[:, ahead] = model.response_.prices[:, None] if name == "price" else 0.0
    assert model.predict(panel, ahead)[:, 0] == pytest.approx(
        model.units(model.response_.prices), rel=1e-5
    )


def test_a_mix_is_the_geometric_mean_of_members():
    prices = np.array([2.0, 3.0])
    steep = ConstantElasticity([100.0, 10.0], prices, [-3.0, -2.0])
    bent = SemiLog([50.0, 20.0], prices, [[-0.5, 0.1], [0.2, -0.6]])
    mixed = MixedResponse([steep, bent], [0.25, 0.75])
    asked = np.array([[1.9, 3.2], [2.4, 2.0]])
    expected = steep.units(asked) ** 0.25 * bent.units(asked) ** 0.75
    assert mixed.units(asked) == pytest.approx(expected)
    assert mixed.elasticities(asked[0]) == pytest.approx(
        0.25 * steep.elasticities(asked[0]) + 0.75 * bent.elasticities(asked[0])
    )
    assert mixed.own_elasticities() == pytest.approx(np.diagonal(mixed.elasticities()))
    assert not mixed.separable
    assert MixedResponse([steep, bent], [1.0, 0.0]).separable
    moved = mixed.anchored(np.array([5.0, 6.0]), asked[1])
    assert moved.units(asked[1]) == pytest.approx([5.0, 6.0])
    with pytest.raises(DataError, match="weights"):
        MixedResponse([steep, bent], [0.5, 0.6])


def test_the_combination_weighs_by_the_past_and_leaves_out_what_fails(panel):
    members = {"far": Wrong(4.0), "near": Wrong(1.0), "never": Wrong(least=1000)}
    model = PriceCombination(members).fit(panel)
    assert model.weights_["near"] > 0.9
    assert model.weights_["never"] == 0.0
    assert "too short" in model.not_run_["never"]
    with pytest.raises(DataError, match="no member"):
        PriceCombination({"never": Wrong(least=1000)}).fit(panel)
    with pytest.raises(DataError, match="members"):
        PriceCombination({}).fit(panel)


def test_the_combination_is_consistent(panel):
    members = {"regression": ShrunkenLogLog(), "trees": SMALL}
    model = PriceCombination(members).fit(panel)
    periods = slice(panel.cut, panel.cut + 4)
    logs = [
        weight * np.log(members[name].clone().fit(panel).predict(panel, periods))
        for name, weight in model.weights_.items()
    ]
    assert np.log(model.predict(panel, periods)) == pytest.approx(sum(logs))
    assert model.response_.evidence.identified.all()
    units = np.array([one.units(model.response_.prices) for one in model.sample(6, 2)])
    assert np.isfinite(units).all()
    assert (units.std(axis=0) > 0).all()


def test_with_a_history_too_short_to_judge_weights_are_equal(panel):
    members = {"one": Wrong(1.0), "other": Wrong(2.0)}
    model = PriceCombination(members).fit(panel.until(4))
    assert model.weights_ == {"one": 0.5, "other": 0.5}
    assert "equal weights" in model.remark_


@pytest.mark.parametrize(
    "kind",
    [
        {"n_items": 1, "n_locations": 1, "n_periods": 25, "promotion": False},
        {"n_items": 2, "n_locations": 1, "n_periods": 10},
        {"n_items": 4, "n_locations": 2, "n_periods": 84, "freq": "D", "units": 3, "counts": True},
    ],
    ids=["one series", "ten weeks", "days with zeros"],
)
def test_defaults_on_small_shops(kind):
    panel = shop(future=5, **kind)
    model = PriceCombination(
        {"regression": ShrunkenLogLog(), "trees": SMALL} if kind.get("freq") else None
    ).fit(panel)
    predicted = model.predict(panel, slice(panel.cut, panel.cut + 5))
    assert np.isfinite(predicted).all()
    assert (predicted > 0).all()
    assert (model.response_.own_elasticities() < 0).all()


def test_a_competitors_price_is_a_column_too():
    rng = np.random.default_rng(0)
    weeks = pd.date_range("2026-01-05", periods=120, freq="7D")
    price, rival = rng.choice([2.0, 2.5, 3.0], (2, 120))
    units = 500 * price**-2.0 * np.exp(0.4 * rival)
    frame = pd.DataFrame({"item_id": "tea", "date": weeks, "units": units, "price": price})
    panel = Panel.from_frame(frame.assign(rival=rival), plans=["rival"])
    model = ShrunkenLogLog(penalty=0.0, shared_penalty=0.0).fit(panel.until(100))
    assert model.predict(panel, slice(100, 120)) == pytest.approx(units[None, 100:], rel=0.01)
    with pytest.raises(DataError, match="rival"):
        model.predict(Panel.from_frame(frame), slice(0, 1))


@pytest.mark.shared
def test_orange_juice_weeks_that_were_held_out(shared_data):
    """Peers on the same weeks: log-log with all prices .5525, untuned LightGBM .5671."""
    rows = pd.read_parquet(shared_data / "oj_yx.parquet")
    prices = rows[[f"price{brand}" for brand in range(1, 12)]].to_numpy()
    week = rows["week"].astype(int)
    frame = pd.DataFrame(
        {
            "item_id": rows["brand"].astype(int).astype(str),
            "location_id": rows["store"].astype(int).astype(str),
            "date": pd.Timestamp("1990-06-11") + pd.to_timedelta(7 * (week - 40), unit="D"),
            "units": np.exp(rows["logmove"]),
            "price": prices[np.arange(len(rows)), rows["brand"].astype(int) - 1],
            "deal": (rows["deal"] > 0).astype(float),
            "feat": (rows["feat"] > 0).astype(float),
        }
    )
    frame["promotion"] = frame[["deal", "feat"]].max(axis=1)
    keys = ["item_id", "location_id", "date"]
    every = pd.MultiIndex.from_product([sorted(frame[key].unique()) for key in keys], names=keys)
    # Weeks without a row are unknown, not weeks without a sale.
    whole = frame.set_index(keys).reindex(every).reset_index()
    panel = Panel.from_frame(whole, freq="W", plans=["deal", "feat"])
    past = panel.until(137 - 40)
    predicted = PriceCombination().fit(past).predict(past, slice(past.cut, panel.cut))
    assert errors(panel.units[:, past.cut :], predicted)["rmse_log"] <= 0.53
