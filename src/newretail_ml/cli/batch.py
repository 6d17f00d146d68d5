"""Options of jobs over partitions, and such a job as a tracked run."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from newretail_ml.jobs import (
    Batch,
    Engine,
    Manifest,
    PartitionsFailedError,
    Receipt,
    Task,
    local,
    pool,
    spark,
)
from newretail_ml.jobs.batch import Prepare
from newretail_ml.jobs.engines.spark_session import shown_address
from newretail_ml.jobs.running import Progress
from newretail_ml.jobs.targets import shown_target
from newretail_ml.tracking import run

_MOST_PARTITIONS = 65_536
_ON_SPARK = 16
_WORTH_TELLING = 10
_MINUTES_FROM = 90
_ENGINES = ("local", "pool", "spark")
_MASTERS = ("sc://", "spark://", "k8s://", "yarn", "local[", "local-cluster[")


@dataclass(frozen=True)
class Parts:
    """How a job is shared out."""

    partitions: int | None
    workers: int | None
    engine: str
    work: Path | None
    manifest: Path | None

    def wanted(self, target: str) -> bool:
        """Whether the job runs over partitions: if asked to, on Spark, and for a database."""
        return self.partitions is not None or self.on_spark or is_database(target)

    @property
    def on_spark(self) -> bool:
        """Whether the engine is Spark, by its name or by an address."""
        return self.engine not in ("local", "pool")

    @property
    def count(self) -> int:
        """How many partitions."""
        return self.partitions or (_ON_SPARK if self.on_spark else 1)

    def asked(self) -> dict[str, object]:
        """What was asked for, for the tracker; without the token of an address."""
        return {**asdict(self), "engine": shown_address(self.engine)}

    def works(self) -> Engine:
        """Who works; one partition is worked on in this process, but for Spark."""
        if self.on_spark:
            return spark(None if self.engine == "spark" else self.engine)
        if self.engine == "local" or self.count == 1:
            return local
        return pool(min(self.workers or os.cpu_count() or 1, self.count))


class EngineName(click.Choice):
    """The name of an engine, or an address of Spark."""

    name = "engine"

    def __init__(self) -> None:
        super().__init__(_ENGINES)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002
        """As the help shows it."""
        return f"[{'|'.join(_ENGINES)}|ADDRESS]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text itself, if it is an address."""
        if value not in _ENGINES and not value.startswith(_MASTERS):
            self.fail(
                f"{value!r} is neither {', '.join(_ENGINES)} nor an address of Spark, which "
                f"begins with one of {', '.join(_MASTERS)}.",
                param,
                ctx,
            )
        return str(value)


def is_database(target: str) -> bool:
    """Whether a target is a database, and no file or folder."""
    place = target.partition("::")[0]
    return "://" in place or Path(place).suffix.lower() == ".duckdb"


_OPTIONS = [
    click.option(
        "--partitions",
        type=click.IntRange(1, _MOST_PARTITIONS),
        metavar="N",
        help="Split the source into N partitions of whole series and work on one after another, "
        "so that memory stays flat and a job that was killed goes on where it stopped.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes of the pool that work on partitions.  [default: one for each core]",
    ),
    click.option(
        "--engine",
        type=EngineName(),
        default="pool",
        show_default=True,
        help="Work on partitions in this process, in a pool of workers, or on Spark: as it is "
        "configured, or at an ADDRESS: sc://host:15002 (Spark Connect), spark://host:7077, yarn, "
        "'local[2,4]'. Spark takes 16 partitions where --partitions says nothing.",
    ),
    click.option(
        "--work",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Where finished partitions are kept and found again; stays when the job is done.  "
        "[default: a hidden folder beside --out, removed when the job is done]",
    ),
    click.option(
        "--manifest",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Where a job over partitions writes what it did: rows in, rows out, refused and "
        "why.  [default: --out with .manifest.json]",
    ),
]


def batch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of partitions, handed over as one `Parts`."""

    @wraps(command)
    def with_parts(*arguments: Any, **given: Any) -> None:
        parts = Parts(**{field.name: given.pop(field.name) for field in fields(Parts)})
        command(*arguments, parts=parts, **given)

    decorated: Callable[..., None] = with_parts
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def run_tracked(
    task: Task,
    batch: Batch,
    *,
    prepare: Prepare | None = None,
    store: str | None,
    params: Mapping[str, object],
    say: Callable[[str], None],
) -> Manifest:
    """Run a job over partitions, as one tracked run. Workers know nothing of the tracker.

    Args:
        task: what to do.
        batch: from where to where.
        prepare: see `Batch.run`.
        store: where to track.
        params: what was asked for.
        say: tells the reader.
    """
    with run("newretail", name=task.name, store=store, tags={"command": task.name}) as made:
        made.log_params(params)
        try:
            manifest = batch.run(task, prepare)
        except PartitionsFailedError as error:
            made.log_metrics(error.manifest.metrics())
            if error.file is not None:
                made.log_file(error.file)
            raise
        made.log_tags(
            {
                "batch_run_id": manifest.run_id,
                "target": shown_target(batch.target),
                "data": {"fingerprint": manifest.data["fingerprint"]},
                "facts": manifest.facts,
            }
        )
        made.log_metrics(manifest.metrics())
        made.log_file(batch.manifest_file(task))
    for action in manifest.data["cleaning"]:
        say(f"{action['table']}: {action['what']}, {action['rows']:,} rows {action['action']}.")
    for reason, rows in manifest.data["left_out"].items():
        say(f"orders: {rows:,} lines were left out: {reason}.")
    say(f"{manifest.words()} Manifest: {batch.manifest_file(task)}")
    if made.link is not None and made.problem is None:
        say(f"Tracked: {made.link}")
    return manifest


def told(say: Callable[[str], None]) -> Progress:
    """A word on each partition that is done or fails, for whoever watches the log."""
    clock = Remaining()

    def tell(receipt: Receipt, done: int, of: int) -> None:
        place = f"{receipt.task}, partition {receipt.partition}"
        if receipt.problem is not None:
            next_step = "it is tried once more" if receipt.trials == 1 else "it is given up"
            say(f"{place} failed, and {next_step}: {receipt.problem}")
            return
        found = "found" if receipt.reused else f"{receipt.seconds:,.1f} s"
        if receipt.trials > 1:
            found += f", begun {receipt.trials} times"
        say(
            f"{place} ({done} of {of}): {receipt.rows_in:,} order lines, {receipt.rows_out:,} "
            f"rows, {found}{clock.words(receipt, done, of)}."
        )

    return tell


class Remaining:
    """How long a task over partitions will still take, as far as its pace tells."""

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._made: Counter[str] = Counter()

    def words(self, receipt: Receipt, done: int, of: int) -> str:
        """The time that is left, once there is a pace; nothing before and for a few seconds."""
        if receipt.reused:
            return ""
        now = time.monotonic()
        begun = self._first.setdefault(receipt.task, now)
        made = self._made[receipt.task]
        self._made[receipt.task] += 1
        left = (now - begun) / made * (of - done) if made else 0.0
        return "" if left < _WORTH_TELLING else f", about {_duration(left)} left"


def _duration(seconds: float) -> str:
    if seconds < _MINUTES_FROM:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < _MINUTES_FROM else f"{minutes / 60:.1f} h"
