"""Time and peak memory of ``newretail recommend`` over partitions, on a made-up chain.

``python benchmarks/slates_of_many.py 50000`` makes a chain of so many customers in a temporary
folder, with about 68 order lines each, and prints a few lines for each model.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from processes import watched

ITEMS = np.array([f"item_{number:05}" for number in range(500)])
SHOPS = np.array([f"store_{number:02}" for number in range(20)])
DAYS = pd.date_range("2025-01-01", periods=365)
MODELS = ("personal-frequency", "two-stage-ranker")
_AT_ONCE = 5_000


def make_chain(folder: Path, customers: int) -> int:
    """A chain as Parquet tables: every customer likes 25 items; how many order lines it has."""
    rng = np.random.default_rng(0)
    popular = 1 / np.arange(1, len(ITEMS) + 1) ** 0.8
    category = [f"category {number % 12}" for number in range(len(ITEMS))]
    ids = pd.Series([f"customer_{number:07}" for number in range(customers)])
    pd.DataFrame({"item_id": ITEMS, "category": category}).to_parquet(folder / "items.parquet")
    pd.DataFrame({"location_id": SHOPS}).to_parquet(folder / "locations.parquet")
    pd.DataFrame({"customer_id": ids}).to_parquet(folder / "customers.parquet")
    names = ["date", "location_id", "item_id"]
    stock = pd.MultiIndex.from_product([DAYS[-5:], SHOPS, ITEMS], names=names).to_frame(index=False)
    stock["on_hand"] = rng.integers(0, 20, len(stock))
    stock.to_parquet(folder / "stock.parquet")
    writer, orders, lines = None, 0, 0
    for start in range(0, customers, _AT_ONCE):
        some = min(_AT_ONCE, customers - start)
        liked = rng.choice(len(ITEMS), (some, 25), p=popular / popular.sum())
        visitor = np.repeat(np.arange(some), rng.integers(10, 30, some))
        order = np.repeat(np.arange(len(visitor)), rng.integers(2, 6, len(visitor)))
        day, who = rng.integers(0, len(DAYS), len(visitor))[order], visitor[order]
        frame = pd.DataFrame(
            {
                "order_id": [f"o{number:09}" for number in order + orders],
                "time": DAYS[day] + pd.Timedelta(hours=12),
                "location_id": SHOPS[(who + start) % len(SHOPS)],
                "item_id": ITEMS[liked[who, rng.integers(0, 25, len(who))]],
                "customer_id": ids.to_numpy()[who + start],
                "units": 1.0,
                "unit_price": 2.0,
            }
        )
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or pq.ParquetWriter(folder / "orders.parquet", table.schema)
        writer.write_table(table)
        orders, lines = orders + len(visitor), lines + len(frame)
    if writer is not None:
        writer.close()
    return lines


def main(customers: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        chain = Path(name) / "chain"
        chain.mkdir()
        print(f"{customers:,} customers, {make_chain(chain, customers):,} order lines")
        for model in MODELS:
            command = [sys.executable, "-m", "newretail_ml.cli", "recommend", str(chain)]
            command += ["--out", str(Path(name) / model), "--model", model, "--quiet"]
            command += ["--partitions", "16", "--workers", "2", "--tracking", "none"]
            took = watched(command)
            print(
                f"{model}: {took.seconds:.0f} s; driver {took.driver:,} MB, largest worker "
                f"{max(took.workers):,} MB, at one time {took.together:,} MB"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
