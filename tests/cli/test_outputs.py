"""What the commands write: whole or not at all, the same for the same seed, in three formats."""

import errno
from importlib.metadata import version
from json import loads
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest

from newretail_ml.cli.main import newretail
from newretail_ml.cli.output import files_of, whole_folder, write_table
from newretail_ml.errors import DataError

QUICK = ("--model", "moving-average", "--horizon", 7)
LEVELS = [f"q0.{digit}" for digit in range(1, 10)]


def full_disk(frame: pd.DataFrame, path: Path, **_: object) -> None:
    """Half a file, and then no room for the rest."""
    path.write_text("item_id,locat")
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted(frame: pd.DataFrame, path: Path, **_: object) -> None:
    path.write_text("item_id,locat")
    raise KeyboardInterrupt


# Tables


def test_the_table_of_forecasts(ask, chain, frames, work):
    answer = ask("forecast", chain, *QUICK, "--out", "out.parquet")
    assert answer.code == 0
    assert answer.out == "84 rows in out.parquet, by moving-average.\n"
    table = pd.read_parquet("out.parquet")
    assert list(table) == ["item_id", "location_id", "date", "mean", *LEVELS]
    assert not table.duplicated(["item_id", "location_id", "date"]).any()
    sold = frames["orders"].query("units > 0")
    pairs = set(zip(sold["item_id"], sold["location_id"], strict=True))
    assert set(zip(table["item_id"], table["location_id"], strict=True)) == pairs
    last = frames["orders"]["time"].max().normalize()
    assert sorted(table["date"].unique()) == list(pd.date_range(last, periods=8)[1:])
    quantiles = table[LEVELS].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles >= 0).all()
    assert table["mean"].between(table["q0.1"], table["q0.9"]).mean() > 0.9


def test_three_formats_say_the_same(ask, chain, work):
    for name in ("out.parquet", "out.csv", "out.json"):
        assert ask("forecast", chain, *QUICK, "--out", name).code == 0
    parquet = pd.read_parquet("out.parquet")
    csv = pd.read_csv("out.csv", parse_dates=["date"])
    json = pd.DataFrame(loads(Path("out.json").read_text()))
    pd.testing.assert_frame_equal(csv, parquet, check_dtype=False, rtol=1e-12)
    json["date"] = pd.to_datetime(json["date"])
    pd.testing.assert_frame_equal(json, parquet, check_dtype=False, rtol=1e-9)


def test_paths_are_those_behind_the_quantiles(ask, chain, work):
    for rest in (["--out", "out.parquet"], ["--out", "paths.parquet", "--paths"]):
        assert ask("forecast", chain, *QUICK, *rest).code == 0
    table, paths = pd.read_parquet("out.parquet"), pd.read_parquet("paths.parquet")
    assert list(paths) == ["item_id", "location_id", "date", "path", "units"]
    assert len(paths) == 200 * len(table)
    by_day = paths.groupby(["item_id", "location_id", "date"])["units"]
    np.testing.assert_allclose(by_day.mean().to_numpy(), table["mean"], rtol=1e-6)
    np.testing.assert_allclose(by_day.quantile(0.9).to_numpy(), table["q0.9"], rtol=1e-6)


def test_the_horizon_counts_periods_of_the_asked_length(ask, chain, work):
    answer = ask("forecast", chain, *QUICK, "--freq", "W", "--by", "item_id", "--out", "out.csv")
    assert answer.code == 0
    table = pd.read_csv("out.csv", parse_dates=["date"])
    assert "location_id" not in table
    assert table["date"].nunique() == 7
    assert (table["date"].dt.day_name() == "Monday").all()


def test_the_future_begins_after_until(ask, chain, work):
    rest = ["--until", "2025-05-31", "--most-sold", 2, "--out", "out.csv"]
    assert ask("forecast", chain, *QUICK, *rest).code == 0
    table = pd.read_csv("out.csv")
    assert table["date"].min() == "2025-06-01"
    assert len(table[["item_id", "location_id"]].drop_duplicates()) == 2


@pytest.mark.parametrize(
    ("command", "model"),
    [("forecast", "lightgbm"), ("orders", "moving-average"), ("backtest", "moving-average")],
)
def test_a_seed_decides_every_byte(command, model, ask, chain, content, work):
    suffix = "" if command == "backtest" else ".parquet"
    made = {}
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        out = work / name / f"out{suffix}"
        answer = ask(command, chain, *QUICK, "--model", model, "--seed", seed, "--out", out)
        assert answer.code == 0
        made[name] = content(work / name), answer.out.replace(f"{work / name}", "")
    assert made["one"] == made["again"]
    assert made["one"] != made["two"]


@pytest.mark.parametrize("command", ["forecast", "orders"])
@pytest.mark.parametrize(
    ("crash", "words"),
    [(full_disk, "cannot be written (No space left on device)"), (interrupted, "Aborted!")],
)
def test_a_crash_while_writing_leaves_the_earlier_table(
    crash, words, command, ask, chain, out, work, content, monkeypatch
):
    before = content(work)
    monkeypatch.setattr(pd.DataFrame, "to_csv", crash)
    answer = ask(command, chain, *QUICK, "--quiet", "--out", out[command])
    assert answer.code == 1
    assert words in answer.err
    assert answer.out == ""
    assert content(work) == before
    monkeypatch.undo()
    assert ask(command, chain, *QUICK, "--quiet", "--out", out[command]).code == 0
    assert content(work).keys() == before.keys()
    assert len(pd.read_csv(out[command])) > 5


@pytest.mark.parametrize("crash", [full_disk, interrupted])
def test_a_crash_while_writing_leaves_the_earlier_folder(
    crash, ask, chain, out, work, content, monkeypatch
):
    before = content(work)
    monkeypatch.chdir(work)
    monkeypatch.setattr(pd.DataFrame, "to_csv", crash)
    assert ask("backtest", chain, *QUICK, "--quiet", "--out", out["backtest"]).code == 1
    assert content(work) == before


def test_a_table_goes_into_a_new_folder_with_usual_permissions(work):
    (work / "usual").touch()
    write_table(pd.DataFrame({"units": [1]}), Path("a/b/out.csv"))
    assert Path("a/b/out.csv").read_text() == "units\n1\n"
    assert Path("a/b/out.csv").stat().st_mode == (work / "usual").stat().st_mode
    assert [path.name for path in Path("a/b").iterdir()] == ["out.csv"]


# Folders


def test_a_folder_is_replaced_as_a_whole(work, content):
    for name in ("first", "second"):
        with whole_folder(Path("out")) as folder:
            (folder / f"{name}.txt").write_text(name)
            assert not (work / "out" / f"{name}.txt").exists()
    assert [path.name for path in files_of(Path("out"))] == ["second.txt"]
    assert content(work).keys() == {"out/", "out/.newretail", "out/second.txt"}


def test_a_folder_keeps_its_content_when_something_fails(work, content):
    with whole_folder(Path("out")) as folder:
        (folder / "first.txt").touch()
    before = content(work)
    with pytest.raises(ZeroDivisionError), whole_folder(Path("out")) as folder:
        (folder / "second.txt").touch()
        raise ZeroDivisionError
    assert content(work) == before


def test_a_folder_comes_back_when_the_new_one_cannot_take_its_place(work, content, monkeypatch):
    with whole_folder(Path("out")) as folder:
        (folder / "first.txt").touch()
    before = content(work)
    rename = Path.rename

    def busy(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EBUSY, "Device or resource busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", busy)
    with (
        pytest.raises(DataError, match=r"out cannot be written \(Device or resource busy\)"),
        whole_folder(Path("out")) as folder,
    ):
        (folder / "second.txt").touch()
    assert content(work) == before


def test_an_empty_folder_may_be_filled_and_a_foreign_one_not(work):
    (work / "empty").mkdir()
    with whole_folder(Path("empty")) as folder:
        (folder / "out.txt").touch()
    assert Path("empty/out.txt").exists()
    (work / "theirs").mkdir()
    (work / "theirs" / "thesis.txt").touch()
    with pytest.raises(DataError, match="was not made by this command"):
        whole_folder(Path("theirs")).__enter__()
    assert [path.name for path in Path("theirs").iterdir()] == ["thesis.txt"]


# Words


@pytest.mark.parametrize("command", ["forecast", "orders", "backtest"])
def test_quiet_is_silent(command, ask, chain, work):
    suffix = "" if command == "backtest" else ".csv"
    answer = ask(command, chain, *QUICK, "--quiet", "--out", f"out{suffix}")
    assert (answer.code, answer.err) == (0, "")
    assert f"out{suffix}" in answer.out


def test_without_quiet_the_report_is_told_beside_the_output(ask, chain, work):
    answer = ask("forecast", chain, *QUICK, "--out", "out.csv")
    assert "rows read" in answer.err
    assert "Panel(12 series x 180 days" in answer.err
    assert "rows read" not in answer.out
    assert "backtest:" not in answer.err, "a progress bar is noise in a log"


def test_models_that_could_not_be_judged_are_named(ask, chain, work):
    answer = ask("backtest", chain, "--until", "2025-01-20", "--horizon", 7, "--folds", 1)
    assert answer.code == 0
    assert "lightgbm was not judged: " in answer.err
    assert "lightgbm" not in answer.out


def test_the_leaderboard_of_the_backtest(ask, chain, work):
    rest = ["--horizon", 7, "--cut", "2025-05-31", "--cut", "2025-06-27", "--out", "out"]
    models = ["--model", "seasonal-naive", "--model", "moving-average"]
    answer = ask("backtest", chain, *models, *rest)
    assert answer.code == 0
    scores, board = pd.read_csv("out/scores.csv"), pd.read_csv("out/leaderboard.csv")
    assert set(scores["cut"]) == {"2025-05-31", "2025-06-27"}
    assert set(board["model"]) == {"seasonal-naive", "moving-average"}
    losses = scores[scores["metric"] == "weighted_quantile_loss"].groupby("model")["value"]
    means = board.set_index("model")["weighted_quantile_loss"]
    assert means.to_dict() == pytest.approx(losses.mean().to_dict())
    assert means.is_monotonic_increasing
    assert answer.out.split()[1] == board["model"][0]
    assert {path.name for path in files_of(Path("out"))} == {
        "coverage.png",
        "leaderboard.csv",
        "leaderboard.png",
        "scores.csv",
    }


@pytest.mark.parametrize("command", ["forecast", "orders", "backtest", "demo"])
def test_help_explains_every_option(command, ask):
    answer = ask(command, "--help")
    assert answer.code == 0
    options = [one for one in newretail.commands[command].params if isinstance(one, click.Option)]
    assert [one.name for one in options if not one.help] == []


def test_help_lists_the_commands_and_exit_codes(ask):
    answer = ask("--help")
    commands = answer.out.partition("Commands:")[2]
    assert all(f"  {name} " in commands for name in newretail.commands)
    assert "..." not in commands, "a description is cut"
    assert "Exit codes: 0 done;" in commands


def test_the_version_is_that_of_the_package(ask):
    assert version("newretail-ml") in ask("--version", "--help").out
