"""Options of jobs over partitions, and such a job as a tracked run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from newretail_ml.jobs import Batch, Engine, Manifest, Receipt, Task, local, pool
from newretail_ml.jobs.batch import Prepare
from newretail_ml.jobs.targets import shown_target
from newretail_ml.tracking import run

_MOST_PARTITIONS = 512


@dataclass(frozen=True)
class Parts:
    """How a job is shared out."""

    partitions: int | None
    workers: int | None
    engine: str
    work: Path | None
    manifest: Path | None

    def wanted(self, target: str) -> bool:
        """Whether the job runs over partitions: if asked to, and for a database in any case."""
        return self.partitions is not None or is_database(target)

    @property
    def count(self) -> int:
        """How many partitions."""
        return self.partitions or 1

    def works(self) -> Engine:
        """Who works; one partition is worked on in this process."""
        if self.engine == "local" or self.count == 1:
            return local
        return pool(min(self.workers or os.cpu_count() or 1, self.count))


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
        help="Processes that work on partitions.  [default: one for each core]",
    ),
    click.option(
        "--engine",
        type=click.Choice(["local", "pool"]),
        default="pool",
        help="Work on partitions in this process, or in a pool of workers.",
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
        manifest = batch.run(task, prepare)
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


def told(say: Callable[[str], None]) -> Callable[[Receipt], None]:
    """A word on each partition that is done, for whoever watches the log."""

    def tell(receipt: Receipt) -> None:
        found = "found" if receipt.reused else f"{receipt.seconds:,.1f} s"
        say(
            f"{receipt.task}, partition {receipt.partition}: {receipt.rows_in:,} order lines, "
            f"{receipt.rows_out:,} rows, {found}."
        )

    return tell
