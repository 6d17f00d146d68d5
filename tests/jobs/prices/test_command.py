"""`newretail prices` from end to end: files and databases in, files and databases out."""

import json
import pickle
from pathlib import Path

import pandas as pd
import pytest

from newretail_ml.jobs.prices import PriceRules, PriceTask
from newretail_ml.jobs.saved import save_model
from newretail_ml.tables import RetailTables
from tests.jobs.conftest import asked, into_database, into_duckdb, table_of

RULES = ("--max-change", "0.1", "--margin-floor", "0.2")
TEXT = {"item_id": "str"}


def sorted_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the id of the run; CSV does not tell empty text from none."""
    frame = frame.assign(binding_rule=frame["binding_rule"].astype(object).fillna(""))
    return frame.drop(columns="run_id").sort_values("item_id", ignore_index=True)


@pytest.fixture(scope="module")
def out(priced, tmp_path_factory) -> Path:
    """Where the list of the chain lies as a file, with its manifest."""
    file = tmp_path_factory.mktemp("out") / "list.csv"
    told = asked("prices", priced, "--out", file, *RULES)
    assert told.code == 0, told.err
    return file


@pytest.fixture(scope="module")
def by_file(out) -> pd.DataFrame:
    return pd.read_csv(out, dtype=TEXT)


def test_a_price_list_as_a_file_with_its_manifest(out, by_file, priced_frames):
    assert by_file["item_id"].tolist() == ["007", "salt", "soap", "mate", "tea"]
    assert {"current_price", "price", "change", "units", "profit", "why"} <= set(by_file)
    manifest = json.loads(out.with_name("list.csv.manifest.json").read_text())
    assert manifest["run_id"] == by_file["run_id"].unique().tolist()[0]
    assert manifest["rows_in"] == len(priced_frames["orders"])
    assert manifest["rows_out"] == 5
    assert manifest["refused"]["it is delisted"] == 1
    assert sorted(one.name for one in out.parent.iterdir()) == [
        out.name,
        f"{out.name}.manifest.json",
    ]


def test_partitions_make_the_same_list(by_file, priced, ask):
    told = ask(
        "prices", priced, "--out", "apart.csv", *RULES, "--partitions", "3", "--engine", "local"
    )
    assert told.code == 0, told.err
    apart = pd.read_csv("apart.csv", dtype=TEXT)
    pd.testing.assert_frame_equal(sorted_rows(apart), sorted_rows(by_file), check_exact=True)


def test_from_postgresql_to_postgresql(by_file, priced_frames, postgres, ask):
    url = into_database(priced_frames, postgres.url(), "priced")
    told = ask("prices", url, "--out", url, *RULES)
    assert told.code == 0, told.err
    assert "s3cret" not in told.err + told.out
    back = table_of(url, "price_list")
    expected = sorted_rows(by_file)
    pd.testing.assert_frame_equal(sorted_rows(back), expected, check_dtype=False, rtol=1e-12)
    assert len(table_of(url, "prices")) == len(priced_frames["prices"])


def test_from_duckdb_into_the_same_file(by_file, priced_frames, ask):
    file = into_duckdb(priced_frames, Path("chain.duckdb"))
    told = ask("prices", file, "--out", f"{file}::weekly_prices", *RULES)
    assert told.code == 0, told.err
    back = table_of(file, "weekly_prices")
    expected = sorted_rows(by_file)
    pd.testing.assert_frame_equal(sorted_rows(back), expected, check_dtype=False, rtol=1e-12)
    assert list(back)[-1] == "run_id"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--rules", "rules.toml"), 1, "no rule max_chnage"),
        (("--rules", "none.toml"), 1, "cannot be read"),
        (("--ending", "nine"), 1, "'nine' is no ending"),
        (("--max-change", "7"), 2, "--max-change"),
        (("--model", "none.pkl"), 1, "there is no model none.pkl"),
        (("--model", "list.pkl"), 1, "is not a demand response"),
        (("--until", "2024-01-01"), 1, "2024-01-01"),
        (("--average-at-most", "0.5"), 1, "cannot be kept"),
    ],
)
def test_what_cannot_be_asked_is_told_and_nothing_written(options, code, words, priced, ask):
    Path("rules.toml").write_text("max_chnage = 0.1\n")
    save_model([1], Path("list.pkl"))
    Path("out.csv").write_text("what an earlier run wrote\n")
    told = ask("prices", priced, "--out", "out.csv", *options)
    assert told.code == code
    assert words in told.err
    assert "Traceback" not in told.err
    assert Path("out.csv").read_text() == "what an earlier run wrote\n"


def test_a_chain_without_prices_is_told(priced_frames, tmp_path, ask):
    frames = {name: frame for name, frame in priced_frames.items() if name != "prices"}
    RetailTables.from_frames(**frames).write(tmp_path / "chain")
    told = ask("prices", tmp_path / "chain", "--out", "out.csv")
    assert told.code == 1
    assert "no table of prices" in told.err
    assert not Path("out.csv").exists()


def test_targets_that_cannot_be_written_are_told_before_any_work(priced, postgres, ask):
    Path("file").touch()
    for target, words in {
        "file/out.csv": "is a file, not a folder",
        "out.xlsx": "no known ending",
        postgres.url(password="hunter2"): "password authentication failed",
        postgres.url(port=9): "cannot be written",
    }.items():
        told = ask("prices", priced, "--out", target)
        assert told.code == 1
        assert words in told.err
        assert "hunter2" not in told.err
        assert "s3cret" not in told.err
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_sources_that_cannot_be_read_are_told_without_a_password(postgres, ask):
    for source in (postgres.url(password="hunter2"), postgres.url(port=9)):
        told = ask("prices", source, "--out", "out.csv")
        assert told.code == 1
        assert "cannot be read" in told.err
        assert "hunter2" not in told.err
        assert "s3cret" not in told.err


def test_tasks_go_to_other_processes():
    task = PriceTask(PriceRules(margin_floor=0.2), ("item_id", "location_id"), "W", "2026-01-01", 3)
    assert pickle.loads(pickle.dumps(task)) == task
