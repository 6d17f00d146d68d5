"""The figures of pricing show the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import plots
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.pricing.markdown import plan_markdowns
from newretail_ml.pricing.price_list import AveragePrice, MaxChange, plan_prices, what_if
from newretail_ml.pricing.response import ConstantElasticity, Evidence
from tests.test_plots import drawn, labels

PRICES = np.array([2.0, 3.0, 4.0])


@pytest.fixture(scope="module")
def response() -> ConstantElasticity:
    rng = np.random.default_rng(0)
    matrix = np.array([[-3.0, 0.4, 0.0], [0.3, -2.0, 0.0], [0.0, 0.2, -2.5]])
    known = Evidence(
        np.array([True, True, False]),
        np.array(["", "", "its price never moved"], dtype=object),
        0.95 * PRICES,
        1.05 * PRICES,
    )
    own = np.diagonal(matrix) + 0.2 * rng.standard_normal((50, 3))
    return ConstantElasticity(
        [100.0, 80.0, 60.0], PRICES, matrix, draws=own, level_error=0.05, evidence=known
    )


@pytest.fixture(scope="module")
def plan(response):
    return plan_prices(response, 0.5 * PRICES, [MaxChange(0.1), AveragePrice(1.0)], progress=False)


def table(n: int) -> pd.DataFrame:
    value = -1.0 - np.arange(n) % 7 / 3
    return pd.DataFrame(
        {
            "item_id": [f"item {number}" for number in range(n)],
            "elasticity": value,
            "lower": value - 0.5,
            "upper": value + 0.5,
            "identified": np.arange(n) % 3 > 0,
        }
    )


def test_elasticities_are_sorted_and_unknown_ones_grey():
    given = table(9)
    figure = plots.elasticity_chart(given, truth=given["elasticity"] - 0.1)
    drawn(figure)
    (axes,) = figure.axes
    order = given.sort_values("elasticity", kind="stable")
    assert labels(axes.get_yticklabels()) == order["item_id"].tolist()
    known, unknown, truth = axes.lines[:3]
    assert known.get_xdata() == pytest.approx(order.loc[order["identified"], "elasticity"])
    assert unknown.get_xdata() == pytest.approx(order.loc[~order["identified"], "elasticity"])
    assert known.get_color() != unknown.get_color()
    assert truth.get_xdata() == pytest.approx(order["elasticity"] - 0.1)
    assert axes.lines[3].get_xdata() == pytest.approx(np.full(2, given["elasticity"].mean()))


def test_many_elasticities_are_thinned_out_from_end_to_end():
    given = table(100)
    (axes,) = plots.elasticity_chart(given, most=10).axes
    assert len(axes.get_yticks()) == 10
    assert axes.get_title().endswith("10 of 100 items, with intervals")
    shown = np.concatenate([line.get_xdata() for line in axes.lines[:2]])
    assert shown.min() == given["elasticity"].min()
    assert shown.max() == given["elasticity"].max()


def test_no_elasticities_and_a_missing_column():
    assert labels(plots.elasticity_chart(table(0)).axes[0].texts) == [
        "There are no elasticities to show"
    ]
    with pytest.raises(DataError, match="identified"):
        plots.elasticity_chart(table(3).drop(columns="identified"))


def test_what_if_shows_both_curves_and_where_the_data_ends(response):
    curve = what_if(response, 0.5 * PRICES, {"item_id": "1"})
    figure = plots.what_if_chart(curve, price=2.2)
    drawn(figure)
    for axes, name in zip(figure.axes, ("units", "profit"), strict=True):
        line, current, chosen = axes.lines
        assert line.get_xdata() == pytest.approx(curve["price"])
        assert line.get_ydata() == pytest.approx(curve[name])
        assert current.get_xdata() == pytest.approx([2.0, 2.0])
        assert chosen.get_xdata() == pytest.approx([2.2, 2.2])
        assert len(axes.patches) == curve["beyond_data"].sum() > 0


def test_what_if_of_several_products_or_none(response):
    curve = what_if(response, 0.5 * PRICES)
    with pytest.raises(DataError, match="several products"):
        plots.what_if_chart(curve)
    with pytest.raises(DataError, match="price"):
        plots.what_if_chart(curve[curve["item_id"] == "1"], price=-1.0)
    assert labels(plots.what_if_chart(curve.head(0)).axes[0].texts) == ["There is no price to show"]


def test_moves_show_substitutes_too(plan):
    figure = plots.price_moves_chart(plan)
    drawn(figure)
    order = plan.prices.sort_values("profit_gain", ascending=False)
    assert order["change"].eq(0).any()
    assert labels(figure.axes[0].get_yticklabels()) == order["item_id"].tolist()
    for axes, name, times in zip(
        figure.axes, ("change", "units_gain", "profit_gain"), (100, 1, 1), strict=True
    ):
        assert [bar.get_width() for bar in axes.patches] == pytest.approx(times * order[name])
    (intervals,) = figure.axes[2].collections
    ends = np.array([line[:, 0] for line in intervals.get_segments()])
    assert ends == pytest.approx(order[["profit_gain_lower", "profit_gain_upper"]].to_numpy())
    assert len(plots.price_moves_chart(plan, most=1).axes[0].patches) == 1


def test_a_list_without_a_change(response):
    kept = plan_prices(response, 0.5 * PRICES, points=PRICES[:, None], progress=False)
    assert labels(plots.price_moves_chart(kept).axes[0].texts) == ["The list changes no price"]


def test_the_waterfall_ends_at_the_lists_own_gain(plan):
    figure = plots.waterfall_chart(plan)
    drawn(figure)
    (axes,) = figure.axes
    steps = plan.waterfall()
    widths = [bar.get_width() for bar in axes.patches]
    assert widths[:-1] == pytest.approx(steps["difference"].iloc[1:])
    assert widths[-1] == pytest.approx(plan.profit - plan.current_profit)
    assert sum(widths[:-1]) == pytest.approx(widths[-1])
    assert labels(axes.get_yticklabels())[1:-1] == steps["step"].iloc[2:].tolist()


def test_markdowns_show_steps_and_stock():
    keys = pd.DataFrame({"item_id": ["coat", "scarf"]})
    paths = np.random.default_rng(0).poisson(3.0, (2, 60, 4)).astype(float)
    forecast = Forecast(keys, Periods.spanning("2026-01-05", "2026-02-01", "W"), paths)
    demand = ConstantElasticity([3.0, 3.0], [100.0, 20.0], [-2.5, -2.0], keys=keys)
    state = keys.assign(on_hand=[24, 0], salvage_value=10.0)
    plan = plan_markdowns(forecast, demand, state, [100, 80, 60, 20])
    figure = plots.markdown_chart(plan)
    drawn(figure)
    above, below = figure.axes
    path = plan.path[plan.path["item_id"] == "coat"]
    assert above.lines[0].get_ydata()[0] == plan.prices["fixed_price"].iloc[0]
    assert above.lines[1].get_ydata().tolist() == path["price"].tolist()
    heights = [bar.get_height() for bar in below.patches]
    assert heights[:-1] == pytest.approx(path["expected_stock"])
    assert heights[-1] == pytest.approx(plan.prices["expected_left"].iloc[0])
    assert "Nothing is planned" in labels(plots.markdown_chart(plan, row=1).axes[0].texts)[0]
    with pytest.raises(DataError, match="no row 2"):
        plots.markdown_chart(plan, row=2)
