"""The manifest of a batch job: which rows came in, which went out, what was refused and why."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from newretail_ml.errors import NewRetailError


@dataclass(frozen=True)
class Receipt:
    """What is known of a partition once its result is there, or is not going to be.

    Args:
        task: the name of the job.
        partition: its number.
        digest: of its tables.
        key: of its result among what is finished.
        rows_in: order lines read.
        rows_out: rows of the result.
        refused: how many rows were not answered, by reason.
        examples: keys of some of them, by reason.
        seconds: it took.
        problem: why there is no result; None where there is one.
        reused: whether an earlier run had finished it.
        trials: how often it was begun in this run; more than once where it failed, or a worker
            that was at it was killed; 0 where it was not begun.
        model: name, version and digest of the model that answered.
        worker: host and process.
        peak_memory: of that process until then, in MB; None where the system does not tell.
    """

    task: str
    partition: int
    digest: str
    key: str
    rows_in: int = 0
    rows_out: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    problem: str | None = None
    reused: bool = False
    trials: int = 1
    model: str | None = None
    worker: str | None = None
    peak_memory: int | None = None

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """A receipt as it was written."""
        return cls(**content)


@dataclass(frozen=True)
class Manifest:
    """What a job did, partition by partition.

    Args:
        task: the name of the job.
        facts: arguments and model version.
        receipts: one for each partition, by number.
        results: the files of the results, by partition; none where a partition has no row.
        data: when the job began and ended (UTC), this library's version, and what is known of the
            source: fingerprint, order lines, what was left out and why.
    """

    task: str
    facts: Mapping[str, Any]
    receipts: Sequence[Receipt]
    results: Sequence[Path] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """The same for the same job on the same tables, so that a second run replaces the first.

        >>> Manifest("forecast", {"horizon": 28}, []).run_id
        'forecast-96f1c31a7c79df02'
        """
        digests = [receipt.digest for receipt in self.receipts]
        return f"{self.task}-{digest_of(self.task, self.facts, digests)}"

    @property
    def rows_in(self) -> int:
        """Order lines read."""
        return sum(receipt.rows_in for receipt in self.receipts)

    @property
    def rows_out(self) -> int:
        """Rows of the result."""
        return sum(receipt.rows_out for receipt in self.receipts)

    @property
    def refused(self) -> dict[str, int]:
        """How many were not answered, by reason, most frequent first."""
        total: Counter[str] = Counter()
        for receipt in self.receipts:
            total.update(receipt.refused)
        return dict(total.most_common())

    @property
    def failed(self) -> list[Receipt]:
        """Partitions without a result."""
        return [receipt for receipt in self.receipts if receipt.problem is not None]

    def metrics(self) -> dict[str, float]:
        """Numbers for the tracker."""
        return {
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "refused": sum(self.refused.values()),
            "partitions": len(self.receipts),
            "partitions_reused": sum(receipt.reused for receipt in self.receipts),
            "partitions_failed": len(self.failed),
            "partitions_begun_again": sum(receipt.trials > 1 for receipt in self.receipts),
            "partition_seconds": sum(receipt.seconds for receipt in self.receipts),
        }

    def to_dict(self) -> dict[str, Any]:
        """All of it in plain values."""
        return {
            "run_id": self.run_id,
            "task": self.task,
            "facts": dict(self.facts),
            "data": dict(self.data),
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "refused": self.refused,
            "failed": [receipt.partition for receipt in self.failed],
            "partitions": [asdict(receipt) for receipt in self.receipts],
        }

    def to_json(self) -> str:
        """The manifest as it is written."""
        return json.dumps(self.to_dict(), indent=1, default=str) + "\n"

    def words(self) -> str:
        """One line for the reader of a scheduler's log."""
        done = f"{self.rows_in:,} order lines in, {self.rows_out:,} rows out"
        reused = sum(receipt.reused for receipt in self.receipts)
        parts = f"{len(self.receipts):,} partitions"
        if reused:
            parts += f", {reused:,} of them finished by an earlier run"
        again = sum(receipt.trials > 1 for receipt in self.receipts)
        if again:
            parts += f", {again:,} of them begun more than once"
        refused = "".join(
            f" {count:,} refused: {reason}." for reason, count in self.refused.items()
        )
        return f"{done}, {parts}.{refused}"


class PartitionsFailedError(NewRetailError):
    """Some partitions have no result, after two trials; what is finished stays finished.

    Args:
        manifest: of what was done, and of what was not.
        file: that holds it, if one does.
    """

    def __init__(self, manifest: Manifest, file: Path | None = None) -> None:
        self.manifest = manifest
        self.file = file
        failed = manifest.failed
        named = ", ".join(str(receipt.partition) for receipt in failed[:5])
        more = f" and {len(failed) - 5:,} more" if len(failed) > 5 else ""
        told = "" if file is None else f" All that is known is in {file}."
        super().__init__(
            f"{len(failed):,} of {len(manifest.receipts):,} partitions failed twice ({named}"
            f"{more}); the first: {failed[0].problem} Nothing was written.{told} Run the job "
            "again, and only these are made."
        )


def model_words(facts: Mapping[str, Any]) -> str | None:
    """Name, version and digest of the model that a task's facts tell of; None without one.

    >>> model_words({"model": {"name": "models:/demand@champion", "version": "3"}})
    'models:/demand@champion, version 3'
    """
    model = facts.get("model")
    if not isinstance(model, Mapping):
        return None
    names = [model[name] for name in ("name", "address") if model.get(name)]
    more = [f"{name} {model[name]}" for name in ("version", "digest") if model.get(name)]
    return ", ".join(map(str, [*names, *more]))


def digest_of(*content: Any) -> str:
    """16 hex digits over plain values.

    >>> digest_of("forecast", {"horizon": 28}) == digest_of("forecast", {"horizon": 28})
    True
    """
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
