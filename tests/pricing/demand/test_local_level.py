"""Elasticities of a chain's items: the pieces against slow twins, the whole against the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom, spearmanr

from newretail_ml import Panel
from newretail_ml.errors import DataError
from newretail_ml.pricing.demand.local_level import LocalLevelRegression
from newretail_ml.pricing.demand.local_level.design import design_of
from newretail_ml.pricing.demand.local_level.noise import noise_of
from newretail_ml.pricing.demand.local_level.pooled import pool
from newretail_ml.pricing.demand.local_level.sold_out import wanted_when_sold_out
from newretail_ml.pricing.demand.local_level.tridiagonal import smoothed


@pytest.mark.parametrize("periods", [1, 2, 7])
@pytest.mark.parametrize("persistence", [0.0, 0.9])
def test_levels_are_solved_as_the_dense_matrix_says(periods, persistence):
    rng = np.random.default_rng(periods)
    weight, b = rng.uniform(0, 3, (4, periods)), rng.normal(size=(4, periods, 2))
    weight[1] = 0.0
    lag = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    precision = np.linalg.inv(0.3**2 * persistence**lag)
    found = smoothed(weight, persistence, 0.3, b)
    for series in range(4):
        expected = np.linalg.solve(np.diag(weight[series]) + precision, b[series])
        assert found[series] == pytest.approx(expected)


@pytest.mark.parametrize("dispersion", [0.5, 4.0, 1e5])
def test_demand_of_a_sold_out_day_by_adding_up_its_tail(dispersion):
    units = np.arange(20_000)
    for sold, mean in ((0, 1.3), (1, 1.3), (5, 1.3), (2, 40.0), (60, 40.0)):
        chance = nbinom.pmf(units, dispersion, dispersion / (dispersion + mean))
        chance[:sold] = 0.0
        chance /= chance.sum()
        expected = (units * chance).sum()
        variance = (units**2 * chance).sum() - expected**2
        wanted, left = wanted_when_sold_out(np.array([sold]), np.array([mean]), dispersion)
        assert wanted[0] == pytest.approx(expected, rel=1e-6)
        before = mean + mean**2 / dispersion
        assert left[0] == pytest.approx(max(1 - variance / before, 0.0), abs=1e-6)


def test_a_day_that_cannot_be_keeps_what_was_sold():
    wanted, left = wanted_when_sold_out(np.array([500.0]), np.array([0.1]), 5.0)
    assert wanted.tolist() == [500.0]
    assert left.tolist() == [1.0]


def test_pooling_finds_the_chain_that_items_were_drawn_from():
    rng = np.random.default_rng(0)
    spread = np.array([[0.36, -0.02], [-0.02, 0.01]])
    true = rng.multivariate_normal([-2.5, 0.2], spread, 2_000)
    error = np.einsum("nij,nkj->nik", *2 * [rng.normal(0, 0.25, (2_000, 2, 2))]) + 0.02 * np.eye(2)
    noise = np.einsum("nij,nj->ni", np.linalg.cholesky(error), rng.normal(size=(2_000, 2)))
    found = pool(true + noise, np.linalg.inv(error), np.array([0.5, 0.2]))
    assert found.mean == pytest.approx([-2.5, 0.2], abs=0.05)
    assert np.sqrt(np.diagonal(found.spread)) == pytest.approx([0.6, 0.1], abs=0.03)
    z = (found.estimate - true) / np.sqrt(np.einsum("nii->ni", found.covariance))
    assert z.std(axis=0) == pytest.approx([1, 1], abs=0.05)


def test_pooling_gives_the_mean_to_who_knows_nothing_and_leaves_who_knows_all():
    information = np.array([1e8, 1e8, 1e8, 1e8, 0.0])[:, None, None]
    found = pool(np.array([[-1.0], [-2.0], [-3.0], [-2.0], [9.0]]), information, np.ones(1))
    assert found.estimate[:4, 0] == pytest.approx([-1, -2, -3, -2], abs=1e-4)
    assert found.estimate[4, 0] == pytest.approx(found.mean[0], abs=1e-6)
    assert found.own_share[4, 0] == 0.0
    assert found.own_share[0, 0] == pytest.approx(1.0)


def normal_case(seed):
    """Estimates of twelve items in three groups, two coefficients each."""
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 2, (12, 2, 2))
    information = np.einsum("nij,nkj->nik", root, root) + np.diag([2.0, 20.0])
    return rng.normal([-2, 0.2], [1.0, 0.2], (12, 2)), information, np.repeat([0, 1, 2], 4)


@pytest.mark.parametrize("seed", range(3))
def test_posterior_of_items_groups_and_chain_from_one_large_normal_system(seed):
    estimate, information, groups = normal_case(seed)
    found = pool(estimate, information, np.array([0.6, 0.1]), groups)
    n, k = estimate.shape
    size = (n + 3 + 1) * k
    precision, right = np.zeros((size, size)), np.zeros(size)

    def link(one, other, weight):
        away = np.zeros((k, size))
        away[:, one * k : one * k + k] = np.eye(k)
        away[:, other * k : other * k + k] = -np.eye(k)
        return away.T @ weight @ away

    for item in range(n):
        here = slice(item * k, item * k + k)
        precision[here, here] += information[item]
        right[here] += information[item] @ estimate[item]
        precision += link(item, n + groups[item], np.linalg.inv(found.spread))
    for group in range(3):
        precision += link(n + group, n + 3, np.linalg.inv(found.between))
    covariance = np.linalg.inv(precision)
    mean = (covariance @ right).reshape(-1, k)
    widened = 1 + 1 / (n - k - 2)
    blocks = [covariance[i * k : i * k + k, i * k : i * k + k] * widened for i in range(n)]
    assert found.estimate == pytest.approx(mean[:n], abs=1e-5)
    assert found.group_means == pytest.approx(mean[n : n + 3], abs=1e-5)
    assert found.mean == pytest.approx(mean[-1], abs=1e-5)
    assert found.covariance == pytest.approx(np.array(blocks), abs=1e-5)
    drawn = found.draws(20_000, np.random.default_rng(0)).reshape(20_000, -1)
    assert drawn.mean(axis=0).reshape(n, k) == pytest.approx(found.estimate, abs=0.03)
    told = covariance[: n * k, : n * k] * widened
    spread = np.sqrt(np.diag(told))
    away = (np.cov(drawn.T) - told) / np.outer(spread, spread)
    assert np.abs(away).max() < 0.05


def test_items_of_categories_that_differ_are_drawn_to_their_own():
    rng = np.random.default_rng(1)
    category = np.repeat(np.arange(10), 20)
    true = rng.normal(-2.5, 0.8, 10)[category] + rng.normal(0, 0.3, 200)
    error = np.full(200, 0.6)
    estimate = (true + error * rng.normal(size=200))[:, None]
    information = (error**-2)[:, None, None]
    together = pool(estimate, information, np.array([0.6]))
    found = pool(estimate, information, np.array([0.6]), category)

    def miss(one):
        return np.sqrt(np.mean((one.estimate[:, 0] - true) ** 2))

    assert miss(found) < 0.85 * miss(together)
    assert np.sqrt(found.between[0, 0]) == pytest.approx(0.8, abs=0.3)
    assert np.sqrt(found.spread[0, 0]) == pytest.approx(0.3, abs=0.12)
    inside = np.abs(found.estimate[:, 0] - true) < 1.645 * np.sqrt(found.covariance[:, 0, 0])
    assert 0.84 <= inside.mean() <= 0.96


def test_an_item_that_says_nothing_has_the_mean_of_its_category():
    information = np.array([1e6] * 6 + [0.0, 0.0])[:, None, None]
    estimate = np.array([-1.0, -1.1, -0.9, -3.0, -3.1, -2.9, 9.0, 9.0])[:, None]
    found = pool(estimate, information, np.array([0.5]), np.array([0, 0, 0, 1, 1, 1, 0, 1]))
    assert found.estimate[6, 0] == pytest.approx(found.group_means[0, 0])
    assert found.estimate[6:, 0] == pytest.approx([-1.0, -3.0], abs=0.2)


def test_noise_is_found_by_its_moments():
    rng = np.random.default_rng(3)
    level = np.empty((300, 400))
    level[:, 0] = rng.normal(0, 0.4, 300)
    for t in range(1, 400):
        level[:, t] = 0.95 * level[:, t - 1] + rng.normal(0, 0.4 * np.sqrt(1 - 0.95**2), 300)
    mean = np.full(level.shape, 3.0)
    rate = mean * np.exp(level - 0.08)
    units = rng.negative_binomial(5.0, 5.0 / (5.0 + rate)).astype(float)
    found = noise_of(units, mean, np.ones(units.shape, bool), np.zeros(units.shape))
    assert found.persistence == pytest.approx(0.95, abs=0.015)
    assert found.spread == pytest.approx(0.4, abs=0.04)
    assert found.dispersion == pytest.approx(5.0, rel=0.25)


@pytest.fixture(scope="module")
def sample(sample_world):
    panel = Panel.from_tables(sample_world.tables)
    crossed = sample_world.truth.elasticities
    return panel, pd.Series(np.diag(crossed), crossed.index), crossed


@pytest.fixture(scope="module")
def fitted(sample):
    return LocalLevelRegression().fit(sample[0])


def test_intervals_hold_the_truth_and_the_order_is_right(sample, fitted):
    table = fitted.elasticity_[fitted.elasticity_["identified"]]
    true = sample[1].loc[table["item_id"]].to_numpy()
    assert len(table) > 50
    assert (table["unpooled_error"] > table["standard_error"]).all()
    assert 0.85 <= ((table["lower"] <= true) & (true <= table["upper"])).mean() <= 0.95
    assert abs((table["elasticity"] - true).mean()) < 0.15
    assert spearmanr(table["elasticity"], true).statistic > 0.6
    sure = (table["own_share"] >= 0.6).to_numpy()
    assert spearmanr(table["elasticity"][sure], true[sure]).statistic > 0.8


def test_sold_out_days_left_out_make_demand_look_less_elastic(sample, fitted):
    panel, true, _ = sample
    left_out = replace(
        panel,
        units=np.where(panel.censored, np.nan, panel.units),
        censored=np.zeros_like(panel.censored),
    )
    without = LocalLevelRegression().fit(left_out).elasticity_
    expected = true.loc[without["item_id"]].to_numpy()
    bias = (without["elasticity"] - expected)[without["identified"]].mean()
    table = fitted.elasticity_
    honest = (table["elasticity"] - expected)[without["identified"]].mean()
    assert bias > 0.25
    assert abs(honest) < bias / 2


def shop(seed: int = 0, items: int = 6, periods: int = 150, **extra: object) -> pd.DataFrame:
    """Daily sales of some items in two places, with promotions in turn."""
    rng = np.random.default_rng(seed)
    parts = []
    for item in range(items):
        price = np.full(periods, 2.0 + item)
        promoted = np.zeros(periods)
        for begin in range(10 + 3 * item, periods - 5, 24):
            promoted[begin : begin + 5] = 1
            price[begin : begin + 5] *= rng.choice([0.7, 0.8, 0.9])
        for place in ("here", "there"):
            rate = 8 * (price / price[0]) ** -2.5 * np.exp(0.2 * promoted)
            parts.append(
                pd.DataFrame(
                    {
                        "item_id": f"item {item}",
                        "location_id": place,
                        "date": pd.date_range("2026-01-01", periods=periods),
                        "units": rng.poisson(rate).astype(float),
                        "price": price,
                        "promotion": promoted,
                    }
                ).assign(**extra)
            )
    return pd.concat(parts, ignore_index=True)


def test_substitutes_count_by_what_they_sell_in_the_same_place():
    frame = shop(items=3, periods=40)
    frame["units"] = frame["item_id"].map({"item 0": 1.0, "item 1": 2.0, "item 2": 6.0})
    kinds = pd.DataFrame({"item_id": [f"item {i}" for i in range(3)], "subcategory": "tea"})
    panel = Panel.from_frame(frame, statics=kinds)
    weight = design_of(panel, ("item_id",), None, "subcategory").substitutes
    here = np.flatnonzero(panel.keys["location_id"] == "here")
    expected = np.array([[0, 2 / 8, 6 / 8], [1 / 7, 0, 6 / 7], [1 / 3, 2 / 3, 0]])
    assert weight[np.ix_(here, here)] == pytest.approx(expected)
    assert weight.sum(axis=1) == pytest.approx(np.ones(6))
    nothing = replace(panel, units=np.zeros_like(panel.units))
    weight = design_of(nothing, ("item_id",), None, "subcategory").substitutes
    assert weight[np.ix_(here, here)] == pytest.approx((1 - np.eye(3)) / 2)


def test_cross_effects_are_like_the_true_ones(sample, fitted):
    panel, _, crossed = sample
    item = crossed.index.get_indexer(panel.keys["item_id"])
    place = panel.keys["location_id"].to_numpy()
    beside = (place[:, None] == place) & (item[:, None] != item)
    true = crossed.to_numpy()[np.ix_(item, item)]
    pairs = beside & (true > 0)
    found = fitted.response_.elasticities()
    assert np.corrcoef(found[pairs], true[pairs])[0, 1] > 0.5
    assert found[pairs].mean() == pytest.approx(true[pairs].mean(), rel=0.4)
    assert not found[beside & (true == 0)].any()


@pytest.fixture(scope="module")
def small():
    panel = Panel.from_frame(shop())
    return panel, LocalLevelRegression().fit(panel)


def test_what_comes_after_the_cut_changes_nothing(small):
    panel, _ = small
    before = LocalLevelRegression().fit(panel.until(100)).elasticity_
    units, censored = panel.units.copy(), panel.censored.copy()
    units[:, 100:] = 999.0
    censored[:, 100:] = True
    edited = replace(panel, units=units, censored=censored).until(100)
    pd.testing.assert_frame_equal(before, LocalLevelRegression().fit(edited).elasticity_)


def test_order_and_names_of_series_do_not_count(small):
    panel, model = small
    order = np.random.default_rng(1).permutation(panel.n_series)
    again = LocalLevelRegression().fit(panel.select(order))
    one = model.elasticity_.set_index("item_id")["elasticity"]
    other = again.elasticity_.set_index("item_id")["elasticity"].loc[one.index]
    assert other.to_numpy() == pytest.approx(one.to_numpy(), abs=2e-3)


def test_the_response_goes_through_the_last_level_and_predict_follows_the_plan(small):
    panel, model = small
    response = model.response_
    assert (response.keys == panel.keys).all(axis=None)
    usual = np.nanmean(np.where(panel.plans["promotion"] > 0, np.nan, panel.units), axis=1)
    assert response.units(response.prices) == pytest.approx(usual, rel=0.15)
    whole = model.predict(panel, slice(0, panel.cut))
    assert whole.shape == panel.units.shape
    promoted = panel.plans["promotion"] > 0
    assert panel.units[promoted].mean() == pytest.approx(whole[promoted].mean(), rel=0.1)
    assert panel.units[~promoted].mean() == pytest.approx(whole[~promoted].mean(), rel=0.1)


def test_intervals_of_a_steady_shop_hold_its_elasticity(small):
    table = small[1].elasticity_
    assert ((table["lower"] <= -2.5) & (table["upper"] >= -2.5)).sum() >= 5
    assert table["promotion_lift"].to_numpy() == pytest.approx(0.2, abs=0.1)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"price": 2.0, "promotion": 0.0}, "never moved"),
        ({"units": 0.0}, "nothing was sold"),
    ],
)
def test_an_item_that_cannot_tell_says_why_and_keeps_the_chains_guess(change, word):
    frame = shop(items=6)
    one = frame["item_id"] == "item 2"
    frame.loc[one, list(change)] = list(change.values())
    table = LocalLevelRegression().fit(Panel.from_frame(frame)).elasticity_.set_index("item_id")
    assert not table.loc["item 2", "identified"]
    assert word in table.loc["item 2", "reason"]
    assert np.isnan(table.loc["item 2", "unpooled"])
    assert np.isinf(table.loc["item 2", "unpooled_error"])
    assert table.loc["item 2", "elasticity"] == pytest.approx(-2.5, abs=0.5)
    assert table.drop("item 2")["identified"].any()


def test_one_week_identifies_nothing():
    table = LocalLevelRegression().fit(Panel.from_frame(shop(periods=7))).elasticity_
    assert not table["identified"].any()
    assert (table["reason"] != "").all()


def test_price_and_promotion_that_always_go_together_leave_doubt():
    frame = shop()
    deep = frame["promotion"] > 0
    full = frame.groupby("item_id")["price"].transform("max")
    frame["price"] = np.where(deep, 0.8 * full, full)
    table = LocalLevelRegression().fit(Panel.from_frame(frame)).elasticity_
    apart = LocalLevelRegression().fit(Panel.from_frame(shop())).elasticity_
    assert (table["standard_error"] > apart["standard_error"]).all()


@pytest.mark.parametrize("items", [1, 8])
def test_prices_that_move_with_the_weekday_alone_tell_nothing(items):
    frame = shop(items=items)
    frame["promotion"] = 0.0
    weekend = frame["date"].dt.day_of_week >= 5
    full = frame.groupby("item_id")["price"].transform("max")
    frame["price"] = np.where(weekend, 0.9 * full, full)
    rate = 30 * (frame["price"] / full) ** -2.0 * np.where(weekend, 1.4, 1.0)
    frame["units"] = np.random.default_rng(0).poisson(rate).astype(float)
    table = LocalLevelRegression().fit(Panel.from_frame(frame)).elasticity_
    assert not table["identified"].any()
    assert (table["standard_error"] > 1).all()


def test_what_all_items_do_on_the_same_days_is_not_told_from_the_days():
    frame = shop(items=8)
    deal = frame["date"].dt.day.isin([3, 4, 5, 20, 21])
    full = frame.groupby("item_id")["price"].transform("max")
    together = frame.assign(price=np.where(deal, 0.8 * full, full), promotion=0.0)
    table = LocalLevelRegression().fit(Panel.from_frame(together)).elasticity_
    assert not table["identified"].any()


@pytest.mark.parametrize("freq", ["W", "M"])
def test_weeks_and_months(freq):
    frame = shop(periods=400)
    frame["date"] = frame["date"].dt.to_period(freq).dt.start_time
    on = ["item_id", "location_id", "date"]
    frame = frame.groupby(on, as_index=False).agg(
        {"units": "sum", "price": "mean", "promotion": "mean"}
    )
    table = LocalLevelRegression().fit(Panel.from_frame(frame, freq=freq)).elasticity_
    assert np.isfinite(table["elasticity"]).all()
    assert (table["lower"] < -1).all()


def test_all_days_sold_out_are_still_an_answer():
    panel = Panel.from_frame(shop(periods=60))
    table = LocalLevelRegression().fit(replace(panel, censored=~np.isnan(panel.units))).elasticity_
    assert np.isfinite(table[["elasticity", "standard_error"]]).all(axis=None)
    assert not table["identified"].all()


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        (shop(items=2).drop(columns="price"), "no prices"),
        (shop(items=2).assign(units=0.0), "no period with a sale and a price"),
        (shop(items=2).assign(price=np.nan), "no period with a sale and a price"),
    ],
)
def test_panels_that_teach_nothing_are_refused(frame, word):
    with pytest.raises(DataError, match=word):
        LocalLevelRegression().fit(Panel.from_frame(frame))


def test_prices_of_zero_are_refused():
    panel = Panel.from_frame(shop(items=2))
    price = panel.plans["price"].copy()
    price[1, 3] = 0.0
    broken = replace(panel, plans={**panel.plans, "price": price})
    with pytest.raises(DataError, match=r"1 prices are not finite numbers above zero \(row 1\)"):
        LocalLevelRegression().fit(broken)


@pytest.mark.parametrize("by", [[], ["channel"]])
def test_keys_that_are_not_there_are_refused(by):
    with pytest.raises(DataError, match="cannot be shared"):
        LocalLevelRegression(by=by).fit(Panel.from_frame(shop(items=1, periods=30)))
