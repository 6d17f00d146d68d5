"""The job that `scale.py` measures, in a process of its own: it also times its own stages.

python benchmarks/scale_job.py CHAIN MODEL OUT local|pool|spark PARTITIONS
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HORIZON, WORKERS = 28, 2
MASTER = f"local[{WORKERS},4]"


@dataclass(frozen=True)
class Call:
    """One call of the engine: of which work, and when.

    Args:
        work: name of its class.
        parts: how many.
        begun: seconds of the clock, and of the processor in this process.
        ended: likewise.
    """

    work: str
    parts: int
    begun: tuple[float, float]
    ended: tuple[float, float]


class Clock:
    """An engine that is timed."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._begun = _now()
        self.calls: list[Call] = []

    def __call__(self, work: Callable[[Any], Any], parts: Sequence[Any]) -> Iterator[Any]:
        """What the engine gives."""
        begun = _now()
        yield from self._engine(work, parts)
        inner = getattr(work, "work", work)
        self.calls.append(Call(type(inner).__name__, len(parts), begun, _now()))

    def stages(self) -> dict[str, dict[str, float]]:
        """Seconds, and those of the processor, of each stage of the job."""
        of = {call.work: call for call in self.calls}
        checking, scoring = of["Admission"], of["Finish"]
        ends = [self._begun, checking.begun, checking.ended, scoring.ended, _now()]
        found: dict[str, dict[str, float]] = {"seconds": {}, "cpu": {}}
        for name, one, other in zip(
            ("split", "check", "score", "write"), ends[:-1], ends[1:], strict=True
        ):
            for kind, begun, ended in zip(found, one, other, strict=True):
                found[kind][name] = round(ended - begun, 3)
        return found


def engine_of(name: str) -> Any:
    """The engine of a name."""
    from newretail_ml.jobs import local, pool, spark

    makers: dict[str, Callable[[], Any]] = {
        "local": lambda: local,
        "pool": lambda: pool(WORKERS),
        "spark": lambda: spark(MASTER),
    }
    return makers[name]()


def job(chain: str, model: str, out: str, name: str, partitions: int) -> dict[str, Any]:
    """Do the job; what is known of it."""
    from newretail_ml.jobs import Batch
    from newretail_ml.jobs.blocks import blocks_of
    from newretail_ml.jobs.demand import Demand
    from newretail_ml.jobs.forecast import ForecastTask
    from newretail_ml.jobs.models import SavedModel
    from newretail_ml.jobs.series import SeriesOf

    clock, work = Clock(engine_of(name)), Path(f"{out}.work")
    series = SeriesOf(("item_id", "location_id"), "D", None, blocks_of(partitions))
    task = ForecastTask(Demand(series, SavedModel.of(Path(model)), HORIZON, 0))
    batch = Batch(chain, out, partitions=partitions, engine=clock, work=work)
    manifest = batch.run(task, task.prepared)
    if manifest.refused:
        sys.exit(f"some series were refused: {manifest.refused}")
    return {
        **clock.stages(),
        "parts": {call.work: call.parts for call in clock.calls},
        "rows_in": manifest.rows_in,
        "rows_out": manifest.rows_out,
        "largest": max(receipt.rows_in for receipt in manifest.receipts),
        "manifest": batch.manifest_file(task).stat().st_size,
        "split": size_of(next(work.glob("split-*"))),
        "finished": size_of(work / "finished"),
        "result": size_of(Path(out)),
    }


def size_of(folder: Path) -> tuple[int, int]:
    """Files in a folder, and their bytes."""
    files = [one for one in folder.rglob("*") if one.is_file()]
    return len(files), sum(one.stat().st_size for one in files)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    _, _chain, _model, _out, _name, _partitions = sys.argv
    facts = job(_chain, _model, _out, _name, int(_partitions))
    Path(f"{_out}.json").write_text(json.dumps(facts))
