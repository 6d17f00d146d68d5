"""A job gives the same to the bit in this process, in a pool, and on Spark in any time zone."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from newretail_ml import Panel, RetailTables
from newretail_ml.forecasting import LightGBMForecaster, MovingAverage
from tests.jobs.spark.conftest import SAMPLE

ENGINES = ("local", "pool", "on Spark")


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A small LightGBM model of the sample chain."""
    panel = Panel.from_tables(RetailTables.read(SAMPLE))
    model = LightGBMForecaster(28, recipe="lean", max_rounds=10, max_rows=50_000, n_threads=1)
    path = tmp_path_factory.mktemp("model") / "model.pkl"
    model.fit(panel).save(path)
    return path


def outputs(ask, on_spark: str, *request: object) -> tuple[list[dict[str, str]], list[dict]]:
    """For each engine, the digest of every file, and the manifest."""
    files, manifests = [], []
    for number, name in enumerate(ENGINES):
        engine = on_spark if name == "on Spark" else name
        done = ask(*request, "--engine", engine, "--workers", 2, "--out", f"{number}/")
        assert done.code == 0, done.err
        found = sorted(Path(str(number)).rglob("*.parquet"))
        files.append(
            {
                str(file.relative_to(str(number))): hashlib.sha256(file.read_bytes()).hexdigest()
                for file in found
            }
        )
        manifests.append(json.loads(Path(f"{number}.manifest.json").read_text()))
    return files, manifests


REQUESTS = {
    "forecast": ["--partitions", 3],
    "orders": ["--partitions", 3],
    "prices": ["--partitions", 2],
    "recommend": ["--partitions", 3, "--model", "popularity"],
}


@pytest.mark.parametrize("name", REQUESTS)
def test_on_the_sample_chain(name, ask, on_spark, saved, last_months):
    model = ["--model", saved] if name in ("forecast", "orders") else []
    source = SAMPLE if name == "forecast" else last_months
    files, manifests = outputs(ask, on_spark, name, source, *REQUESTS[name], *model)
    assert files[0]
    assert files[0] == files[1] == files[2]
    known = ("partition", "digest", "rows_in", "rows_out", "refused", "model")
    parts = [[[one[key] for key in known] for one in each["partitions"]] for each in manifests]
    assert parts[0] == parts[1] == parts[2]
    workers = {one["worker"] for one in manifests[2]["partitions"]}
    assert not workers & {one["worker"] for one in manifests[0]["partitions"]}


def wide_chain(folder: Path) -> tuple[Path, int]:
    """20,000 series over 37 days, of which each sells on a tenth, and their order lines."""
    items, places, days = 2_500, 8, 37
    series, day = np.nonzero(np.random.default_rng(5).random((items * places, days)) < 0.1)
    # Each sells on the first day: none is left out.
    series, day = np.append(series, np.arange(items * places)), np.append(day, [0] * items * places)
    orders = pd.DataFrame(
        {
            "order_id": np.arange(len(series)).astype(str),
            "time": np.datetime64("2026-03-01T23:30", "us") + day.astype("timedelta64[D]"),
            "channel": "store",
            "location_id": [f"store {one}" for one in series % places],
            "item_id": [f"item {one}" for one in series // places],
            "units": 1.0 + series % 3,
            "unit_price": 2.5,
        }
    )
    folder.mkdir()
    orders.to_parquet(folder / "orders.parquet")
    return folder, len(orders)


def test_of_20_000_series_late_in_the_evening(ask, on_spark, tmp_path):
    folder, lines = wide_chain(tmp_path / "chain")
    one = {"item_id": "item 1", "location_id": "store 1", "date": ["2026-03-01"], "units": [1.0]}
    MovingAverage().fit(Panel.from_frame(pd.DataFrame(one))).save("model.pkl")
    request = ["forecast", folder, "--model", "model.pkl", "--horizon", 3, "--partitions", 7]
    files, manifests = outputs(ask, on_spark, *request)
    assert files[0] == files[1] == files[2]
    table = pq.read_table("2").to_pandas()
    assert len(table) == 3 * 20_000 == manifests[2]["rows_out"]
    assert manifests[2]["rows_in"] == lines
    assert not table.duplicated(["item_id", "location_id", "date"]).any()
    # A day that moved with the time zone would be the 6th of April, or the 8th.
    assert sorted(set(table["date"].dt.strftime("%Y-%m-%d"))) == [
        "2026-04-07",
        "2026-04-08",
        "2026-04-09",
    ]
    assert all(one["rows_in"] % 10_000 for one in manifests[2]["partitions"])
