"""Memory and time of `newretail forecast` over partitions, on as many series as M5 has.

3,049 items in 10 stores sell on one day in three, over 1,000 days: 30,490 series and some ten
million order lines, drawn from one seed and streamed to a Parquet file. The command then runs as
a process of its own with two workers, once with a saved LightGBM model (fitted on some of the
items) and once with LightGBM fitted on each partition by itself. Printed are the time, and the
peak resident memory of the driver and of each worker; their sum may stay below 2 GB.

    python benchmarks/batch_jobs.py [--partitions 64] [--share 1.0] [--only saved]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from processes import Watched, watched

ITEMS, STORES, DAYS = 3_049, 10, 1_000
FIRST = np.datetime64("2023-01-02")
SOLD, MORE_UNITS = 0.35, 1.2
WORKERS, HORIZON = 2, 28
FITTED_ITEMS = 100
LIMIT = 2_000


def write_chain(folder: Path, n_items: int, n_stores: int = STORES, days: int = DAYS) -> int:
    """A chain in a folder: orders, items, locations. Gives the number of order lines."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    items = np.array([f"item_{number:05}" for number in range(n_items)])
    stores = np.array([f"store_{number:02}" for number in range(n_stores)])
    category = np.array(["food", "household", "hobby"])[np.arange(n_items) % 3]
    price = rng.uniform(1, 20, n_items).round(2)
    pd.DataFrame({"item_id": items, "category": category, "unit_cost": 0.7 * price}).to_parquet(
        folder / "items.parquet"
    )
    pd.DataFrame({"location_id": stores, "kind": "store"}).to_parquet(folder / "locations.parquet")
    chance = np.clip(rng.beta(1.2, 2.2, (n_items, n_stores)) * SOLD / 0.353, 0.01, 0.95)
    week = 1 + 0.25 * np.sin(2 * np.pi * np.arange(7) / 7)
    writer, lines = None, 0
    for day in range(days):
        item, store = np.nonzero(rng.random((n_items, n_stores)) < chance * week[day % 7])
        table = pa.table(
            {
                "order_id": pa.array(np.arange(lines, lines + len(item)).astype(str)),
                "time": np.full(len(item), FIRST + np.timedelta64(day, "D"), "datetime64[us]"),
                "channel": pa.repeat("store", len(item)),
                "location_id": stores[store],
                "item_id": items[item],
                "units": 1.0 + rng.poisson(MORE_UNITS, len(item)),
                "unit_price": price[item],
            }
        )
        writer = writer or pq.ParquetWriter(folder / "orders.parquet", table.schema)
        writer.write_table(table)
        lines += len(item)
    writer.close()
    return lines


def save_model(chain: Path, file: Path) -> None:
    """LightGBM, fitted on the first items of the chain."""
    from newretail_ml import Panel, RetailTables
    from newretail_ml.forecasting import LightGBMForecaster

    few = [f"item_{number:05}" for number in range(FITTED_ITEMS)]
    orders = pd.read_parquet(chain / "orders.parquet", filters=[("item_id", "in", few)])
    items = pd.read_parquet(chain / "items.parquet", filters=[("item_id", "in", few)])
    tables = RetailTables.from_frames(
        orders, items=items, locations=pd.read_parquet(chain / "locations.parquet")
    )
    LightGBMForecaster(HORIZON, max_rounds=150, n_threads=1).fit(Panel.from_tables(tables)).save(
        file
    )


def report(name: str, took: Watched) -> None:
    """One block of lines."""
    total = took.driver + sum(took.workers)
    print(f"{name}: {took.seconds:,.0f} s")
    print(
        f"  driver {took.driver:,} MB, workers {', '.join(f'{peak:,}' for peak in took.workers)} MB"
    )
    print(f"  sum of peaks {total:,} MB (limit {LIMIT:,}); most at one time {took.together:,} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partitions", type=int, default=64)
    parser.add_argument("--share", type=float, default=1.0, help="of the items")
    parser.add_argument("--only", choices=["saved", "fitted"])
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.perf_counter()
        n_items = max(int(asked.share * ITEMS), FITTED_ITEMS)
        lines = write_chain(folder / "chain", n_items)
        print(
            f"{n_items * STORES:,} series x {DAYS:,} days, {lines:,} order lines, made in "
            f"{time.perf_counter() - begun:,.0f} s"
        )
        save_model(folder / "chain", folder / "model.pkl")
        models = {"saved": str(folder / "model.pkl"), "fitted": "lightgbm"}
        for kind, model in models.items():
            if asked.only not in (None, kind):
                continue
            out = folder / f"{kind}.parquet"
            command = [
                sys.executable,
                "-m",
                "newretail_ml.cli",
                "forecast",
                str(folder / "chain"),
                "--out",
                str(out),
                "--model",
                model,
                "--horizon",
                str(HORIZON),
                "--partitions",
                str(asked.partitions),
                "--workers",
                str(WORKERS),
                "--tracking",
                "none",
            ]
            report(f"{kind} model", watched(command))
            manifest = json.loads(out.with_name(f"{out.name}.manifest.json").read_text())
            assert manifest["rows_in"] == lines
            assert manifest["rows_out"] == pq.ParquetFile(out).metadata.num_rows
            print(f"  {manifest['rows_out']:,} rows out")


if __name__ == "__main__":
    main()
