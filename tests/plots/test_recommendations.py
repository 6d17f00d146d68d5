"""The figures of recommenders show the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from newretail_ml import plots
from newretail_ml.errors import DataError
from newretail_ml.plots.labels import label_places
from newretail_ml.plots.style import BLUE, RED
from newretail_ml.recommendation.judging import Judgement, evaluate
from tests.test_plots import drawn, labels


def case(n: int = 30, models: int = 3) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    rng = np.random.default_rng(0)
    customer = [f"c{one:02d}" for one in range(n)]
    truth = pd.DataFrame({"customer_id": customer, "item_id": rng.integers(0, 9, n).astype(str)})
    ranks = pd.MultiIndex.from_product([customer, range(1, 5)], names=["customer_id", "rank"])
    lists = {}
    for number in range(models):
        frame = ranks.to_frame(index=False)
        frame["item_id"] = [
            str(one) for _ in customer for one in rng.permutation(9 - number % 4)[:4]
        ]
        lists[f"model {number}"] = frame
    return lists, truth


@pytest.fixture(scope="module")
def judged() -> Judgement:
    lists, truth = case()
    rng = np.random.default_rng(1)
    history = truth.assign(
        item_id=rng.permutation(truth["item_id"]),
        time=pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 100, 30), "D"),
    )
    more = history.assign(time=history["time"] + pd.Timedelta(days=3), item_id="1")
    return evaluate(lists, truth, pd.concat([history, more[:15], history.assign(item_id="0")]), 4)


def bars(axes) -> dict[str, tuple[float, float, float, float]]:
    """x, y and the ends of the bar of each point, by its label or colour."""
    found = {}
    for container in axes.containers:
        line, _, (bar,) = container
        (x,), (y,) = line.get_data()
        ends = bar.get_segments()[0][:, 1]
        found[to_hex(line.get_color())] = (x, y, *ends)
    return found


def test_points_are_accuracy_and_coverage_with_two_errors(judged):
    figure = plots.accuracy_coverage_chart(judged, "recall")
    drawn(figure)
    (axes,) = figure.axes
    table = judged.table("recall", view="next").droplevel("view")
    expected = [
        (100 * row.coverage, row.recall, row.recall - 2 * row.recall_error)
        for row in table.itertuples()
    ]
    found = [value[:3] for value in bars(axes).values()]
    assert np.array(found) == pytest.approx(np.array(expected))
    assert [text.get_text() for text in axes.texts] == list(table.index)
    low, high = axes.get_ylim()
    assert low < table["recall"].min() < table["recall"].max() < high


def test_without_a_history_coverage_is_said_to_be_unknown():
    lists, truth = case()
    figure = plots.accuracy_coverage_chart(evaluate(lists, truth))
    assert "without a history" in figure.axes[0].texts[0].get_text()


@pytest.mark.parametrize(("by", "joined"), [("activity", True), ("own", False)])
def test_segments_are_in_their_order_with_their_numbers(judged, by, joined):
    own = judged.by_customer[["customer_id"]].drop_duplicates()
    own["own"] = np.where(own["customer_id"] < "c12", "early", "late")
    given = own if by == "own" else None
    figure = plots.segment_chart(judged, by, "hit_rate", labels=given)
    drawn(figure)
    (axes,) = figure.axes
    table = judged.by_segment(by, view="next", labels=given).droplevel("view")
    of_first = table.loc["model 0"]
    words = [f"{kind}\n{row.customers:,.0f}" for kind, row in of_first.iterrows()]
    assert labels(axes.get_xticklabels()) == words
    line = axes.containers[0][0]
    assert line.get_ydata() == pytest.approx(of_first["hit_rate"].to_numpy())
    assert (line.get_linestyle() == "-") == joined
    assert len(axes.containers) == 3


def test_rules_that_cost_go_left_and_those_that_bring_right():
    costs = pd.DataFrame(
        {"rule": ["a", "b" * 90, "c"], "purchases": [2.0, 0.5, 0.0], "margin": [3.0, -1.0, 0.0]}
    )
    figure = plots.slate_cost_chart(costs)
    drawn(figure)
    for axes, name in zip(figure.axes, ["purchases", "margin"], strict=True):
        width = [bar.get_width() for bar in axes.patches]
        assert width == pytest.approx((-costs[name]).tolist())
        colors = [to_hex(bar.get_facecolor()) for bar in axes.patches]
        assert colors == [RED if one < 0 else BLUE for one in width]
    assert [text.get_text().strip() for text in figure.axes[1].texts] == ["-3", "+1", "nothing"]
    assert labels(figure.axes[0].get_yticklabels())[1].endswith("…")

    only = plots.slate_cost_chart(costs.assign(margin=np.nan))
    assert len(only.axes) == 1
    nothing = plots.slate_cost_chart(costs.iloc[:0])
    assert "no rule" in nothing.axes[0].texts[0].get_text()


def test_one_customer_has_a_point_without_a_bar():
    truth = pd.DataFrame({"customer_id": ["a"], "item_id": ["x"]})
    alone = evaluate(truth.assign(rank=1), truth, truth.assign(time="2026-01-01"))
    figure = plots.accuracy_coverage_chart(alone)
    drawn(figure)
    (axes,) = figure.axes
    assert list(bars(axes).values()) == [(100.0, 1.0, 1.0, 1.0)]
    assert [text.get_text() for text in axes.texts] == alone.models
    figure = plots.segment_chart(alone, "recency")
    drawn(figure)
    (axes,) = figure.axes
    assert labels(axes.get_xticklabels()) == ["up to 2 weeks\n1"]
    assert axes.containers[0][0].get_ydata().tolist() == [1.0]


def test_each_of_many_models_is_named_and_the_first_ones_can_be_told_apart():
    lists, truth = case(models=8)
    lists |= {f"{name} again": frame for name, frame in lists.items()}
    many = evaluate(lists, truth, truth.assign(time="2026-01-01"), 4)
    figure = plots.accuracy_coverage_chart(many)
    drawn(figure)
    assert sorted(text.get_text() for text in figure.axes[0].texts) == sorted(lists)
    figure = plots.segment_chart(many)
    drawn(figure)
    (axes,) = figure.axes
    table = many.by_segment("activity", view="next")["ndcg"].groupby("model").first()
    points = {one.get_label(): one[0] for one in axes.containers}
    assert {name: point.get_ydata()[0] for name, point in points.items()} == table.to_dict()
    (legend,) = figure.legends
    assert sorted(labels(legend.get_texts())) == sorted(lists)
    looks = {(points[name].get_color(), points[name].get_marker()) for name in many.models[:8]}
    assert len(looks) == 8


def test_labels_do_not_cover_one_another():
    rng = np.random.default_rng(2)
    spots = np.column_stack([0.2 + 0.4 * rng.random(6), 0.2 + 0.6 * rng.random(6)])
    places = label_places(spots, np.full(6, 0.03), [12] * 6)
    apart = np.abs(places[:, None] - places[None])
    clear = (apart[..., 0] >= 12 * 0.0084) | (apart[..., 1] >= 2 * 0.06 / 2.2)
    assert clear[~np.eye(6, dtype=bool)].all()
    assert (places[:, 0] > 0).all()


def test_bad_questions_are_refused(judged):
    with pytest.raises(DataError, match="is no measure"):
        plots.accuracy_coverage_chart(judged, "coverage")
    with pytest.raises(DataError, match="is no measure"):
        plots.segment_chart(judged, measure="fame")
    with pytest.raises(DataError, match=r"labels\.fame"):
        plots.segment_chart(judged, "fame")
    with pytest.raises(DataError, match=r"costs\.margin"):
        plots.slate_cost_chart(pd.DataFrame({"rule": ["a"], "purchases": [1.0]}))
    infinite = pd.DataFrame({"rule": ["a"], "purchases": [np.inf], "margin": [0.0]})
    with pytest.raises(DataError, match="infinite"):
        plots.slate_cost_chart(infinite)
