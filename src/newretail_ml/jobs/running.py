"""Runs a task over partitions, so that a job that was killed goes on where it stopped.

The result of a partition is written aside and renamed, into a folder that is named after
everything it depends on: the digest of its tables, the task, its arguments and the version of its
model. What is found there is finished, and is not made again.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError, NewRetailError
from newretail_ml.jobs.engines import Engine, WorkerLostError, local
from newretail_ml.jobs.manifest import (
    Manifest,
    PartitionsFailedError,
    Receipt,
    digest_of,
    model_words,
)
from newretail_ml.jobs.memory import peak_memory
from newretail_ml.jobs.partitions import Partition
from newretail_ml.jobs.task import Answer, Task
from newretail_ml.jobs.trials import in_trials
from newretail_ml.jobs.work import remove_folder

RESULT, REFUSED = "result.parquet", "refused.parquet"
_RECEIPT = "receipt.json"
_FINISHED = "finished"
# A worker that is killed leaves its folder there, by which the next one knows of it.
_BEGUN = ".begun"

Progress = Callable[[Receipt, int, int], None]
"""Told of a partition that is done or has failed, how many are done, and of how many."""


def run_partitions(
    task: Task,
    partitions: Sequence[Partition],
    work: Path,
    *,
    engine: Engine = local,
    progress: Progress | None = None,
) -> Manifest:
    """The results of a task for all partitions, made by an engine.

    Args:
        task: what to do.
        partitions: what to do it to.
        work: folder of what is finished; the same one, for the next run to go on.
        engine: who works.
        progress: told of each partition that is done, or fails and is tried once more.

    Raises:
        PartitionsFailedError: a partition failed twice.
    """
    facts = task.facts()
    finish = Finish(task, work / _FINISHED, _version(task, facts), model_words(facts))
    known = {part.number: finish.found(part) for part in partitions}
    receipts = {number: receipt for number, receipt in known.items() if receipt is not None}
    done = 0
    for receipt in receipts.values():
        done += 1
        _tell(progress, receipt, done, len(partitions))
    missing = [part for part in partitions if part.number not in receipts]
    for trial, answer in in_trials(engine, finish, missing, _has_failed):
        receipt = finish.lost(answer) if isinstance(answer, WorkerLostError) else answer
        receipts[receipt.partition] = replace(receipt, trials=max(trial, receipt.trials))
        done += receipt.problem is None
        _tell(progress, receipts[receipt.partition], done, len(partitions))
    ordered = [receipts[part.number] for part in partitions]
    files = [finish.folder / one.key / RESULT for one in ordered if one.rows_out]
    manifest = Manifest(task.name, facts, ordered, files)
    if manifest.failed:
        raise PartitionsFailedError(manifest)
    return manifest


@dataclass(frozen=True)
class Stage:
    """Partitions that are there, and who works on them.

    Args:
        partitions: of the chain.
        work: folder of what is finished.
        engine: who works.
        progress: told of each partition that is done.
    """

    partitions: Sequence[Partition]
    work: Path
    engine: Engine = local
    progress: Progress | None = None

    def run(self, task: Task) -> Manifest:
        """See `run_partitions`."""
        return run_partitions(
            task, self.partitions, self.work, engine=self.engine, progress=self.progress
        )


@dataclass(frozen=True)
class Finish:
    """Works on one partition, and puts the result where the next run finds it.

    Args:
        task: what to do.
        folder: of what is finished.
        version: digest of the task, its arguments and this library.
        model: what receipts say of the model.
    """

    task: Task
    folder: Path
    version: str
    model: str | None = None

    def __call__(self, partition: Partition) -> Receipt:
        """The receipt of the partition; an error of the task becomes its problem."""
        begun = time.perf_counter()
        receipt = self._receipt(partition)
        trials = self.folder / _BEGUN / receipt.key
        aside = trials / uuid4().hex
        try:
            aside.mkdir(parents=True)
            answer = self.task(partition.folder)
            _check_still_there(partition.folder)
            receipt = replace(
                receipt,
                rows_in=answer.rows_in,
                rows_out=len(answer.rows),
                refused=_counted(answer.refused[c.REASON]),
                examples=_examples(answer.refused),
                seconds=round(time.perf_counter() - begun, 3),
                peak_memory=peak_memory(),
                trials=len(list(trials.iterdir())),
            )
            self._put(answer, receipt, aside)
        except Exception as error:  # whatever it is, the other partitions go on
            return replace(receipt, problem=_words(error))
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return receipt

    def key(self, partition: Partition) -> str:
        """The name of the partition's folder among what is finished."""
        return digest_of(partition.digest, self.version)

    def found(self, partition: Partition) -> Receipt | None:
        """The receipt that an earlier run left, if it did, and the result is there as well."""
        place = self.folder / self.key(partition)
        if not _is_whole(place):
            return None
        receipt = Receipt.from_dict(json.loads((place / _RECEIPT).read_text()))
        return replace(receipt, partition=partition.number, reused=True, trials=0)

    def lost(self, error: WorkerLostError) -> Receipt:
        """The receipt of a partition whose worker died."""
        assert isinstance(error.part, Partition)  # noqa: S101
        return replace(self._receipt(error.part), worker=None, problem=str(error))

    def _receipt(self, partition: Partition) -> Receipt:
        return Receipt(
            self.task.name,
            partition.number,
            partition.digest,
            self.key(partition),
            model=self.model,
            worker=f"{socket.gethostname()}, process {os.getpid()}",
        )

    def _put(self, answer: Answer, receipt: Receipt, aside: Path) -> None:
        answer.rows.to_parquet(aside / RESULT, index=False)
        answer.refused.to_parquet(aside / REFUSED, index=False)
        (aside / _RECEIPT).write_text(json.dumps(asdict(receipt)))
        _rename(aside, self.folder / receipt.key)


def remove_unfinished(work: Path) -> None:
    """Remove what workers of a killed job left half-written, in a folder held by one job alone."""
    for unfinished in (work / _FINISHED).glob(".*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def _rename(aside: Path, place: Path) -> None:
    """Two runs may finish the same partition at the same time: the first one counts."""
    if place.exists() and not _is_whole(place):
        remove_folder(place)
    try:
        aside.rename(place)
    except OSError:
        if not _is_whole(place):
            raise


def _is_whole(place: Path) -> bool:
    return all((place / name).is_file() for name in (_RECEIPT, RESULT, REFUSED))


def _check_still_there(folder: Path) -> None:
    """A later run may have removed it while some of it was read; tables may be missing."""
    if not folder.exists():
        raise DataError(
            f"{folder} was removed by a later run while it was worked on",
            next_step="Run the job again.",
        )


def _version(task: Task, facts: Mapping[str, Any]) -> str:
    return digest_of(version("newretail-ml"), task.name, task.key, facts)


def _counted(reasons: pd.Series) -> dict[str, int]:
    return {str(reason): int(count) for reason, count in reasons.value_counts().items()}


def _examples(refused: pd.DataFrame, most: int = 3) -> dict[str, list[str]]:
    keys = [name for name in refused if name != c.REASON]
    return {
        str(reason): [" ".join(map(str, row)) for row in rows[keys].head(most).to_numpy()]
        for reason, rows in refused.groupby(c.REASON, sort=False)
    }


def _has_failed(answer: Receipt | WorkerLostError) -> bool:
    return isinstance(answer, WorkerLostError) or answer.problem is not None


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, NewRetailError) else f"{type(error).__name__}: {text}."


def _tell(progress: Progress | None, receipt: Receipt, done: int, of: int) -> None:
    if progress is not None:
        progress(receipt, done, of)
