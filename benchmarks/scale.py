"""Time and memory of one batch job on 1, 2, 4 and 8 times the series: local, pool and Spark.

A chain in Parquet is split, checked, forecast by one saved LightGBM model (joint sample paths, of
which deciles are written) and written to a folder of Parquet files. Partitions grow in number with
the chain, so that each stays as large as it was. Every job is a process of its own, the engines
take turns, and a ratio is that of two neighbours in time. Printed are seconds, seconds of the
processor, and the peak resident memory of the driver, of Java, of the largest worker, and of all
processes at one time; and where the local job spends its time. The three results have to be the
same files, byte for byte.

    python benchmarks/scale.py [--series 2400] [--partitions 8] [--repeats 3 3 1 1]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from batch_jobs import save_model, write_chain
from processes import Watched, watched
from scale_job import MASTER, WORKERS, size_of

STORES = 4
ENGINES = {"local": "local", "pool": f"pool of {WORKERS}", "spark": f"Spark {MASTER}"}
COLUMNS = (
    "size",
    "series",
    "partitions",
    "engine",
    "seconds",
    "of local",
    "CPU s",
    "CPU ms a series",
    "driver MB",
    "Java MB",
    "worker MB",
    "at one time MB",
    "digest",
)


@dataclass(frozen=True)
class Done:
    """One job: what its processes took, and what it says of itself."""

    took: Watched
    facts: dict[str, Any]

    @property
    def worker(self) -> int:
        """Peak of the largest process that works on partitions, in MB."""
        return max(self.took.workers, default=self.took.driver)


def run(folder: Path, size: int, name: str, partitions: int) -> Done:
    """One job in a process of its own; of its output a digest is kept."""
    out = folder / f"out-{name}"
    script = Path(__file__).with_name("scale_job.py")
    command = [sys.executable, script, folder / str(size), folder / "model.pkl", out, name]
    took = watched([*map(str, command), str(partitions)])
    facts = json.loads(Path(f"{out}.json").read_text()) | {"digest": digest(out)}
    shutil.rmtree(out)
    shutil.rmtree(f"{out}.work")
    return Done(took, facts)


def digest(folder: Path) -> str:
    """Of the files of a result, as they are."""
    found = hashlib.blake2b(digest_size=8)
    for file in sorted(folder.rglob("*.parquet")):
        found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()


def print_row(size: int, series: int, name: str, done: list[Done], base: list[Done]) -> None:
    """One line of the table: medians of time, and the largest of memory."""
    seconds = median(one.took.seconds for one in done)
    ratio = median(a.took.seconds / b.took.seconds for a, b in zip(done, base, strict=True))
    cpu = median(one.took.cpu for one in done)
    cells = [
        f"{size}",
        f"{series:,}",
        f"{done[0].facts['parts']['Finish']}",
        ENGINES[name],
        f"{seconds:,.0f}",
        f"{ratio:.2f}",
        f"{cpu:,.0f}",
        f"{1_000 * cpu / series:.1f}",
        f"{max(one.took.driver for one in done):,}",
        f"{max(one.took.java for one in done):,}",
        f"{max(one.worker for one in done):,}",
        f"{max(one.took.together for one in done):,}",
        done[0].facts["digest"],
    ]
    print(f"| {' | '.join(cells)} |", flush=True)


def at_size(folder: Path, size: int, repeats: int, asked: argparse.Namespace) -> None:
    """All engines in turn, and what the local job says of itself."""
    series = size * asked.series
    write_chain(folder / str(size), series // STORES, STORES, asked.days)
    done: dict[str, list[Done]] = {name: [] for name in ENGINES}
    for _ in range(repeats):
        for name in ENGINES:
            done[name].append(run(folder, size, name, size * asked.partitions))
            if len(done[name]) == repeats:
                print_row(size, series, name, done[name], done["local"])
    if len({one.facts["digest"] for each in done.values() for one in each}) > 1:
        sys.exit(f"{series:,} series: the results differ")
    print_facts(done["local"][0].facts, size_of(folder / str(size))[1])


def print_facts(facts: dict[str, Any], size_in_bytes: int) -> None:
    """What a local job says of itself."""
    stages = ", ".join(
        f"{name} {cpu:,.1f} ({facts['seconds'][name]:,.1f})" for name, cpu in facts["cpu"].items()
    )
    print(f"\nThe local job, CPU seconds (and of the clock): {stages}.")
    lines = facts["rows_in"]
    print(
        f"{lines:,} order lines in {size_in_bytes:,} bytes, {facts['largest']:,} lines in the "
        f"largest partition, {facts['rows_out']:,} rows out"
    )
    for name in ("split", "finished", "result"):
        files, size_in_bytes = facts[name]
        print(f"{name}: {files:,} files, {size_in_bytes:,} bytes")
    print(f"manifest: {facts['manifest']:,} bytes\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=2_400, help="at size 1")
    parser.add_argument("--partitions", type=int, default=8, help="at size 1")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--repeats", type=int, nargs="+", default=[3, 3, 1, 1], help="of each size")
    asked = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_chain(folder / "fit", asked.series // STORES, STORES, asked.days)
        save_model(folder / "fit", folder / "model.pkl")
        for size, repeats in zip(asked.sizes, asked.repeats, strict=True):
            print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
            at_size(folder, size, repeats, asked)


if __name__ == "__main__":
    main()
