"""Peak memory of a LightGBM fit on rows in files, by their number, and of the same on arrays.

Each fit is a process of its own, of three trees for each of its boosters, on made-up rows with the
features of the default recipe. Printed are the memory of the process once it has read its
libraries, its peak, and what the formula of decision 030 says of the peak with files.

    python benchmarks/fit_memory.py [500000 2000000 4000000]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from processes import status

from newretail_ml import Panel
from newretail_ml.features import Recipe
from newretail_ml.forecasting import LightGBMForecaster
from newretail_ml.forecasting.trees.recipes import recipe_of
from newretail_ml.forecasting.trees.training import TrainingRows

PERIODS, SERIES, PIECE = 400, 100, 250_000
MOST_EARLY = 1_250_000
WAYS = ("files", "arrays")


def small_chain() -> Panel:
    """The series that are looked back on."""
    units = np.random.default_rng(1).poisson(3.0, SERIES * PERIODS).astype(float)
    dates = np.tile(pd.date_range("2025-01-06", periods=PERIODS), SERIES)
    items = np.repeat([f"item_{number}" for number in range(SERIES)], PERIODS)
    return Panel.from_frame(pd.DataFrame({"item_id": items, "date": dates, "units": units}))


def write_rows(file: Path, n_rows: int, names: list[str]) -> None:
    """Made-up rows, some of which are not usable."""
    rng, writer = np.random.default_rng(0), None
    for first in range(0, n_rows, PIECE):
        n = min(PIECE, n_rows - first)
        frame = pd.DataFrame(rng.gamma(1, 1, (n, len(names))).astype(np.float32), columns=names)
        frame["target"] = rng.integers(1, PERIODS, n).astype(np.int32)
        frame["relative"] = rng.gamma(1, 1, n).astype(np.float32)
        frame["usable"] = rng.random(n) > 0.05
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table)
    writer.close()


def fit(file: Path, way: str, panel: Panel, recipe: Recipe) -> tuple[int, int]:
    """Memory in MB before a fit of three trees, and at its peak."""
    LightGBMForecaster(28, max_rounds=1, n_threads=1).fit(panel)
    before = int(status(os.getpid())["VmRSS"]) // 1024
    rows = TrainingRows.in_files([file], recipe.names)
    if way == "arrays":
        features = pd.read_parquet(file, columns=recipe.names).to_numpy(np.float32)
        rows = TrainingRows(
            np.asfortranarray(features), rows.target, rows.relative, rows.usable, None
        )
        del features
    LightGBMForecaster(28, max_rounds=3, n_threads=1).fit_rows(rows, recipe, panel, SERIES)
    return before, int(status(os.getpid())["VmHWM"]) // 1024


def formula(n_rows: int, n_features: int) -> int:
    """Memory in MB that decision 030 expects of a fit on files at its peak."""
    rows = n_rows + min(n_rows, MOST_EARLY)
    return (rows * (3 * n_features + 70) + SERIES * PERIODS * 17 >> 20) + 400


def main() -> None:
    panel = small_chain()
    recipe = recipe_of("default", panel).fixed(panel)
    if sys.argv[1:2] in ([way] for way in WAYS):
        print(*fit(Path(sys.argv[2]), sys.argv[1], panel, recipe))
        return
    asked = [int(number) for number in sys.argv[1:]] or [500_000, 2_000_000, 4_000_000]
    print(f"{len(recipe.names)} features")
    for n_rows in asked:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.parquet"
            write_rows(file, n_rows, recipe.names)
            for way in WAYS:
                command = [sys.executable, __file__, way, str(file)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                before, peak = map(int, done.stdout.split())
                print(f"{n_rows:,} rows, {way}: {before} MB, peak {peak} MB")
            print(f"{n_rows:,} rows, formula: {formula(n_rows, len(recipe.names))} MB")


if __name__ == "__main__":
    main()
