"""Options of commands that always go over partitions, and what is done with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from newretail_ml import tracking
from newretail_ml.cli.batch import Parts, batch_options, run_tracked, told
from newretail_ml.cli.options import MAPPING, QUIET, SEED, SOURCE, TRACKING
from newretail_ml.jobs import Batch, Manifest, Task
from newretail_ml.jobs.batch import Prepare

_TRACKED = ("models:/", "runs:/")


@dataclass(frozen=True)
class Chain:
    """From where, and what every job is told besides."""

    source: str
    mapping: str | None
    seed: int
    tracking: str | None
    quiet: bool

    def say(self, words: str) -> None:
        """Tell the reader, on the error stream, unless told to be quiet."""
        if not self.quiet:
            click.echo(words, err=True)

    def batch(self, parts: Parts, out: str) -> Batch:
        """From where to where, and who works; one partition is worked on in this process."""
        return Batch(
            self.source,
            out,
            mapping=self.mapping,
            partitions=parts.count,
            engine=parts.works(),
            work=parts.work,
            manifest=parts.manifest,
            progress=told(self.say) if parts.count > 1 else None,
        )

    def run(
        self,
        task: Task,
        batch: Batch,
        parts: Parts,
        *,
        prepare: Prepare | None = None,
        asked: Mapping[str, object],
    ) -> Manifest:
        """Do a task, as one tracked run."""
        return run_tracked(
            task,
            batch,
            prepare=prepare,
            store=self.tracking,
            params={**asdict(self), **parts.asked(), **asked},
            say=self.say,
        )

    def model_file(self, address: str, kind: str) -> tuple[Path, str | None]:
        """The file or folder of a fitted model, and its version where the tracker knows it."""
        if not address.startswith(_TRACKED):
            return Path(address), None
        found = tracking.local_model(address, self.tracking, kind=kind)
        return found.path, f"{found.version} of {found.uri}"


def chain_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the shared options, handed over as one `Chain` and one `Parts`."""

    @wraps(command)
    def with_chain(*arguments: Any, **given: Any) -> None:
        chain = Chain(**{field.name: given.pop(field.name) for field in fields(Chain)})
        command(*arguments, chain=chain, **given)

    decorated: Callable[..., None] = batch_options(with_chain)
    for option in (QUIET, TRACKING, SEED, MAPPING, SOURCE):
        decorated = option(decorated)
    return decorated
