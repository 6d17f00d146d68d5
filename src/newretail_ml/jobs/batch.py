"""A batch job from source to target: split, run, write, and tell what was done."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from newretail_ml.errors import DataError
from newretail_ml.jobs.engines import Engine, local
from newretail_ml.jobs.manifest import Manifest, PartitionsFailedError
from newretail_ml.jobs.partitions import Split, split
from newretail_ml.jobs.running import Progress, Stage, remove_unfinished
from newretail_ml.jobs.targets import check_target, write_result
from newretail_ml.jobs.task import Task
from newretail_ml.jobs.work import held
from newretail_ml.tables.retail_tables import AnyMapping

_FAILED = "failed.manifest.json"

Prepare = Callable[[Stage], Task]
"""Makes the task, once there are partitions."""


@dataclass(frozen=True)
class Batch:
    """Where a job reads and writes, and who works.

    Args:
        source: as `RetailTables.read` takes it.
        target: as `write_result` takes it.
        mapping: how the source calls its tables and columns.
        partitions: how many.
        engine: who works.
        work: folder of what is done so far, which the next run goes on from and which stays; by
            default one beside the target, which is removed once the target is written.
        manifest: file that says what was done; by default beside the target.
        leave_out: tables that the job does not use.
        progress: told of each partition that is done, or fails and is tried once more.
    """

    source: str | Path
    target: str | Path
    mapping: AnyMapping = None
    partitions: int = 16
    engine: Engine = local
    work: Path | None = None
    manifest: Path | None = None
    leave_out: tuple[str, ...] = ()
    progress: Progress | None = None

    def run(self, task: Task, prepare: Prepare | None = None) -> Manifest:
        """Do the task on all partitions, and write the target whole or not at all.

        A job that is killed goes on where it stopped when it is run again.

        Args:
            task: what to do.
            prepare: makes another task of it once there are partitions.

        Raises:
            DataError: the source cannot be used, nothing was answered, or the target cannot be
                written.
            PartitionsFailedError: a partition failed twice; the work folder gets a manifest that
                names it.
        """
        check_target(self.target, task.name)
        begun = datetime.now(UTC)
        work = (self.work or _beside(self.target, task, "work")).absolute()
        failed = work / _FAILED
        with held(work):
            remove_unfinished(work)
            failed.unlink(missing_ok=True)
            made = split(
                self.source,
                work,
                task.key,
                self.partitions,
                self.mapping,
                engine=self.engine,
                leave_out=self.leave_out,
            )

            stage = Stage(made.partitions, work, self.engine, self.progress)
            try:
                done = stage.run(prepare(stage) if prepare else task)
            except PartitionsFailedError as error:
                known = _with_data(error.manifest, made, begun)
                _write_whole(known.to_json(), failed)
                raise PartitionsFailedError(known, failed) from None
            manifest = _with_data(done, made, begun)
            _check_answered(manifest)
            write_result(manifest.results, self.target, run_id=manifest.run_id, table=manifest.task)
            _write_whole(manifest.to_json(), self.manifest_file(task))
            if self.work is None:
                # A worker that nobody waits for may write there to the last.
                shutil.rmtree(work, ignore_errors=True)
        return manifest

    def manifest_file(self, task: Task) -> Path:
        """Where the manifest is written."""
        return self.manifest or _beside(self.target, task, "manifest.json")


def _beside(target: str | Path, task: Task, ending: str) -> Path:
    """A path beside a target that is a file or folder, in the current folder for a database."""
    text = str(target).partition("::")[0]
    place = Path(task.name) if "://" in str(target) else Path(text)
    hidden = "." if ending == "work" else ""
    return place.with_name(f"{hidden}{place.name}.{ending}")


def _with_data(manifest: Manifest, made: Split, begun: datetime) -> Manifest:
    return replace(
        manifest,
        data={
            "begun": begun.isoformat(timespec="seconds"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "library": version("newretail-ml"),
            "fingerprint": made.digest,
            "order_lines": made.rows,
            "left_out": dict(made.left_out),
            "cleaning": list(made.actions),
        },
    )


def _check_answered(manifest: Manifest) -> None:
    if manifest.rows_out:
        return
    reason = next(iter(manifest.refused), "There was nothing to answer.")
    raise DataError(
        f"none of {sum(manifest.refused.values()):,} was answered; nothing was written. Most were "
        f"refused because: {reason.rstrip('.')}",
        next_step="Bring other tables, or ask otherwise.",
    )


def _write_whole(text: str, path: Path) -> None:
    aside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
