"""Classes of series by hand, and scores by class that add up to the leaderboard."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting import MovingAverage, SeasonalNaive, backtest
from newretail_ml.forecasting.judging.segments import segments
from newretail_ml.panel import Panel
from tests.features.panels import edited_after
from tests.forecasting.worlds import mixed_panel, panel_of

NAN = np.nan
MODELS = {"naive": SeasonalNaive(), "average": MovingAverage()}


def classes(panel, column, **settings):
    return segments(panel, **settings)[column].tolist()


# --- ABC


def test_a_holds_the_largest_that_make_up_four_fifths():
    units = np.array([5, 50, 10, 30, 3, 2])[:, None].repeat(4, axis=1)
    assert classes(panel_of(units), "abc") == ["B", "A", "B", "A", "C", "C"]


def test_the_one_series_is_an_a_and_a_series_without_sales_a_c():
    assert classes(panel_of([[1.0, 2.0]]), "abc") == ["A"]
    assert classes(panel_of([[0.0, 0.0], [1.0, 2.0]]), "abc") == ["C", "A"]
    assert classes(panel_of([[0.0, 0.0]]), "abc") == ["C"]


def test_revenue_is_units_times_price_where_there_is_a_plan():
    gaps = panel_of(
        [[1, 1, 2], [5, 5, 5]], plans={c.PRICE: np.array([[1.0, 2.0, NAN, 9.0], [NAN] * 4])}
    )
    assert segments(gaps)[c.REVENUE].tolist() == [1 * 1.0 + 1 * 2.0 + 2 * 1.5, 0.0]
    known = panel_of([[1, 1, 2], [5, 5, 5]], plans={c.PRICE: np.array([[10.0] * 3, [0.1] * 3])})
    assert segments(known)[c.REVENUE].tolist() == pytest.approx([40.0, 1.5])
    assert classes(known, "abc") == ["A", "C"]
    assert classes(known, "abc", revenue=[1.0, 99.0]) == ["C", "A"]


@pytest.mark.parametrize("revenue", [[1.0], [1.0, NAN], [1.0, np.inf], [[1.0, 2.0]]])
def test_revenue_that_does_not_fit_is_refused(revenue):
    with pytest.raises(DataError, match="order of the panel"):
        segments(panel_of([[1, 1], [2, 2]]), revenue=revenue)


# --- XYZ


def weeks(*totals):
    """Days of weeks that sell all on Sunday, and next to nothing on the very first day."""
    days = np.zeros((len(totals), 7))
    days[:, 6] = totals
    days[0, 0] = 1e-6
    return days.ravel()


def test_variability_is_that_of_weeks():
    """Wild days with equal weeks are X; weeks of 0, 0 and 30 have a coefficient of root 2."""
    rows = [weeks(*[10] * 6), weeks(*[4, 16] * 3), weeks(*[0, 0, 30] * 2)]
    table = segments(panel_of(rows))
    np.testing.assert_allclose(table["variation"], [0.0, 0.6, np.sqrt(2)], atol=1e-5)
    assert table["xyz"].tolist() == ["X", "Y", "Z"]


def test_variability_of_weekly_and_monthly_panels_is_that_of_periods():
    table = segments(panel_of([[4.0, 16.0] * 4], freq="W"))
    np.testing.assert_allclose(table["variation"], [0.6])


def test_stock_outs_and_days_before_the_launch_do_not_vary():
    units = np.full((2, 28), 5.0)
    censored = np.zeros(units.shape, dtype=bool)
    censored[0, 9:12] = True
    units[0, 9:12] = 0.0
    units[1, :14] = 0.0
    table = segments(panel_of(units, censored=censored))
    np.testing.assert_allclose(table["variation"], [0.0, 0.0])


def test_a_week_of_which_half_is_known_counts_and_one_of_less_does_not():
    """Four known days stand for a week; three do not."""
    units = np.full((2, 21), 7.0)
    units[:, :7] = 14.0
    censored = np.zeros(units.shape, dtype=bool)
    censored[0, 1:4] = censored[1, 1:5] = True
    table = segments(panel_of(units, censored=censored))
    weeks = np.array([98.0, 49.0, 49.0])
    np.testing.assert_allclose(table["variation"], [weeks.std() / weeks.mean(), 0.0])


# --- kind of demand


@pytest.mark.parametrize(
    ("sizes", "every", "kind"),
    [
        ([5, 5, 6, 4], 1, "smooth"),
        ([1, 1, 1, 20], 1, "erratic"),
        ([5, 5, 6, 4], 3, "intermittent"),
        ([1, 1, 1, 20], 3, "lumpy"),
        ([3, 3, 3, 3], 2, "intermittent"),
    ],
)
def test_the_kind_of_demand_is_that_of_the_published_scheme(sizes, every, kind):
    row = np.zeros(4 * every)
    row[::every] = sizes
    table = segments(panel_of([row]))
    assert table["demand"].tolist() == [kind]
    assert table["interval"].tolist() == pytest.approx([every])
    assert table["size_variation"][0] == pytest.approx(np.var(sizes) / np.mean(sizes) ** 2)


def test_the_bounds_belong_to_the_harder_class():
    """33 periods, 25 with demand: an interval of exactly 1.32."""
    row = np.r_[np.ones(25), np.zeros(8)]
    assert classes(panel_of([row]), "demand") == ["intermittent"]


# --- new


def test_new_is_what_came_late_and_not_long_ago():
    units = np.ones((4, 120))
    units[1, :60] = 0.0
    units[2, :10] = 0.0
    launch = np.array([-1, -1, -1, 100], dtype=np.int32)
    units[3, :100] = 0.0
    panel = panel_of(units, launch=launch)
    assert classes(panel, "new") == ["established", "new", "established", "new"]
    assert classes(panel, "new", new_within=30) == ["established"] * 3 + ["new"]
    assert classes(panel.until(50), "new")[0] == "established"


# --- whole panels


def test_what_shows_too_little_is_unknown():
    table = segments(panel_of([[0.0] * 28, [0.0] * 27 + [3.0]]))
    assert table["xyz"].tolist() == ["unknown", "unknown"]
    assert table["demand"].tolist() == ["unknown", "smooth"]


@pytest.mark.parametrize("freq", ["D", "W", "M"])
def test_odd_series_have_a_class_each(freq):
    panel = mixed_panel(freq)
    table = segments(panel)
    assert len(table) == panel.n_series
    assert table[["abc", "xyz", "demand", "new"]].notna().all(axis=None)
    assert table[c.ITEM].tolist() == panel.keys[c.ITEM].tolist()


def test_what_comes_after_a_cut_does_not_matter():
    panel = mixed_panel()
    edited = edited_after(panel, 80, seed=1)
    pd.testing.assert_frame_equal(segments(panel.until(80)), segments(edited.until(80)))


def test_a_series_has_its_class_among_many_as_alone():
    panel = mixed_panel()
    table = segments(panel).drop(columns="abc")
    for series in range(panel.n_series):
        alone = segments(panel.select([series])).drop(columns="abc")
        pd.testing.assert_frame_equal(alone, table.iloc[[series]].reset_index(drop=True))


def test_no_series_at_all():
    assert segments(mixed_panel().select([])).empty


# --- scores by segment


@pytest.fixture(scope="module")
def panel() -> Panel:
    return mixed_panel()


@pytest.fixture(scope="module")
def result(panel):
    return backtest(MODELS, panel, horizon=7, folds=3, n_paths=30, keep_series=True, progress=False)


def test_one_class_of_all_is_the_leaderboard(panel, result):
    everything = result.by_segment(panel.keys.assign(all="all"), "all")
    board = result.leaderboard()
    for model in MODELS:
        found = everything.loc[(model, "all")]
        assert (found["series"], found["share_of_units"]) == (panel.n_series, 1.0)
        shared = [name for name in found.index if name in board]
        assert {"rmsse", "wape", "crps", "coverage_80", "total_7_coverage_95"} <= set(shared)
        assert found[shared].to_dict() == pytest.approx(board.loc[model, shared].to_dict())


def test_a_class_is_judged_as_if_it_were_alone(panel, result):
    table = segments(panel.until(90))
    found = result.by_segment(table, "abc")
    for label in table["abc"].unique():
        alone = result.by_series.merge(table.loc[table["abc"] == label, [c.ITEM]], on=c.ITEM)
        alone = alone[alone[c.MODEL] == "average"].groupby(c.FOLD)
        sums = alone[["bias_units", "units"]].sum()
        assert found.loc[("average", label), "bias"] == pytest.approx(
            (sums["bias_units"] / sums["units"]).mean()
        )
        assert found.loc[("average", label), "rmsse"] == pytest.approx(alone["rmsse"].mean().mean())
    assert found.groupby(c.MODEL)["share_of_units"].sum().tolist() == pytest.approx([1.0, 1.0])
    assert found.groupby(c.MODEL)["series"].sum().tolist() == [panel.n_series] * 2


def test_classes_can_be_crossed(panel, result):
    table = segments(panel.until(90))
    crossed = result.by_segment(table, ["abc", "xyz"])
    assert crossed.index.names == [c.MODEL, "abc", "xyz"]
    pairs = table[["abc", "xyz"]].drop_duplicates()
    assert len(crossed) == 2 * len(pairs)


def test_the_order_of_segments_does_not_matter(panel, result):
    table = segments(panel.until(90))
    mixed = table.sample(frac=1.0, random_state=0)
    pd.testing.assert_frame_equal(result.by_segment(table), result.by_segment(mixed))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.drop(columns="abc"), "abc.*is missing"),
        (lambda table: table.drop(columns=c.ITEM), "item_id.*is missing"),
        (lambda table: pd.concat([table, table.iloc[:1]]), "two rows"),
        (lambda table: table.iloc[2:], "2 series have no class"),
        (lambda table: table.assign(abc=np.nan), "12 series have no class"),
    ],
)
def test_segments_that_do_not_fit_are_refused(panel, result, change, says):
    with pytest.raises(DataError, match=says):
        result.by_segment(change(segments(panel)))
