"""Results in a file or a folder: whole or not at all, and as they were."""

import json

import pandas as pd
import pyarrow as pa
import pytest

from newretail_ml.errors import DataError
from newretail_ml.jobs.targets import check_target, write_result
from newretail_ml.jobs.targets.rows import Rows


def written(parts, target, run_id="run-1", table="prices"):
    return write_result(parts, target, run_id=run_id, table=table)


def test_a_parquet_file_reads_back_as_it_was(parts, result, tmp_path):
    assert written(parts, tmp_path / "out" / "a.parquet") == 3
    back = pd.read_parquet(tmp_path / "out" / "a.parquet")
    expected = result.assign(run_id="run-1")
    pd.testing.assert_frame_equal(back, expected, check_dtype=False)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.parquet"]


def test_a_csv_file_keeps_ids_and_writes_days_as_days_and_times_as_times(parts, result, tmp_path):
    written(parts, tmp_path / "a.csv")
    text = pd.read_csv(tmp_path / "a.csv", dtype="str", keep_default_na=False)
    assert text["item_id"].tolist() == result["item_id"].tolist()
    assert text["date"].tolist() == ["2026-05-01", "2026-05-02", ""]
    assert text["time"].tolist()[0] == "2026-05-01 00:00:00.000000"
    assert text["packs"].tolist() == ["1", "", "3"]
    back = pd.read_csv(tmp_path / "a.csv", dtype={"item_id": "str"}, parse_dates=["date", "time"])
    assert back["units"].tolist()[:2] == [1.0, 0.1 + 0.2]
    pd.testing.assert_series_equal(back["time"], result["time"], check_dtype=False)


def test_a_json_file_is_an_array_of_rows(parts, tmp_path):
    written(parts, tmp_path / "a.json")
    rows = json.loads((tmp_path / "a.json").read_text())
    assert [row["item_id"] for row in rows] == ["0007", "8", "a 'b' \"c\", d"]
    assert rows[1]["units"] == 0.1 + 0.2
    assert rows[2] == {
        "item_id": "a 'b' \"c\", d", "units": None, "packs": 3, "identified": True, "date": None,
        "time": "2026-05-02T23:59:59", "why": "two\nlines", "run_id": "run-1",
    }  # fmt: skip


def test_an_empty_result_is_a_file_with_a_header(save, result, tmp_path):
    for name in ("a.csv", "a.json", "a.parquet"):
        assert written(save([result.iloc[:0]]), tmp_path / name) == 0
    assert (tmp_path / "a.csv").read_text().startswith("item_id,units")
    assert json.loads((tmp_path / "a.json").read_text()) == []
    assert list(pd.read_parquet(tmp_path / "a.parquet"))[-1] == "run_id"


def test_a_folder_keeps_other_runs_and_replaces_the_own(parts, save, result, tmp_path):
    folder = tmp_path / "all"
    written(parts, folder)
    written(save([result.iloc[:1]]), folder, run_id="run-2")
    written(parts, folder)
    back = pd.read_parquet(folder)
    assert back["run_id"].value_counts().to_dict() == {"run-1": 3, "run-2": 1}
    assert sorted(back.loc[back["run_id"] == "run-1", "item_id"]) == sorted(result["item_id"])


def test_a_folder_of_runs_with_other_columns_is_refused_by_name(parts, save, tmp_path):
    other = pd.DataFrame({"item_id": [7], "price": [2.0]})
    written(save([other]), tmp_path / "all", run_id="run-0")
    with pytest.raises(DataError, match=r"lacks units, .*lacks price; item_id holds whole"):
        written(parts, tmp_path / "all")
    assert len(pd.read_parquet(tmp_path / "all")) == 1


def test_a_folder_of_something_else_is_refused(parts, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.jpg").touch()
    with pytest.raises(DataError, match=r"cat\.jpg"):
        written(parts, folder)


def test_parts_of_whole_and_of_broken_numbers_are_numbers(save, tmp_path):
    frames = [pd.DataFrame({"units": [1, 2]}), pd.DataFrame({"units": [0.5]})]
    written(save([*frames, pd.DataFrame({"units": [None]})]), tmp_path / "a.parquet")
    assert pd.read_parquet(tmp_path / "a.parquet")["units"].tolist()[:3] == [1.0, 2.0, 0.5]


def test_text_that_is_missing_from_a_part_is_text(save, tmp_path):
    frames = [pd.DataFrame({"category": ["hot"]}), pd.DataFrame({"category": [float("nan")]})]
    written(save(frames), tmp_path / "a.parquet")
    back = pd.read_parquet(tmp_path / "a.parquet")["category"]
    assert back.tolist()[0] == "hot"
    assert back.isna().tolist() == [False, True]


def test_parts_that_disagree_are_refused(save, tmp_path):
    frames = [pd.DataFrame({"units": [1]}), pd.DataFrame({"units": ["many"]})]
    with pytest.raises(DataError, match="different types"):
        written(save(frames), tmp_path / "a.parquet")


def test_a_damaged_part_leaves_the_target_as_it_was(parts, tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("what an earlier run wrote\n")
    damaged = parts[-1].read_bytes()
    parts[-1].write_bytes(damaged[:4] + b"\0" * 40 + damaged[44:])
    with pytest.raises(DataError, match="cannot be read"):
        written(parts, target)
    assert target.read_text() == "what an earlier run wrote\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "parts"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("", "no name"),
        ("prices.xlsx", "no known ending"),
        ("prices.csv::prices", "no database"),
        ("file/prices.csv", "is a file, not a folder"),
        ("nonsense://host/x", "means nothing"),
        ("mysql+nodriver://host/x", "means nothing|not installed"),
    ],
)
def test_a_target_that_cannot_be_written_is_told_early(target, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=words):
        check_target(target)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.json", "folder"])
def test_memory_does_not_grow_with_the_result(save, tmp_path, monkeypatch, name):
    """Of many parts, no more than the one at hand is held."""
    frame = pd.DataFrame({"item_id": [f"item {number:06}" for number in range(5_000)]})
    part = save([frame])[0]
    held = []
    plain = Rows.batches

    def watched(rows):
        for batch in plain(rows):
            held.append(pa.total_allocated_bytes())
            yield batch

    monkeypatch.setattr(Rows, "batches", watched)
    written([part] * 20, tmp_path / name)
    assert len(held) == 20
    assert max(held[10:]) < 1.2 * max(held[:10])
