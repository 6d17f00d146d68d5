"""The figures of a replay show its records and sums, and draw for odd replays too."""

import warnings

import numpy as np
import pandas as pd
import pytest

from newretail_ml import plots
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay import base_stock_policy, moving_average_policy, replay
from newretail_ml.replenishment.replay.curve import service_cost_curve
from tests.test_plots import drawn, labels, line

REASONS = ["holding", "shortage", "waste", "ordering", "transport"]
KEYS = pd.DataFrame({"item_id": ["tea", "rice", "tea"], "location_id": ["north", "north", "south"]})


def chain(keys=KEYS, mean=5.0, periods=30, paths=None, **changed):
    """Demand and terms of a small chain in which everything costs something."""
    shape = (len(keys), periods) if paths is None else (len(keys), paths, periods)
    demand = np.random.default_rng(3).poisson(mean, shape).astype(float)
    table = {
        "on_hand": 10,
        "lead_time": 2,
        "review_period": 2,
        "holding_cost": 0.1,
        "unit_cost": 2.0,
        "unit_price": 5.0,
        "order_cost": 3.0,
        "transport_cost": 0.2,
        "shelf_life": np.where(np.arange(len(keys)) == 0, 2.0, np.nan),
    }
    return demand, keys.assign(**{**table, **changed})


def played(policy=None, keys=KEYS, start=0, options=None, **changed):
    policy = base_stock_policy(20.0) if policy is None else policy
    return replay(policy, *chain(keys, **changed), start=start, **(options or {}))


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def steps(axes, label):
    """Heights of a stepped line."""
    step = next(one for one in axes.patches if one.get_label() == label)
    heights, _, _ = step.get_data()
    return heights


def words(axes):
    return axes.get_legend_handles_labels()[1]


# Stock over time


def test_steps_are_the_records():
    outcome = played(start=4)
    figure = plots.stock_chart(outcome, item_id="tea", location_id="south")
    drawn(figure)
    stock, moves, demand, _ = figure.axes
    np.testing.assert_array_equal(steps(stock, "left in stock"), outcome.on_hand[2])
    np.testing.assert_array_equal(steps(stock, "out of stock"), outcome.on_hand[2] <= 0)
    np.testing.assert_array_equal(-steps(moves, "ordered (down)"), outcome.orders[2])
    np.testing.assert_array_equal(steps(moves, "delivered (up)"), outcome.received[2])
    np.testing.assert_array_equal(steps(demand, "demand"), outcome.demand[2])
    np.testing.assert_array_equal(steps(demand, "short, lost"), outcome.short[2])
    assert all(low <= 0 < high for low, high in [axes.get_ylim() for axes in figure.axes])
    assert "wasted" not in words(demand)
    assert (outcome.on_hand[2] <= 0).any(), "the case has a stock-out"


@pytest.mark.parametrize("warm_up", [0, 12])
@pytest.mark.parametrize("backorders", [False, True])
def test_cost_so_far_ends_at_the_cost_by_reason(backorders, warm_up):
    life = np.nan if backorders else 2.0
    outcome = played(options={"backorders": backorders, "warm_up": warm_up}, shelf_life=life)
    figure = plots.stock_chart(outcome, 1)
    drawn(figure)
    below = figure.axes[-1]
    expected = {reason: outcome.totals.money[reason][1] for reason in REASONS}
    expected = {reason: money for reason, money in expected.items() if money}
    assert len(expected) == (4 if backorders else 5)
    assert [label.split()[0] for label in words(below)] == list(expected)
    ends = []
    for area in below.collections:
        corners = area.get_paths()[0].vertices
        ends.append(np.ptp(corners[corners[:, 0] == 30, 1]))
        assert np.ptp(corners[corners[:, 0] == warm_up, 1]) == 0
    assert ends == pytest.approx(list(expected.values()))
    shown = figure.axes[0].get_title().rpartition(" cost ")[2]
    assert float(shown.replace(",", "")) == pytest.approx(outcome.cost[1], abs=0.5)
    assert ("short, waiting" in words(figure.axes[2])) == backorders


def test_the_cost_of_every_period_is_that_of_the_ledger():
    outcome = played(mean=3.0)
    below = plots.stock_chart(outcome, 0).axes[-1]
    ledger = outcome.ledger()
    mine = ledger[(ledger["item_id"] == "tea") & (ledger["location_id"] == "north")]
    so_far = mine.groupby("period")["money"].sum().reindex(range(30), fill_value=0).cumsum()
    assert set(mine["reason"]) == set(REASONS)
    corners = below.collections[-1].get_paths()[0].vertices
    top = pd.Series(corners[:, 1]).groupby(corners[:, 0]).max()
    np.testing.assert_allclose(top, [0, *so_far])


def test_waste_is_shown_where_there_is_some():
    outcome = played(mean=3.0)
    demand = plots.stock_chart(outcome, 0).axes[2]
    np.testing.assert_array_equal(steps(demand, "wasted"), outcome.waste[0])
    assert outcome.waste[0].any()


def test_a_panel_has_dates():
    demand, terms = chain()
    dates = pd.date_range("2026-01-05", periods=30, freq="W-MON")
    long = KEYS.loc[KEYS.index.repeat(30)].assign(date=np.tile(dates, 3), units=demand.ravel())
    panel = Panel.from_frame(long, freq="W")
    outcome = replay(base_stock_policy(20.0), panel, terms, start="2026-03-02")
    figure = plots.stock_chart(outcome, item_id="rice")
    drawn(figure)
    assert figure.axes[0].get_title().startswith("rice | north: base stock\n")
    edges = figure.axes[0].patches[-1].get_data().edges
    np.testing.assert_allclose(np.diff(edges), 7)
    assert len(edges) == 30 - 8 + 1
    assert figure.axes[-1].get_xlabel() == ""


def test_ids_leave_out_the_others():
    outcome = played()
    titles = {
        "tea | north": plots.stock_chart(outcome, item_id="tea"),
        "tea | south": plots.stock_chart(outcome, 1, item_id="tea"),
        "rice | north": plots.stock_chart(outcome, 1),
    }
    for name, figure in titles.items():
        assert figure.axes[0].get_title().startswith(f"{name}: ")


def test_one_path_of_several():
    outcome = played(paths=4)
    figure = plots.stock_chart(outcome, 2, path=3)
    drawn(figure)
    np.testing.assert_array_equal(steps(figure.axes[2], "demand"), outcome.demand[2, 3])
    assert figure.axes[0].get_title().startswith("tea | south, path 3: ")
    assert figure.axes[0].get_title().endswith(f"cost {outcome.cost[2, 3]:,.0f}")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"series": 3}, "no series 3 among 3"),
        ({"series": -1}, "no series -1"),
        ({"item_id": "salt"}, "no series 0 among 0 of salt"),
        ({"item_id": "rice", "series": 1}, "no series 1 among 1 of rice"),
        ({"channel": "online"}, "the series have no channel"),
        ({"path": 4}, "no path 4 among 4"),
    ],
)
def test_series_that_are_not_there(choice, message):
    with pytest.raises(DataError, match=message):
        plots.stock_chart(played(paths=4), **choice)


def test_stock_needs_records():
    with pytest.raises(DataError, match="not kept"):
        plots.stock_chart(played(options={"keep": False}))


@pytest.mark.parametrize(
    "changed",
    [
        {"mean": 0.0, "on_hand": 0},
        {"mean": 0.0, "holding_cost": 0.0, "shelf_life": np.nan},
        {"periods": 1},
        {"keys": KEYS[:1]},
        {"mean": 9e5},
        {"mean": 0.01},
    ],
    ids=["nothing at all", "no cost", "one period", "one series", "large", "rare"],
)
def test_odd_replays(changed):
    outcome = played(**changed)
    curve = service_cost_curve(base_stock_policy, [0, 5], *chain(**changed))
    figures = [
        plots.stock_chart(outcome),
        plots.losses_chart(outcome),
        plots.service_cost_chart(curve, outcome),
    ]
    for figure in figures:
        drawn(figure)
        assert all(low < high for axes in figure.axes for low, high in [sorted(axes.get_ylim())])


# What service costs


@pytest.fixture(scope="module")
def curve():
    demand, terms = chain()
    return service_cost_curve(_average, [0.5, 0.8, 0.9, 0.99], demand, terms, start=13)


def _average(level):
    return moving_average_policy(13, service_level=level)


def test_the_family_the_policy_and_the_bound(curve):
    outcome = played(start=13)
    figure = plots.service_cost_chart(curve, outcome)
    drawn(figure)
    (axes,) = figure.axes
    family = line(axes, "13-period moving average, by level")
    np.testing.assert_array_equal(family.get_xdata(), curve["fill_rate"])
    np.testing.assert_array_equal(family.get_ydata(), curve["cost"])
    assert labels(axes.texts) == ["0.5", "0.8", "0.9", "0.99"]
    points = {name.split(":")[0]: name for name in words(axes) if ":" in name}
    for row in outcome.compare().to_dict("records"):
        point = line(axes, points[row["name"]])
        assert list(point.get_xdata()) == [row["fill_rate"]]
        assert list(point.get_ydata()) == [row["cost"]]
    assert "at least" in points["clairvoyant"]
    assert axes.get_ylim()[0] == 0


def test_one_reason_has_no_clairvoyant(curve):
    outcome = played(start=13)
    figure = plots.service_cost_chart(curve, outcome, cost="holding")
    drawn(figure)
    (axes,) = figure.axes
    heights = [one.get_ydata()[0] for one in axes.get_lines()[1:]]
    assert heights == [one.kpis()["holding"] for one in (outcome, outcome.baseline)]
    assert axes.get_ylabel() == "cost of holding"


def test_a_curve_alone_and_a_policy_alone(curve):
    assert len(plots.service_cost_chart(curve).axes[0].get_lines()) == 1
    alone = plots.service_cost_chart(curve[:0], played(options={"baseline": None}))
    drawn(alone)
    assert [name.split(":")[0] for name in words(alone.axes[0])] == ["base stock", "clairvoyant"]
    nothing = plots.service_cost_chart(curve[:0])
    drawn(nothing)
    assert labels(nothing.axes[0].texts) == ["There is no policy to show"]


def test_names_of_many_levels_and_of_mixed_families(curve):
    many = pd.concat([curve] * 25, ignore_index=True)
    assert len(plots.service_cost_chart(many).axes[0].texts) == 12
    mixed = curve.assign(policy=["base stock", "(s, S)", "x", "y"])
    assert words(plots.service_cost_chart(mixed).axes[0]) == ["a family of policies, by level"]


# Losses


def bars(axes):
    """Widths by reason, each from the first row to the last."""
    return {one.get_label(): [bar.get_width() for bar in one] for one in axes.containers}


def test_bars_are_the_costs_by_reason():
    outcome = played(mean=3.0)
    figure = plots.losses_chart(outcome)
    drawn(figure)
    above, below = figure.axes
    policies = bars(above)
    for reason in REASONS:
        expected = [one.kpis()[reason] for one in (outcome, outcome.baseline)]
        assert policies[reason] == pytest.approx([*expected, 0])
    assert policies["clairvoyant: at least"] == [outcome.clairvoyant.cost.sum()]
    table = outcome.by_series().sort_values("cost", ascending=False)
    for reason, widths in bars(below).items():
        assert widths == pytest.approx(table[reason].tolist())
    names = (table["item_id"] + " | " + table["location_id"]).tolist()
    assert labels(below.get_yticklabels()) == names
    ends = [bar.get_x() + bar.get_width() for bar in below.containers[-1]]
    assert ends == pytest.approx(table["cost"].tolist())
    top, bottom = below.get_ylim()[::-1]
    assert top < bottom, "the largest stands on top"
    assert below.get_title() == "Cost by series"


def test_losses_by_a_key_add_up():
    outcome = played(paths=3)
    below = plots.losses_chart(outcome, by="item_id").axes[1]
    table = outcome.by_series().groupby("item_id")["cost"].sum().sort_values(ascending=False)
    assert labels(below.get_yticklabels()) == table.index.tolist()
    assert np.sum(list(bars(below).values()), axis=0) == pytest.approx(table.tolist())
    with pytest.raises(DataError, match="no channel"):
        plots.losses_chart(outcome, by="channel")


def test_ids_that_begin_alike_are_not_added_up():
    name = "a very long name that goes on and on, "
    keys = pd.DataFrame({"item_id": [f"{name}{number}" for number in range(3)]})
    outcome = played(keys=keys, mean=np.array([[2.0], [4.0], [6.0]]))
    below = plots.losses_chart(outcome, by="item_id").axes[1]
    costs = outcome.by_series()["cost"].sort_values(ascending=False)
    assert np.sum(list(bars(below).values()), axis=0) == pytest.approx(costs.tolist())
    assert set(labels(below.get_yticklabels())) == {"a very long name that go…"}


def test_only_the_largest_losses_of_a_long_list():
    name = "a very long name that goes on and on, "
    keys = pd.DataFrame({"item_id": [f"{name}{number}" for number in range(500)]})
    outcome = played(keys=keys, mean=np.linspace(0.1, 9, 500)[:, None])
    figure = plots.losses_chart(outcome)
    drawn(figure)
    below = figure.axes[1]
    costs = outcome.by_series()["cost"].nlargest(15)
    assert np.sum(list(bars(below).values()), axis=0) == pytest.approx(costs.tolist())
    share = costs.sum() / outcome.cost.sum()
    assert below.get_title() == f"The 15 of 500 series that lose most: {share:.0%} of the cost"


def test_nothing_lost():
    free = dict.fromkeys(("holding_cost", "order_cost", "transport_cost"), 0.0)
    outcome = played(mean=0.0, shelf_life=np.nan, options={"baseline": None}, **free)
    figure = plots.losses_chart(outcome)
    drawn(figure)
    assert figure.axes[1].get_title() == "Nothing was lost"
    assert labels(figure.axes[0].get_yticklabels()) == ["base stock", "clairvoyant"]
