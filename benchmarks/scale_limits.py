"""What a job of very many partitions asks of workers, files and the driver, piece by piece.

One partition of ever more series is forecast by itself, and taken through a whole job; a piece of
250,000 order lines is spread over ever more partitions; a million rows of results are written by
the driver; and Spark is given jobs that do nothing. Printed are memory, seconds of the processor,
and bytes, for the arithmetic of `docs/scale.md`.

    python benchmarks/scale_limits.py
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from batch_jobs import save_model, write_chain
from processes import cpu_of_driver, status, watched
from scale_job import HORIZON, MASTER, size_of

PIECE, PARTITIONS = 250_000, (100, 1_000, 10_000)
PARTS, ROWS = 20, 50_000
DAY = np.timedelta64(1, "D")
JOBS = (40, 40, 40)
SERIES, STORES, YEAR = (100, 400, 1_600, 6_400), 4, 365


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        partitions_alone(folder)
        for partitions in PARTITIONS:
            spread(folder, partitions)
        write(folder)
    for jobs in JOBS:
        spark_jobs(jobs)


def partitions_alone(folder: Path) -> None:
    """Partitions of ever more series, each in a fresh process."""
    for number, series in enumerate(SERIES):
        chain = folder / f"{series}"
        lines = write_chain(chain, series // STORES, STORES, YEAR)
        if number == 0:
            save_model(chain, folder / "model.pkl")
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            before = fresh.submit(loaded, folder).result()
            cpu, peak = fresh.submit(forecast, folder, chain).result()
        job = [sys.executable, Path(__file__).with_name("scale_job.py"), chain]
        job += [folder / "model.pkl", folder / f"out-{series}", "local", 1]
        took = watched(list(map(str, job)))
        print(
            f"a partition of {series:,} series and {lines:,} order lines: {peak:,} MB, of which "
            f"{before:,} MB are there before it; {1_000 * cpu / series:,.1f} CPU ms a series; "
            f"{took.driver:,} MB and {took.cpu:,.0f} CPU s through the whole job",
            flush=True,
        )


def loaded(folder: Path) -> int:
    """The memory of a process that has read the library and the model, in MB."""
    from newretail_ml.jobs.forecast import ForecastTask  # noqa: F401
    from newretail_ml.jobs.models import SavedModel

    SavedModel.of(folder / "model.pkl").load()
    return memory("VmRSS")


def forecast(folder: Path, chain: Path) -> tuple[float, int]:
    """CPU seconds and peak memory in MB of the forecast of a partition that is one block."""
    from newretail_ml.jobs.demand import Demand
    from newretail_ml.jobs.forecast import ForecastTask
    from newretail_ml.jobs.models import SavedModel
    from newretail_ml.jobs.series import SeriesOf

    series = SeriesOf(("item_id", "location_id"), "D", None, 1)
    task = ForecastTask(Demand(series, SavedModel.of(folder / "model.pkl"), HORIZON, 0))
    begun = time.process_time()
    task(chain)
    return time.process_time() - begun, memory("VmHWM")


def memory(name: str) -> int:
    """Of this process, in MB."""
    return int(status(os.getpid())[name]) // 1024


def order_lines() -> pa.Table:
    """A piece of order lines in any order."""
    rng = np.random.default_rng(3)
    return pa.table(
        {
            "order_id": pa.array(np.arange(PIECE).astype(str)),
            "time": np.datetime64("2026-01-01", "us") + DAY * rng.integers(0, 365, PIECE),
            "channel": pa.repeat("store", PIECE),
            "location_id": np.char.add("store_", rng.integers(0, 2_000, PIECE).astype(str)),
            "item_id": np.char.add("item_", rng.integers(0, 50_000, PIECE).astype(str)),
            "units": 1.0 + rng.poisson(1.2, PIECE),
            "unit_price": rng.integers(100, 2_000, PIECE) / 100,
        }
    )


def spread(folder: Path, partitions: int) -> None:
    """One piece, written by partition and read again."""
    from newretail_ml.jobs.raw import RawWriter, read_raw

    rows = order_lines()
    places = np.random.default_rng(5).integers(0, partitions, PIECE)
    begun = time.process_time()
    with RawWriter(folder, f"raw-{partitions}") as raw:
        raw.write(rows, places)
    written = time.process_time()
    read = sum(len(one) for one in read_raw(folder / raw.name, 0, partitions))
    ended = time.process_time()
    assert read == PIECE
    size = (folder / raw.name).stat().st_size
    print(
        f"{PIECE:,} order lines over {partitions:,} partitions: {size / PIECE:,.0f} bytes a line; "
        f"{1e6 * (written - begun) / PIECE:,.1f} CPU s to write a million lines, "
        f"{1e6 * (ended - written) / PIECE:,.1f} to read them",
        flush=True,
    )


def write(folder: Path) -> None:
    """Results of partitions into one folder, as the driver does it at the end of a job."""
    from newretail_ml.jobs.targets import write_result

    rng = np.random.default_rng(9)
    days = pd.date_range("2027-01-01", periods=28)
    keys = pd.MultiIndex.from_product([range(ROWS // len(days)), days]).to_frame(index=False)
    frame = pd.DataFrame(
        {
            "item_id": "item_" + keys[0].astype(str),
            "location_id": "store_0001",
            "date": keys[1],
            **{f"value_{number}": rng.random(len(keys)) * 5 for number in range(10)},
        }
    )
    parts = [folder / f"part-{number}.parquet" for number in range(PARTS)]
    for part in parts:
        frame.to_parquet(part, index=False)
    begun = time.process_time()
    rows = write_result(parts, folder / "result", run_id="a1", table="forecast")
    seconds = time.process_time() - begun
    print(
        f"{rows:,} rows out of {PARTS} parts into a folder: {1e6 * seconds / rows:,.1f} CPU s and "
        f"{size_of(folder / 'result')[1] / rows:,.0f} bytes a row by a million",
        flush=True,
    )


def spark_jobs(jobs: int) -> None:
    """Jobs that do nothing: what they cost the driver and its Java."""
    from newretail_ml.jobs import spark

    begun, before = time.perf_counter(), cpu_of_driver(os.getpid())
    assert len(list(spark(MASTER)(abs, range(jobs)))) == jobs
    seconds, cpu = time.perf_counter() - begun, cpu_of_driver(os.getpid()) - before
    print(
        f"{jobs} Spark jobs that do nothing: {1_000 * cpu / jobs:,.0f} CPU ms each in the driver "
        f"and its Java, {1_000 * seconds / jobs:,.0f} ms of the clock",
        flush=True,
    )


if __name__ == "__main__":
    main()
