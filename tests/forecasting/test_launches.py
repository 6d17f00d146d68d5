"""Launch curves: new items, announced ones, delisted ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting.launches import LaunchCurve, young
from newretail_ml.forecasting.launches.attributes import Attributes
from newretail_ml.forecasting.launches.effects import Effects, Evidence, Scaling
from newretail_ml.forecasting.launches.scale import Scatter
from newretail_ml.panel import Panel
from tests.features.panels import edited_after
from tests.forecasting.worlds import panel_of

CUT = 300
LEVELS = {"tea": 20.0, "cup": 5.0}


def true_curve(age):
    """A third at first, nearly all after a month."""
    return 1 - 0.67 * np.exp(-np.maximum(age, 0) / 12)


def chain(n_old=40, n_new=40, *, seed=0, new_at=None, spread=0.0, curve=true_curve):
    """Old items, then launched ones; half tea, half cups, tea sells four times as much.

    Returns the panel, and the (series, CUT + 60) expected units behind it.
    """
    random = np.random.default_rng(seed)
    n = n_old + n_new
    category = np.where(np.arange(n) % 2 == 0, "tea", "cup")
    launch = np.full(n, -1, dtype=np.int32)
    launch[n_old:] = random.integers(60, CUT - 60, n_new) if new_at is None else new_at
    level = np.array([LEVELS[name] for name in category])
    level *= np.exp(spread * random.standard_normal(n) - spread**2 / 2)
    age = np.arange(CUT + 60) - launch[:, None]
    known = (launch >= 0)[:, None]
    mean = level[:, None] * np.where(known, curve(age) * (age >= 0), 1.0)
    units = random.poisson(mean)[:, :CUT]
    statics = pd.DataFrame({c.CATEGORY: category})
    return panel_of(units, launch=launch, statics=statics), mean


def with_announced(panel, category, launch, n=1):
    """The panel with items announced at the end."""
    units = np.concatenate([panel.units, np.zeros((n, panel.cut), dtype=np.float32)])
    statics = pd.concat([panel.statics, pd.DataFrame({c.CATEGORY: [category] * n})])
    return panel_of(
        units,
        launch=np.append(panel.launch, np.full(n, launch)).astype(np.int32),
        statics=statics.reset_index(drop=True),
    )


def first_days(model, group):
    """Curve of a group at the launch; the chain's is the last."""
    return model.curve_.at(np.array([[0]]), np.array([group])).item()


# --- levels and curves


def test_the_curve_of_simulated_launches_is_found_again():
    panel, _ = chain(n_new=120)
    model = LaunchCurve().fit(panel)
    for first, last in ((0, 1), (4, 6), (14, 27), (28, 55)):
        ages = np.arange(first, last + 1)
        found = model.curve_.at(ages[None, :], np.array([len(model.groups_)])).mean()
        assert found == pytest.approx(true_curve(ages).mean(), abs=0.06)


def test_groups_with_unlike_curves_are_told_apart():
    """Tea fades to a third of its first days' sales; cups grow to three times theirs."""
    grown, _ = chain(n_new=160, seed=1)
    faded, _ = chain(n_new=160, seed=1, curve=lambda age: 1 + 2 * np.exp(-np.maximum(age, 0) / 12))
    tea = (grown.statics[c.CATEGORY] == "tea").to_numpy()
    panel = replace(grown, units=np.where(tea[:, None], faded.units, grown.units))
    model = LaunchCurve().fit(panel)
    cup, tea = (first_days(model, list(model.groups_).index(name)) for name in ("cup", "tea"))
    assert tea > 2 > 0.6 > cup


def test_an_announced_item_sells_what_its_group_did():
    panel, _ = chain()
    for category, level in LEVELS.items():
        new = with_announced(panel, category, CUT + 3)
        mean = LaunchCurve().fit(new).mean(28)[-1]
        assert (mean[:3] == 0).all()
        truth = level * true_curve(np.arange(25))
        assert mean[3:].sum() == pytest.approx(truth.sum(), rel=0.15)
        assert mean[3] < 0.7 * mean[-1]


def test_an_unknown_category_falls_back_to_the_chain():
    panel, _ = chain()
    model = LaunchCurve().fit(panel)
    tea, cup, new = (
        model.mean(28, panel=with_announced(panel, name, CUT))[-1].sum()
        for name in ("tea", "cup", "spoon")
    )
    assert cup < new < tea


def test_without_attributes_it_is_the_chain():
    panel, _ = chain()
    panel = replace(with_announced(panel, "tea", CUT), statics=pd.DataFrame(index=range(81)))
    said = LaunchCurve().fit(panel).mean(28)[-1].sum()
    truth = np.mean(list(LEVELS.values())) * true_curve(np.arange(28)).sum()
    assert said == pytest.approx(truth, rel=0.25)


def test_with_no_launch_to_learn_from_the_curve_is_flat_at_the_items_level():
    panel, _ = chain(n_new=0)
    mean = LaunchCurve().fit(with_announced(panel, "tea", CUT)).mean(28)[-1]
    assert mean.mean() == pytest.approx(LEVELS["tea"], rel=0.15)
    assert mean.max() / mean.min() < 1.2


def test_one_launch_alone_moves_the_curve_a_little():
    panel, _ = chain(n_new=1, new_at=[120])
    model = LaunchCurve().fit(with_announced(panel, "tea", CUT))
    first = first_days(model, len(model.groups_))
    assert 0.5 < first < 1.0
    paths = model.forecast(28).paths[-1]
    assert np.isfinite(paths).all()
    assert paths.sum(axis=1).std() > 0


def test_nothing_was_ever_sold():
    panel = panel_of(np.zeros((3, 30)), launch=np.array([-1, 5, 40], dtype=np.int32))
    assert (LaunchCurve().fit(panel).forecast(20).paths == 0).all()


# --- own sales


def test_a_young_series_moves_from_its_group_to_its_own_sales():
    """An item that sells five times what tea does: believed more, the longer it lasts."""
    panel, _ = chain(spread=0.4, n_new=80)
    said = []
    for n in (0, 2, 10, 40):
        one = with_announced(panel, "tea", CUT - n)
        units = one.units.copy()
        units[-1, CUT - n :] = 100 * true_curve(np.arange(n))
        model = LaunchCurve().fit(panel)
        said.append(model.mean(28, panel=replace(one, units=units))[-1].sum())
    truth = [100 * true_curve(n + np.arange(28)).sum() for n in (0, 2, 10, 40)]
    share = np.array(said) / truth
    assert share[0] < 0.4
    assert (np.diff(share) > 0).all()
    assert share[-1] == pytest.approx(1.0, abs=0.1)


def test_the_posterior_is_that_of_a_grid():
    """Lognormal prior and quasi-Poisson sales, maximised on a grid in the place of Newton."""
    scatter = Scatter(scale=2.0, variance=0.5)
    level, left = scatter.posterior(np.array([4.0]), np.array([30.0]), np.array([5.0]))
    grid = np.linspace(-5, 5, 400_001)
    centre = np.log(4.0) - 0.25
    score = (30 * grid - 5 * np.exp(grid)) / 2 - (grid - centre) ** 2 / (2 * 0.5)
    best = grid[score.argmax()]
    variance = 1 / (5 * np.exp(best) / 2 + 1 / 0.5)
    assert left[0] == pytest.approx(variance, rel=1e-3)
    assert level[0] == pytest.approx(np.exp(best + variance / 2), rel=1e-3)


def test_without_sales_seen_the_posterior_is_the_prior():
    level, left = Scatter(variance=0.5).posterior(np.array([4.0]), np.zeros(1), np.zeros(1))
    assert level[0] == pytest.approx(4.0)
    assert left[0] == pytest.approx(0.5)


def test_effects_of_rare_values_are_shrunk_and_of_unseen_ones_none():
    label = pd.Series(["a"] * 50 + ["b"] * 50 + ["c"], dtype=object)
    attributes = Attributes({"kind": label}, {"launched": np.zeros(101)})
    units = np.array([10.0] * 50 + [40.0] * 50 + [200.0])
    evidence = Evidence(units, np.ones(101), np.ones(101), 0.3)
    effects = Effects.fit(attributes, evidence)
    new = pd.Series(["a", "b", "c", "d"], dtype=object)
    asked = Attributes({"kind": new}, {"launched": np.zeros(4)})
    level = effects.level(asked)
    assert level[:2] == pytest.approx([10.0, 40.0], rel=0.1)
    assert 40 < level[2] < 200
    assert effects.doubt(asked).tolist()[:3] == [0, 0, 0]
    assert effects.doubt(asked)[3] > 0


# --- paths


def test_totals_of_announced_items_have_the_spread_of_earlier_ones():
    """New items scatter widely around their group: 80% of the totals fall into the interval."""
    inside = []
    for seed in range(4):
        panel, _ = chain(n_new=120, seed=seed, spread=0.7)
        random = np.random.default_rng(seed + 100)
        level = LEVELS["tea"] * np.exp(0.7 * random.standard_normal(100) - 0.245)
        actual = random.poisson(level[:, None] * true_curve(np.arange(28))).sum(axis=1)
        new = with_announced(panel, "tea", CUT)
        total = LaunchCurve().fit(new).forecast(28, n_paths=400).total(28)[-1]
        low, high = np.quantile(total, [0.1, 0.9])
        inside += ((actual >= low) & (actual <= high)).tolist()
    assert 0.68 < np.mean(inside) < 0.92


@pytest.mark.parametrize("alike", [True, False])
def test_an_item_that_flops_does_so_everywhere_if_items_did_before(alike):
    """Each item at two places; the level of a new one is its own at both, or another at each."""
    random = np.random.default_rng(0)
    level = 20 * np.exp(0.7 * random.standard_normal((100, 2)))
    level = np.repeat(level[:, :1], 2, axis=1) if alike else level
    launch = np.repeat(random.integers(60, CUT - 60, 100), 2).astype(np.int32)
    launch[-2:] = CUT
    units = random.poisson(level.reshape(-1, 1), (200, CUT)) * (np.arange(CUT) >= launch[:, None])
    items = [f"i{number:03}" for number in range(100)]
    keys = pd.MultiIndex.from_product([items, ["north", "south"]])
    keys = keys.to_frame(index=False, name=[c.ITEM, c.LOCATION])
    model = LaunchCurve().fit(panel_of(units, launch=launch, keys=keys))
    correlation = np.corrcoef(model.forecast(28, n_paths=400).total(28)[-2:])[0, 1]
    assert correlation > 0.6 if alike else abs(correlation) < 0.3


def test_paths_keep_the_mean_and_come_in_whole_units():
    panel, _ = chain(spread=0.5)
    model = LaunchCurve().fit(with_announced(panel, "tea", CUT + 2))
    paths = model.forecast(28, n_paths=2000).paths[-1]
    assert (paths == np.floor(paths)).all()
    assert (paths >= 0).all()
    assert paths.mean(axis=0).sum() == pytest.approx(model.mean(28)[-1].sum(), rel=0.03)


# --- who is young, and who is gone


def test_who_is_young():
    units = np.ones((6, 100))
    units[1, :70] = units[2, :30] = units[4] = 0
    launch = np.array([-1, -1, -1, 60, 120, 90], dtype=np.int32)
    units[3, :60] = units[5, :90] = 0
    delisting = np.array([Panel.NEVER] * 5 + [95])
    panel = panel_of(units, launch=launch, delisting=delisting)
    assert young(panel).tolist() == [False, True, False, True, True, False]
    assert young(panel, 35).tolist() == [False, True, False, False, True, False]


def test_a_series_that_was_never_announced_nor_sold_is_not_young():
    assert young(panel_of(np.zeros((1, 100)))).tolist() == [False]


def test_a_delisted_item_gets_nothing_from_its_day_on():
    panel, _ = chain()
    delisting = panel.delisting.copy()
    delisting[-1], delisting[-2] = CUT, CUT + 5
    paths = LaunchCurve().fit(replace(panel, delisting=delisting)).forecast(10).paths
    assert (paths[-1] == 0).all()
    assert (paths[-2, :, 5:] == 0).all()
    assert paths[-2, :, :5].any()


def test_edits_of_the_future_do_not_matter():
    panel, _ = chain(n_new=20)
    cut = CUT - 40
    one, other = (
        LaunchCurve().fit(world.until(cut)).forecast(14, n_paths=30).paths
        for world in (panel, edited_after(panel, cut, 1))
    )
    np.testing.assert_array_equal(one, other)


def test_launches_on_different_days_are_aligned_by_age():
    """All launched on other days; a panel that begins later sees the same ages."""
    panel, _ = chain(n_new=60)
    model = LaunchCurve().fit(panel)
    one = with_announced(panel, "tea", CUT - 10)
    assert model.mean(5, panel=one)[-1, 0] < model.mean(40, panel=one)[-1, -1]


def test_stock_that_always_ran_out_bounds_demand_from_below():
    panel, _ = chain()
    one = with_announced(panel, "cup", CUT - 5)
    units, censored = one.units.copy(), one.censored.copy()
    units[-1, -5:], censored[-1, -5:] = 500, True
    said = LaunchCurve().fit(panel).mean(1, panel=replace(one, units=units, censored=censored))
    assert said[-1, 0] >= 0.3 * 500


def test_an_age_of_nothing_is_refused():
    with pytest.raises(DataError, match="1 period or more"):
        LaunchCurve(age=0).fit(chain()[0])


# --- what a fit decides about numbers


@pytest.fixture(scope="module")
def numbered():
    """Pack sizes multiply demand by their roots; a flag doubles it; some have no size at all."""
    random = np.random.default_rng(0)
    pack = np.resize([1.0, 4.0, 16.0, 64.0], 48)
    flag = np.repeat([0.0, 1.0], 24)
    shelf = np.resize([0.0, 1.0, 3.0], 48)
    mean = 2 * np.sqrt(pack) * (1 + flag)
    units = random.poisson(mean[:, None], (48, 150))
    launch = np.full(48, -1, dtype=np.int32)
    launch[-8:] = 152
    units[-8:] = 0
    statics = pd.DataFrame({"pack": pack, "flag": flag, "shelf": shelf})
    panel = panel_of(units, launch=launch, statics=statics)
    return LaunchCurve().fit(panel), panel


def test_new_items_alone_are_forecast_as_among_all(numbered):
    """In a panel of their own, flag is 1 throughout and shelf nowhere 0 for some of them."""
    model, panel = numbered
    whole = model.mean(14)
    new = np.arange(40, 48)
    for chosen in (new, new[:1], new[panel.statics["shelf"][new] > 0]):
        np.testing.assert_allclose(model.mean(14, panel=panel.select(chosen)), whole[chosen])
    flagged = whole[new, 2:].mean(axis=1)
    truth = 4 * np.sqrt(panel.statics["pack"].to_numpy()[new])
    np.testing.assert_allclose(flagged, truth, rtol=0.3)


def test_one_item_without_a_size_does_not_change_the_others(numbered):
    """Sizes were learned by their ratios; a later 0 has none, and says nothing."""
    model, panel = numbered
    statics = panel.statics.copy()
    statics.loc[47, "pack"] = 0.0
    said = model.mean(14, panel=replace(panel, statics=statics))
    np.testing.assert_allclose(said[:47], model.mean(14)[:47])
    statics.loc[47, "pack"] = np.nan
    unknown = model.mean(14, panel=replace(panel, statics=statics))
    np.testing.assert_allclose(said[47], unknown[47])


@pytest.mark.parametrize(
    ("values", "by_ratio"),
    [([1.0, 2.0, np.nan], True), ([0.0, 1.0], False), ([-1.0, 5.0], False), ([np.nan], False)],
)
def test_only_what_is_positive_throughout_is_scaled_by_ratio(values, by_ratio):
    scaling = Scaling.of(np.array(values))
    assert scaling.by_ratio == by_ratio
    if scaling.deviation:
        known = ~np.isnan(values)
        scaled = scaling.scaled(np.array(values))
        assert scaled[known].mean() == pytest.approx(0.0)
        assert scaled[known].std() == pytest.approx(1.0)
        assert (scaled[~known] == 0).all()
