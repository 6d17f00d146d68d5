"""The figures show the numbers they are given, and draw for odd inputs too."""

import builtins
import sys
import warnings
from dataclasses import replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.dates import date2num, num2date
from matplotlib.image import imread

from newretail_ml import plots
from newretail_ml.errors import MissingExtraError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import (
    Backtest,
    LightGBMForecaster,
    MovingAverage,
    SeasonalNaive,
    backtest,
)
from newretail_ml.forecasting.judging.segments import segments
from newretail_ml.panel import Panel
from newretail_ml.replenishment import order_up_to

KEYS = ["item_id", "location_id"]


def panel_of(
    n_series: int = 3, days: int = 90, mean: float = 5.0, censored: float = 0.0, freq: str = "D"
) -> Panel:
    rng = np.random.default_rng(7)
    dates = pd.date_range("2026-01-05", periods=days, freq={"D": "D", "W": "W-MON"}[freq])
    frames = [
        pd.DataFrame(
            {
                "item_id": f"item {series}",
                "location_id": "store",
                "date": dates,
                "units": rng.poisson(mean, days),
                "censored": rng.random(days) < censored,
            }
        )
        for series in range(n_series)
    ]
    return Panel.from_frame(pd.concat(frames), freq=freq)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return panel_of(censored=0.1)


@pytest.fixture(scope="module")
def result(panel) -> Backtest:
    models = {"naive": SeasonalNaive(), "average": MovingAverage()}
    return backtest(models, panel, horizon=14, folds=3, keep_series=True, progress=False)


@pytest.fixture(scope="module")
def orders(panel) -> pd.DataFrame:
    state = panel.keys.assign(
        on_hand=[3.0, 10.0, 90.0], on_order=[0.0, 4.0, 0.0], lead_time=3, review_period=4
    )
    forecast = MovingAverage().fit(panel).forecast(7)
    return order_up_to(forecast, state.assign(pack_size=[1, 6, 6]), service_level=0.95)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def drawn(figure) -> np.ndarray:
    """The picture as (height, width, 3), checked to show something and to cut nothing off."""
    file = BytesIO()
    figure.savefig(file, format="png")
    picture = imread(BytesIO(file.getvalue()), format="png")[..., :3]
    assert (picture < 0.9).any(axis=2).mean() > 0.002, "the picture is blank"
    edges = picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]
    assert all((edge > 0.9).all() for edge in edges), "something is cut off at the edge"
    return picture


def labels(ticks) -> list[str]:
    return [tick.get_text() for tick in ticks]


def line(axes, label: str):
    return next(one for one in axes.get_lines() if one.get_label() == label)


# The fan


def test_the_fan_shows_history_and_paths(panel):
    forecast = MovingAverage().fit(panel).forecast(28)
    figure = plots.fan_chart(panel, forecast, 1, history=30)
    drawn(figure)
    (axes,) = figure.axes
    sold = line(axes, "sold")
    np.testing.assert_array_equal(sold.get_ydata(), panel.units[1, -30:])
    assert num2date(date2num(sold.get_xdata()[-1])).date() == panel.last_date.date()
    expected = line(axes, "expected")
    np.testing.assert_allclose(expected.get_ydata(), forecast.mean()[1], rtol=1e-6)
    assert pd.DatetimeIndex(expected.get_xdata()).equals(forecast.periods.dates)
    empty = line(axes, "out of stock")
    np.testing.assert_array_equal(empty.get_ydata(), panel.units[1, -30:][panel.censored[1, -30:]])
    assert axes.get_title() == "item 1 | store"
    assert axes.get_ylim()[0] == 0


def test_each_band_holds_its_share_of_the_paths(panel):
    forecast = MovingAverage().fit(panel).forecast(7)
    (axes,) = plots.fan_chart(panel, forecast).axes
    bands = axes.collections
    assert [band.get_label() for band in bands] == ["95% of paths", "80% of paths", "50% of paths"]
    for band, share in zip(bands, (0.95, 0.8, 0.5), strict=True):
        low, high = np.quantile(forecast.paths[0], [(1 - share) / 2, (1 + share) / 2], axis=0)
        corners = band.get_paths()[0].vertices[:, 1]
        assert corners.min() == pytest.approx(low.min())
        assert corners.max() == pytest.approx(high.max())
    assert len({to_hex(band.get_facecolor()[0]) for band in bands}) == 3


@pytest.mark.parametrize(
    ("panel", "horizon"),
    [
        (panel_of(1, censored=0), 28),
        (panel_of(1, mean=0), 28),
        (panel_of(1, days=1), 7),
        (panel_of(1, days=30), 1),
        (panel_of(2, days=60, freq="W"), 8),
    ],
    ids=["never out of stock", "all zero", "one day", "one period ahead", "weeks"],
)
def test_the_fan_of_odd_series(panel, horizon):
    forecast = MovingAverage().fit(panel).forecast(horizon)
    figure = plots.fan_chart(panel, forecast)
    drawn(figure)
    (axes,) = figure.axes
    assert axes.get_ylim()[1] >= 1
    assert "out of stock" not in [one.get_label() for one in axes.get_lines()]
    assert all(np.ptp(band.get_paths()[0].vertices[:, 0]) > 0 for band in axes.collections)


def test_long_names_are_shortened_one_by_one(panel):
    forecast = MovingAverage().fit(panel).forecast(7)
    keys = panel.keys.assign(item_id="a very long name that goes on and on")
    renamed = Forecast(keys, forecast.periods, forecast.paths)
    (axes,) = plots.fan_chart(panel, renamed).axes
    assert axes.get_title() == "a very long name that go… | store"


# The leaderboard


def test_bars_are_means_and_dots_are_folds(result):
    figure = plots.leaderboard_chart(result)
    drawn(figure)
    (axes,) = figure.axes
    board = result.leaderboard()["weighted_quantile_loss"]
    assert [bar.get_width() for bar in axes.patches][::-1] == board.tolist()
    names = labels(axes.get_yticklabels())[::-1]
    assert names == [f"{name}  {value:.3f}" for name, value in board.items()]
    (dots,) = axes.get_lines()
    scores = result.scores[result.scores["metric"] == "weighted_quantile_loss"]
    rows = {name: row for row, name in enumerate(board.index[::-1])}
    expected = {(score.value, rows[score.model]) for score in scores.itertuples()}
    assert set(zip(dots.get_xdata(), dots.get_ydata(), strict=True)) == expected
    assert len(expected) == 6


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("rmsse", "rmsse: less is better"),
        ("bias", "bias: nearer to 0 is better"),
        ("total_7_coverage_80", "total 7 coverage 80: nearer to 80% is better"),
        ("inside_80", "inside 80: nearer to what is expected of it is better"),
    ],
)
def test_other_metrics_say_what_is_good(result, metric, words):
    figure = plots.leaderboard_chart(result, metric)
    drawn(figure)
    (axes,) = figure.axes
    assert axes.get_xlabel().startswith(words)
    widths = sorted(bar.get_width() for bar in axes.patches)
    assert widths == pytest.approx(sorted(result.leaderboard()[metric]))


# Coverage


def test_coverage_bars_are_the_leaderboards(result):
    figure = plots.coverage_chart(result, "naive")
    drawn(figure)
    (axes,) = figure.axes
    board = result.leaderboard().loc["naive"]
    names = ["coverage_{}", "total_7_coverage_{}", "total_14_coverage_{}"]
    heights = [bar.get_height() for bar in axes.patches]
    expected = [board[name.format(percent)] for percent in (80, 95) for name in names]
    assert heights == pytest.approx(expected)
    assert labels(axes.texts) == [f"{value:.0%}" for value in expected]
    ticks = labels(axes.get_xticklabels())
    assert ticks == ["single periods", "totals of 7 periods", "totals of 14 periods"]
    promised = [lines.get_segments() for lines in axes.collections]
    levels = [{point[1] for segment in segments for point in segment} for segments in promised]
    assert levels == [{0.8}, {0.95}]


def test_one_model_and_one_fold(panel):
    single = backtest({"naive": SeasonalNaive()}, panel, horizon=1, folds=1, progress=False)
    board = plots.leaderboard_chart(single)
    drawn(board)
    assert len(board.axes[0].patches) == 1
    coverage = plots.coverage_chart(single, "naive")
    drawn(coverage)
    assert len(coverage.axes[0].patches) == 4


def test_what_could_not_be_measured_is_said():
    models = {"naive": SeasonalNaive(), "average": MovingAverage()}
    zero = backtest(models, panel_of(mean=0), horizon=7, folds=1, progress=False)
    board = plots.leaderboard_chart(zero)
    drawn(board)
    assert all(name.endswith("not known") for name in labels(board.axes[0].get_yticklabels()))
    coverage = plots.coverage_chart(zero, "naive")
    drawn(coverage)
    assert set(labels(coverage.axes[0].texts)) == {"not known"}


# Reliability


def test_reliability_lines_are_the_shares_below_each_level(result):
    figure = plots.reliability_chart(result, "naive")
    drawn(figure)
    (axes,) = figure.axes
    table = result.reliability[result.reliability["model"] == "naive"]
    names = {0: "single periods", 7: "totals of 7 periods", 14: "totals of 14 periods"}
    for total_of, name in names.items():
        shares = table[table["total_of"] == total_of].groupby("level")["below"].mean()
        np.testing.assert_allclose(line(axes, name).get_xdata(), shares.index)
        np.testing.assert_allclose(line(axes, name).get_ydata(), shares)
    diagonal = line(axes, "as promised")
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert axes.get_xlim() == axes.get_ylim() == (0, 1)
    assert len({to_hex(line(axes, name).get_color()) for name in names.values()}) == 3


def test_reliability_where_nothing_is_known():
    panel = panel_of(censored=0.0)
    censored = panel.censored.copy()
    censored[:, -7:] = True
    blind = replace(panel, censored=censored)
    result = backtest({"naive": SeasonalNaive()}, blind, horizon=7, folds=1, progress=False)
    drawn(plots.reliability_chart(result, "naive"))
    drawn(plots.residuals_chart(result, "naive"))


# Bias


def test_bias_bars_are_those_of_each_class(result, panel):
    table = segments(panel)
    figure = plots.bias_chart(result, table, "average")
    drawn(figure)
    (axes,) = figure.axes
    by = ("abc", "xyz", "demand", "new")
    expected = pd.concat([result.by_segment(table, name).loc["average", "bias"] for name in by])
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(expected.tolist())
    assert labels(axes.texts) == [f"{value:+.1%}" for value in expected]
    names = labels(axes.get_yticklabels())
    headings = [name for name in names if name.startswith("by ")]
    assert headings == ["by revenue", "by variability", "by kind of demand", "by age"]
    for name in by:
        for label in table[name].unique():
            assert any(text.startswith(f"{label}  (") for text in names)
    colors = [to_hex(bar.get_facecolor()) for bar in axes.patches]
    sides = set(zip(expected > 0, colors, strict=True))
    assert len(sides) == (expected > 0).nunique() == len(set(colors))
    top, bottom = axes.get_ylim()
    assert top > bottom, "the first class stands on top"


def test_bias_by_labels_of_ones_own(result, panel):
    table = panel.keys.assign(shelf=["low", "low", "high"])
    (axes,) = plots.bias_chart(result, table, "naive", by=["shelf"]).axes
    names = labels(axes.get_yticklabels())
    assert names[0] == "by shelf"
    assert [text.split()[0] for text in names[1:]] == ["high", "low"]


def test_bias_without_sales_is_not_known():
    panel = panel_of(mean=0)
    result = backtest(
        {"naive": SeasonalNaive()}, panel, horizon=7, folds=1, keep_series=True, progress=False
    )
    figure = plots.bias_chart(result, segments(panel), "naive")
    drawn(figure)
    assert set(labels(figure.axes[0].texts)) == {"not known"}


# Residuals


def test_residuals_are_what_was_expected_less_what_was_sold(result):
    figure = plots.residuals_chart(result, "average")
    drawn(figure)
    above, below = figure.axes
    table = result.by_period[result.by_period["model"] == "average"]
    heights = [bar.get_height() for bar in below.patches]
    np.testing.assert_allclose(heights, table["expected"] - table["units"], atol=1e-4)
    for label, column in (("sold", "units"), ("expected", "expected")):
        lines = [one for one in above.get_lines() if one.get_label() == label]
        assert len(lines) == 3
        np.testing.assert_allclose(
            np.concatenate([one.get_ydata() for one in lines]), table[column]
        )
    for band, (_, fold) in zip(above.collections, table.groupby("fold"), strict=True):
        corners = band.get_paths()[0].vertices[:, 1]
        assert (corners.min(), corners.max()) == pytest.approx(
            (fold["low"].min(), fold["high"].max())
        )
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["80% of paths", "expected", "sold"]


@pytest.mark.parametrize(("freq", "horizon"), [("D", 1), ("W", 4)])
def test_residuals_of_short_horizons_and_weeks(freq, horizon):
    panel = panel_of(2, days=80, freq=freq)
    result = backtest({"naive": SeasonalNaive(4)}, panel, horizon=horizon, progress=False)
    figure = plots.residuals_chart(result, "naive")
    drawn(figure)
    above, below = figure.axes
    assert len(below.patches) == 3 * horizon
    assert all(np.ptp(band.get_paths()[0].vertices[:, 0]) > 0 for band in above.collections)


# Importance


def test_importance_bars_are_the_shares(panel):
    model = LightGBMForecaster(7, max_rounds=5, n_threads=1).fit(panel)
    importance = model.feature_importance()
    figure = plots.importance_chart(importance, most=5)
    drawn(figure)
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches][::-1] == importance["share"][:5].tolist()
    assert labels(axes.get_yticklabels())[::-1] == importance["feature"][:5].tolist()


def test_no_features():
    figure = plots.importance_chart(pd.DataFrame({"feature": [], "share": []}))
    drawn(figure)
    assert labels(figure.axes[0].texts) == ["No feature was used"]


# Orders


def test_order_bars_are_stock_and_orders(orders):
    figure = plots.orders_chart(orders)
    drawn(figure)
    (axes,) = figure.axes
    top = orders.sort_values("units", ascending=False, kind="stable")[::-1]
    assert labels(axes.get_yticklabels()) == [f"{item} | store" for item in top["item_id"]]
    stock, ordered = axes.containers
    position = (top["on_hand"] + top["on_order"]).tolist()
    assert [bar.get_width() for bar in stock] == position
    assert [bar.get_width() for bar in ordered] == top["units"].tolist()
    assert [bar.get_x() for bar in ordered] == position
    np.testing.assert_allclose(line(axes, "expected demand").get_xdata(), top["expected_demand"])
    np.testing.assert_allclose(line(axes, "order up to").get_xdata(), top["order_up_to"])
    assert axes.get_title() == "The largest order lines"
    assert axes.get_xlim()[1] > max(position)


def test_only_the_largest_orders_are_shown(orders):
    (axes,) = plots.orders_chart(orders, most=2).axes
    assert labels(axes.get_yticklabels())[::-1] == [
        f"{item} | store" for item in orders.nlargest(2, "units")["item_id"]
    ]


def test_full_shelves(orders):
    figure = plots.orders_chart(orders.assign(units=0.0, packs=0, on_hand=500.0))
    drawn(figure)
    assert figure.axes[0].get_title() == "Nothing to order: the stock is enough"


@pytest.mark.parametrize("empty", ["no rows", "nothing decided"])
def test_no_orders(orders, empty):
    table = orders.iloc[:0] if empty == "no rows" else orders.assign(order_up_to=np.nan)
    figure = plots.orders_chart(table)
    drawn(figure)
    assert labels(figure.axes[0].texts) == ["There is nothing to order"]


def test_what_was_not_decided_is_left_out(orders):
    unknown = pd.DataFrame({"item_id": ["tea"], "location_id": ["store"], "units": [0.0]})
    (axes,) = plots.orders_chart(pd.concat([orders, unknown], ignore_index=True)).axes
    assert len(axes.get_yticklabels()) == 3


def test_orders_by_item_alone(orders):
    (axes,) = plots.orders_chart(orders.drop(columns="location_id")).axes
    assert set(labels(axes.get_yticklabels())) == {"item 0", "item 1", "item 2"}


# All of them


def test_figures_belong_to_no_window(panel):
    from matplotlib import pyplot

    plots.fan_chart(panel, MovingAverage().fit(panel).forecast(7))
    assert pyplot.get_fignums() == []


def test_without_matplotlib_the_extra_is_named(orders, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **others):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **others)

    monkeypatch.delitem(sys.modules, "newretail_ml.chart", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"newretail-ml\[plots\]"):
        plots.orders_chart(orders)


def test_notebooks_show_a_figure_without_being_told(panel):
    figure = plots.fan_chart(panel, MovingAverage().fit(panel).forecast(7))
    assert figure._repr_png_().startswith(b"\x89PNG")
