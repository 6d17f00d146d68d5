"""The leaderboard is read from the store alone, and sets side by side only what can be."""

import shutil
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

from newretail_ml import tracking
from newretail_ml.cli.main import newretail
from newretail_ml.errors import DataError, TrackingError
from newretail_ml.forecasting.judging.bootstrap import cluster_bootstrap
from newretail_ml.plots import standings_chart
from newretail_ml.tracking.units import paired_over_units

mpl.use("agg")
BETTER = {"profit": "higher", "cost": "lower"}


def scores(models: dict[str, list[float]], metric: str = "profit") -> pd.DataFrame:
    rows = [
        {"model": model, "fold": fold, "metric": metric, "value": value}
        for model, values in models.items()
        for fold, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def kept(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with comparisons on two data sets, on other folds, and with a model judged twice."""
    store = tmp_path_factory.mktemp("kept")
    shutil.copy(empty_store, store)

    def log(name: str, models: dict[str, list[float]], data: str | None = "aaa", **more) -> None:
        with tracking.run("loop", name=name, store=store, required=True) as run:
            run.log_comparison(
                scores(models),
                question="Does each module pay?",
                better={"profit": "higher"},
                data=data,
                **more,
            )

    log("first", {"naive": [1.0, 2.0, 3.0, 4.0], "old": [0.0, 0.0, 0.0, 0.0]})
    log("other data", {"naive": [9.0, 9.0, 9.0, 9.0]}, data="bbb")
    log("other folds", {"naive": [9.0, 9.0, 9.0]})
    log("unknown data", {"naive": [9.0, 9.0, 9.0, 9.0]}, data=None)
    log(
        "second",
        {
            "naive": [1.0, 2.0, 3.5, 4.0],
            "ours": [3.0, 4.1, 5.0, 6.1],
            "seer": [9.0, 9.0, 9.0, 9.5],
            "lame": [1.0, float("nan"), 3.0, 4.0],
        },
        bounds=["seer"],
    )
    with tracking.run("empty", store=store, required=True) as run:
        run.log_metrics({"profit": 3.0})
    return store


@pytest.fixture
def board(kept: Path) -> tracking.Leaderboard:
    return tracking.compare("loop", store=kept)


def test_models_are_ranked_by_what_the_runs_say(board: tracking.Leaderboard) -> None:
    table = board.table()
    assert table.index.tolist() == ["seer", "ours", "naive", "old"]
    assert board.best == "ours"
    assert table["mean"].tolist() == pytest.approx([9.125, 4.55, 2.625, 0.0])
    assert (board.metric, board.better, board.data) == ("profit", "higher", "aaa")
    assert board.question == "Does each module pay?"
    assert board.bounds == ("seer",)


def test_errors_and_differences_are_those_of_the_folds(board: tracking.Leaderboard) -> None:
    row = board.table().loc["naive"]
    naive, ours = np.array([1.0, 2.0, 3.5, 4.0]), np.array([3.0, 4.1, 5.0, 6.1])
    gap = naive - ours
    assert row["standard_error"] == pytest.approx(naive.std(ddof=1) / 2)
    assert row["difference"] == pytest.approx(gap.mean())
    assert row["difference_error"] == pytest.approx(gap.std(ddof=1) / 2)
    assert row["verdict"] == "behind"
    assert row["p_value"] < 0.05
    best = board.table().loc["ours"]
    assert (best["difference"], best["verdict"]) == (0.0, "best")


def test_the_newest_run_of_a_model_counts(board: tracking.Leaderboard, kept: Path) -> None:
    assert board.by_fold.loc["naive"].tolist() == [1.0, 2.0, 3.5, 4.0]
    again = board.apart[board.apart["reason"] == "the same model was judged again later"]
    assert again["model"].tolist() == ["naive"]


def test_others_are_set_apart_with_the_reason(board: tracking.Leaderboard) -> None:
    reasons = set(board.apart["reason"])
    assert reasons == {
        "the same model was judged again later",
        "its data are not known: the run has no data.fingerprint",
        "other folds: 0, 1, 2 instead of 0, 1, 2, 3",
        "other data: bbb instead of aaa",
        "3 of 4 folds have profit",
    }
    assert all(reason in repr(board) for reason in reasons)
    assert "more is better" in repr(board)


def test_another_comparison_can_be_asked_for(board: tracking.Leaderboard, kept: Path) -> None:
    other = board.apart.set_index("reason").loc["other data: bbb instead of aaa", "run_id"]
    found = tracking.compare("loop", run=other, store=kept)
    assert found.data == "bbb"
    assert found.by_fold.loc["naive"].tolist() == [9.0] * 4


def test_three_folds_in_time_tell_nothing_and_one_has_no_error(store: Path) -> None:
    frame = scores({"a": [1.0, 2.0, 3.0], "b": [2.0, 3.0, 4.0]})
    frame["cut"] = pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"] * 2)
    with tracking.run("times", store=store, required=True) as run:
        run.log_comparison(frame, question="?", better=BETTER)
    board = tracking.compare("times", store=store)
    assert board.table().loc["a", "verdict"] == "too few folds"
    assert "3 folds are too few to tell chance from skill: that takes 4" in repr(board)
    with tracking.run("one", store=store, required=True) as run:
        run.log_comparison(frame[frame["fold"] == 0], question="?", better=BETTER)
    board = tracking.compare("one", store=store)
    assert board.table()["standard_error"].isna().all()
    assert "one fold: how far chance carries is not known" in repr(board)


def test_series_tell_models_apart_where_folds_are_too_few(store: Path) -> None:
    rng = np.random.default_rng(1)
    hard = rng.normal(5.0, 2.0, 30)
    names = {"ours": 0.0, "near": 0.001, "behind": 0.5}
    units = pd.DataFrame(
        {
            "model": np.repeat(list(names), 30),
            "unit": np.tile([f"item {n}" for n in range(30)], 3),
            "fold": 0,
            "metric": "cost",
            "value": np.concatenate(
                [hard + gap + rng.normal(0, 0.3, 30) for gap in names.values()]
            ),
        }
    )
    frame = units.groupby(["model", "fold", "metric"], as_index=False)["value"].mean()
    with tracking.run("units", store=store, required=True) as run:
        run.log_comparison(frame, question="?", better={"cost": "lower"}, paired=units)
    board = tracking.compare("units", store=store)
    table = board.table()
    assert sorted(table["verdict"]) == ["behind", "best", "not told apart"]
    assert table.loc["behind", "verdict"] == "behind"
    values = units.pivot_table("value", "unit", "model")
    gap = (values["behind"] - values[board.best]).to_numpy()
    t = gap.mean() / (gap.std(ddof=1) / np.sqrt(30))
    assert table.loc["behind", "p_units"] == pytest.approx(2 * stats.t.sf(abs(t), 29))
    assert "p over units is over 30 series or customers" in repr(board)


def test_the_error_of_ratios_is_that_of_a_bootstrap_of_whole_series() -> None:
    rng = np.random.default_rng(2)
    weight = rng.gamma(1.0, 10.0, (200, 3))
    luck = weight * rng.normal(0.0, 0.15, (200, 1)) + rng.normal(0.0, 1.0, (200, 3))
    for ahead in (0.02, 0.04, 0.06):
        gap = luck + ahead * weight
        drawn = cluster_bootstrap(gap, weight, n_draws=20_000)
        found = paired_over_units(pd.DataFrame(gap), pd.DataFrame(weight))
        assert found == pytest.approx(drawn.p_value, abs=0.03)
    assert found < 0.2


def test_runs_of_plain_mlflow_are_compared_when_it_is_said_what_is_good(store: Path) -> None:
    for name, level in (("a", 0.7), ("b", 0.95)):
        with tracking.run("plain", name=name, store=store, required=True) as run:
            run.log_tags({"data.fingerprint": "aaa"})
            for fold in range(4):
                run.log_metrics({"by_fold/coverage": level + fold / 100}, step=fold)
    with pytest.raises(DataError, match=r"do not say which metric decides.*coverage"):
        tracking.compare("plain", store=store)
    with pytest.raises(DataError, match="which values of coverage are good ones"):
        tracking.compare("plain", metric="coverage", store=store)
    board = tracking.compare("plain", metric="coverage", better=0.8, store=store)
    assert board.best == "a"
    assert board.table().loc["b", "difference"] == pytest.approx(0.08)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda s: tracking.compare("lop", store=s),
            "no experiment 'lop'. Choose from empty, loop",
        ),
        (lambda s: tracking.compare("empty", store=s), "1 runs, none of which judged a model"),
        (lambda s: tracking.compare("loop", metric="x", store=s), "no run has 'x' by fold"),
        (lambda s: tracking.compare("loop", run="x", store=s), "run 'x' judged no model"),
        (lambda s: tracking.compare("loop", better="more", store=s), "'more' does not say"),
        (lambda s: tracking.compare("loop", store=s / "no"), "there are no tracked runs at"),
        (lambda s: tracking.compare("loop", store=False), "nothing is tracked without a store"),
    ],
)
def test_what_cannot_be_compared_is_said(
    kept: Path, ask: Callable[[Path], object], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        ask(kept)


def test_a_reading_leaves_no_store_behind(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        tracking.compare("loop", store=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_dead_server_is_told_of() -> None:
    with pytest.raises(TrackingError, match="Start it or mend it"):
        tracking.compare("loop", store="http://127.0.0.1:9")


def test_the_command_prints_and_writes_every_experiment(kept: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    answer = CliRunner().invoke(newretail, ["compare", "--tracking", str(kept), "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    assert "Does each module pay?" in answer.output
    board = pd.read_csv(out / "loop-leaderboard.csv", index_col="model")
    assert board.index.tolist() == ["seer", "ours", "naive", "old"]
    assert pd.read_csv(out / "loop-folds.csv").shape == (4, 5)
    assert len(pd.read_csv(out / "loop-apart.csv")) == 6 - 1
    assert (out / "loop-leaderboard.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_names_what_is_wrong(kept: Path) -> None:
    def told(*asked: str) -> tuple[int, str]:
        answer = CliRunner().invoke(newretail, ["compare", "--tracking", str(kept), *asked])
        return answer.exit_code, answer.output

    assert told("--run", "x")[0] == 2
    assert told("--better", "more")[0] == 2
    code, words = told("--experiment", "loop", "--metric", "x")
    assert (code, "Choose from profit" in words) == (1, True)


def test_the_plot_shows_each_model_with_its_mean(board: tracking.Leaderboard) -> None:
    left, right = standings_chart(board).axes
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names == ["old  0", "naive  2.625", "ours  4.55", "seer  9.125"]
    assert {text.get_text() for text in right.texts} == {"best", "behind", "bound"}
