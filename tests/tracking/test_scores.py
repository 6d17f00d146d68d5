"""One form for what every kind of comparison finds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecasting import Backtest
from newretail_ml.interactions import Interactions
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand import MonotoneTrees, backtest_prices
from newretail_ml.recommendation import Popularity, backtest_recommenders
from newretail_ml.replenishment.replay import base_stock_policy, replay
from newretail_ml.tracking.comparisons import comparison_facts, model_metrics
from newretail_ml.tracking.scores import Scores
from newretail_ml.tracking.scores_of import scores_of


def table(**values: list[float]) -> pd.DataFrame:
    rows = [
        {"model": model, "fold": fold, "metric": "profit", "value": value}
        for model, given in values.items()
        for fold, value in enumerate(given)
    ]
    return pd.DataFrame(rows)


def from_units(scores: Scores, metric: str) -> pd.Series:
    """Values of the folds, from those of the units."""
    rows = scores.paired[scores.paired["metric"] == metric]
    sums = rows.groupby(["model", "fold"], observed=True)[["value", "weight"]].sum()
    return sums["value"] / sums["weight"]


def of_folds(scores: Scores, metric: str, index: pd.Index) -> np.ndarray:
    rows = scores.by_fold[scores.by_fold["metric"] == metric]
    return rows.set_index(["model", "fold"])["value"].reindex(index).to_numpy()


def test_forecasts_have_the_means_of_their_leaderboard(result: Backtest) -> None:
    scores = scores_of(result)
    board = result.leaderboard()
    pd.testing.assert_frame_equal(scores.means()[board.columns], board, check_names=False)
    assert scores.metric == "weighted_quantile_loss"
    assert scores.folds[0] == "2026-03-10 to 2026-03-17"
    assert "nothing to learn" in scores.not_run["refusing"]
    assert scores.better["coverage_80"] == 0.8


def test_metrics_hold_means_and_folds(result: Backtest) -> None:
    metrics = model_metrics(scores_of(result), "naive")
    means = {metric.name: metric.value for metric in metrics if "/" not in metric.name}
    assert means == result.leaderboard().loc["naive"].to_dict()
    folds = [metric for metric in metrics if metric.name == "by_fold/wape"]
    assert [metric.step for metric in folds] == [0, 1, 2]
    assert np.mean([metric.value for metric in folds]) == pytest.approx(means["wape"])


def test_what_could_not_be_computed_is_left_out(result: Backtest) -> None:
    scores = result.scores.copy()
    lost = (scores["model"] == "naive") & (scores["metric"] == "mase") & (scores["fold"] == 1)
    scores.loc[lost, "value"] = np.nan
    scores.loc[scores["metric"] == "bias", "value"] = np.inf
    metrics = model_metrics(scores_of(replace(result, scores=scores)), "naive")
    assert [metric.step for metric in metrics if metric.name == "by_fold/mase"] == [0, 2]
    assert not [metric for metric in metrics if "bias" in metric.name]


def test_prices_are_judged_by_fold(panel: Panel) -> None:
    frame = panel.to_frame()
    frame["price"] = np.tile([2.0, 2.5, 3.0], len(frame) // 3)
    result = backtest_prices(
        {"trees": MonotoneTrees()}, Panel.from_frame(frame), horizon=14, folds=2
    )
    scores = scores_of(result)
    assert scores.metric == "rmse_log"
    assert scores.means().loc["trees", "wape"] == result.leaderboard().loc["trees", "wape"]
    assert list(scores.folds.values()) == ["2026-03-03", "2026-03-17"]


def test_lists_are_judged_by_cut_and_customer() -> None:
    days = pd.date_range("2026-01-01", periods=60)
    orders = pd.DataFrame(
        {
            "customer_id": ["ann", "bob"] * 30,
            "time": days,
            "item_id": ["tea", "jam", "tea", "egg", "jam", "tea"] * 10,
        }
    )
    result = backtest_recommenders(
        {"popular": Popularity()},
        Interactions.from_frame(orders),
        horizon_days=10,
        k=2,
        views=["next"],
        progress=False,
    )
    scores = scores_of(result)
    assert scores.metric == "next_ndcg"
    assert scores.means()["next_ndcg"]["popular"] == result.table()["ndcg"]["next", "popular"]
    assert list(scores.folds.values()) == ["2026-02-10, 2 slots", "2026-02-20, 2 slots"]
    found = from_units(scores, "next_ndcg")
    assert found.to_numpy() == pytest.approx(of_folds(scores, "next_ndcg", found.index))


@pytest.mark.parametrize("paths", [None, 3])
def test_orders_are_judged_by_path_and_series(paths: int | None) -> None:
    shape = (2, 9) if paths is None else (2, paths, 9)
    demand = np.random.default_rng(1).poisson(3, shape)
    terms = pd.DataFrame(
        {
            "item_id": ["tea", "jam"],
            "on_hand": 4,
            "lead_time": 1,
            "review_period": 1,
            "holding_cost": 1,
            "unit_cost": 2,
            "unit_price": 9,
        }
    )
    outcome = replay(base_stock_policy(8), demand, terms, progress=False)
    scores = scores_of(outcome)
    board, known = scores.means(), outcome.compare()
    assert scores.bounds == ("clairvoyant",)
    assert len(scores.folds) == (paths or 1)
    assert board.loc[outcome.policy, "cost"] == pytest.approx(known.loc["policy", "cost"])
    for name in ("cost", "profit"):
        assert board.loc["clairvoyant", name] == pytest.approx(known.loc["clairvoyant", name])
    assert board.loc[outcome.policy, "fill_rate"] == pytest.approx(
        known.loc["policy", "fill_rate"], abs=0.02
    )
    found = from_units(scores, "cost")
    assert found.to_numpy() == pytest.approx(of_folds(scores, "cost", found.index))


def test_policies_must_meet_the_same_demand() -> None:
    terms = pd.DataFrame(
        {"item_id": ["tea"], "on_hand": 4, "lead_time": 1, "review_period": 1}
    ).assign(holding_cost=1, shortage_cost=9)
    one = replay(base_stock_policy(8), np.array([[1, 2]]), terms, progress=False)
    other = replay(base_stock_policy(8), np.array([[2, 2]]), terms, progress=False)
    with pytest.raises(DataError, match="not replayed on the same demand"):
        scores_of({"one": one, "other": other})


def test_the_first_metric_decides_and_bounds_are_never_the_best() -> None:
    scores = scores_of(
        table(naive=[1.0, 2.0], ours=[3.0, 4.0], seer=[9.0, 9.0]),
        {"profit": "higher"},
        bounds=["seer"],
    )
    assert scores.means().index.tolist() == ["seer", "ours", "naive"]
    assert comparison_facts(scores, "What pays?")["best_model"] == "ours"


def test_folds_of_any_kind_are_numbered_in_their_order() -> None:
    frame = table(naive=[1.0, 2.0]).assign(fold=pd.to_datetime(["2026-03-01", "2026-02-01"]))
    scores = scores_of(frame, {"profit": "higher"})
    assert scores.folds == {0: "2026-02-01", 1: "2026-03-01"}
    assert scores.by_fold["fold"].tolist() == [1, 0]
    seeds = scores_of(table(naive=[1.0]).assign(fold=17), {"profit": "higher"})
    assert seeds.folds == {17: "17"}


@pytest.mark.parametrize(
    ("change", "better", "words"),
    [
        ({}, None, "it is not said which metric decides"),
        ({}, {"cost": "lower"}, "there is no 'cost' among the metrics"),
        ({}, {"profit": "more"}, "'more' does not say which values of profit"),
        ({}, {"profit": float("nan")}, "nan does not say"),
        ({"value": "much"}, {"profit": "higher"}, "scores.value: values are not numbers"),
        ({"fold": 0}, {"profit": "higher"}, "rows share model and fold and metric"),
        ({"model": None}, {"profit": "higher"}, "a model or fold is empty"),
    ],
)
def test_what_is_no_comparison_is_said(change: dict, better: dict | None, words: str) -> None:
    with pytest.raises(DataError, match=words):
        scores_of(table(naive=[1.0, 2.0]).assign(**change), better)


def test_other_things_are_no_comparison() -> None:
    with pytest.raises(DataError, match="a list is no comparison"):
        scores_of([1, 2])  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"scores\.model: the column is missing"):
        scores_of(pd.DataFrame(), {"profit": "higher"})
