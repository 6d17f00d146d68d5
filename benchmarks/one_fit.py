"""LightGBM over partitions, fitted on each, on a sample, or on rows of all: time, memory, errors.

The chain of `benchmarks/batch_jobs.py` (a share of its items), or a folder of tables, is forecast
by `newretail forecast` from 28 days before its end, once with each `--fit`. Printed are the time
and the peak memory of the driver and the largest worker, and how far forecasts strayed on the
28 days: mean absolute error of series and days over mean sales, the loss of the nine deciles over
mean sales (weighted quantile loss), and the bias.

    python benchmarks/one_fit.py [--share 0.1 | --tables data/sample] [--partitions 16]
        [--sample 300000] [--rows 2000000] [--cuts 1]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from batch_jobs import HORIZON, ITEMS, write_chain
from processes import watched

from newretail_ml import Panel, RetailTables
from newretail_ml.forecast import DECILES

KEYS = ["item_id", "location_id"]


def truth(tables: RetailTables, cut: int) -> pd.DataFrame:
    """Keys, date and units of the days after a cut; days without stock are not judged."""
    panel = Panel.from_tables(tables)
    days = panel.periods.dates[cut : cut + HORIZON]
    demand = panel.demand(periods=slice(cut, cut + HORIZON))
    frame = panel.keys.loc[panel.keys.index.repeat(HORIZON)].reset_index(drop=True)
    frame["date"] = np.tile(days.to_numpy(), panel.n_series)
    return frame.assign(units=demand.ravel()).dropna(subset="units")


def errors(forecast: pd.DataFrame, sold: pd.DataFrame) -> tuple[float, float, float]:
    """Mean absolute error, quantile loss and bias over mean sales."""
    both = sold.merge(forecast, on=[*KEYS, "date"], suffixes=("", "_forecast"))
    units = both["units"].to_numpy(float)
    mean = both["mean"].to_numpy(float)
    loss = 0.0
    for level in DECILES:
        missed = units - both[f"q{level}"].to_numpy(float)
        loss += np.maximum(level * missed, (level - 1) * missed).mean() / len(DECILES)
    scale = units.mean()
    absolute = np.abs(units - mean).mean()
    return absolute / scale, 2 * loss / scale, (mean.mean() - scale) / scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.1, help="of the items")
    parser.add_argument("--tables", type=Path, help="a chain of one's own in their place")
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--sample", type=int, default=300_000, help="order lines")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--cuts", type=int, default=1, help="28 days apart, newest first")
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain = asked.tables or folder / "chain"
        if asked.tables is None:
            lines = write_chain(chain, int(asked.share * ITEMS))
            print(f"{lines:,} order lines")
        tables = RetailTables.read(chain)
        last = Panel.from_tables(tables).cut
        for back in range(1, asked.cuts + 1):
            cut = last - back * HORIZON
            sold = truth(tables, cut)
            until = sold["date"].min() - pd.Timedelta(days=1)
            print(f"until {until.date()}: {sold[KEYS].drop_duplicates().shape[0]:,} series")
            fits = {"each": [], "sample": ["--fit-rows", asked.sample]}
            for fit, more in {**fits, "all": ["--fit-rows", asked.rows]}.items():
                out = folder / f"{fit}.parquet"
                command = [sys.executable, "-m", "newretail_ml.cli", "forecast", chain]
                command += ["--out", out, "--model", "lightgbm", "--horizon", HORIZON]
                command += ["--until", until.date(), "--partitions", asked.partitions]
                command += ["--fit", fit, *more, "--workers", 2, "--tracking", "none"]
                seen = watched([str(word) for word in command])
                absolute, loss, bias = errors(pd.read_parquet(out), sold)
                print(
                    f"  {fit:7}{seen.seconds:5.0f} s, {seen.cpu:.0f} s of the processor; driver "
                    f"{seen.driver:,} MB, largest worker {max(seen.workers, default=0):,} MB"
                )
                print(f"         error {absolute:.4f}, quantile loss {loss:.4f}, bias {bias:+.3f}")


if __name__ == "__main__":
    main()
