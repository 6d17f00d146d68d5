"""Results in a file or a folder: whole or not at all, and as they were."""

import json

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newretail_ml.errors import DataError
from newretail_ml.jobs.targets import check_target, files, write_result
from newretail_ml.jobs.targets.rows import Rows
from newretail_ml.tables.exact import EXACT


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
    types = {"item_id": "str"}
    back = pd.read_csv(tmp_path / "a.csv", dtype=types, parse_dates=["date", "time"], **EXACT)
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
    assert written(save([result.iloc[:0]] * 2), tmp_path / "folder") == 0
    assert len(list((tmp_path / "folder" / "run-1").iterdir())) == 1
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


def test_a_folder_holds_files_for_each_part_in_the_order_of_the_rows(save, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_ROWS_A_FILE", 30_000)
    rows = pd.DataFrame(
        {"units": range(90_000), "date": pd.Timestamp("2026-05-01"), "item_id": "tea"}
    )
    cuts = [(0, 7), (7, 7), (7, 85_000), (85_000, 90_000)]
    written(save([rows.iloc[slice(*cut)] for cut in cuts]), tmp_path / "all")
    made = sorted((tmp_path / "all" / "run-1").iterdir())
    counts = [pq.ParquetFile(file).metadata.num_rows for file in made]
    assert counts == [7, 40_000, 40_000, 4_993, 5_000]
    assert pd.concat(map(pd.read_parquet, made))["units"].tolist() == rows["units"].tolist()
    with duckdb.connect() as connection:
        question = "SELECT count(*), sum(units) FROM read_parquet(?)"
        found = connection.execute(question, [str(tmp_path / "all" / "run-1" / "*.parquet")])
        assert found.fetchone() == (90_000, rows["units"].sum())


def test_times_in_a_folder_are_without_a_zone_for_whoever_reads_them(parts, save, result, tmp_path):
    """Spark moves times that are said to be adjusted to UTC by the zone of its session."""
    nanoseconds = result.astype({"date": "datetime64[ns]", "time": "datetime64[ns]"})
    written([*parts, *save([nanoseconds])], tmp_path / "all")
    made = sorted((tmp_path / "all" / "run-1").iterdir())
    assert len(made) == 3
    for file in made:
        schema = pq.ParquetFile(file).schema
        columns = [schema.column(number) for number in range(len(schema))]
        kinds = {one.name: json.loads(one.logical_type.to_json()) for one in columns}
        for name in ("date", "time"):
            assert kinds[name]["Type"] == "Timestamp"
            assert kinds[name]["isAdjustedToUTC"] is False
            assert kinds[name]["timeUnit"] == "microseconds"


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

    def watched(rows, *parts):
        for batch in plain(rows, *parts):
            held.append(pa.total_allocated_bytes())
            yield batch

    monkeypatch.setattr(Rows, "batches", watched)
    written([part] * 20, tmp_path / name)
    assert len(held) == 20
    assert max(held[10:]) < 1.2 * max(held[:10])
