"""The model of a job: a standard one by name, or one that was fitted and saved."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.forecasting import Forecaster, standard_models
from newretail_ml.jobs.work import remove_others

_PICKLED = "*.pkl"
_SCORER = "scorer-{}.pkl"


EACH, SAMPLE, ALL = FITS = ("each", "sample", "all")
_FITTED = {
    EACH: "on each partition by itself",
    SAMPLE: "once, on a sample",
    ALL: "once, on rows of all partitions",
}
_ROWS = {EACH: 0, SAMPLE: 1_000_000, ALL: 10_000_000}
_OUT_OF_CORE = "lightgbm"


@dataclass(frozen=True)
class StandardModel:
    """A model that is fitted in the job.

    Args:
        name: as `newretail_ml.forecasting.standard_models` calls it.
        fit: "each": on each partition by itself. "sample": once, on the first partitions, which
            are a fair sample of whole series, and then it forecasts all of them. "all": once, on
            rows of all partitions; "lightgbm" alone can read them from files.
        most_rows: what memory takes: of a sample its order lines, by default 1,000,000 (the first
            partition is taken whole), and of all partitions the rows that are learned from, by
            default 10,000,000, which take about 2 GB. Beyond it fewer periods are learned from.

    Raises:
        DataError: there is no such fit, or the model cannot be fitted so.
    """

    name: str
    fit: str = EACH
    most_rows: int | None = None

    def __post_init__(self) -> None:
        if self.fit not in FITS:
            raise DataError(
                f"a fit on {self.fit!r} is not known", next_step=f"Use one of {', '.join(FITS)}."
            )
        if self.fit == ALL and self.name != _OUT_OF_CORE:
            raise DataError(
                f"{self.name} cannot be fitted on all partitions: it needs all of them in memory",
                next_step=f"Fit it on each or on a sample, or fit {_OUT_OF_CORE} on all.",
            )
        if self.most_rows is not None:
            check_whole("most_rows", self.most_rows, at_least=1)

    @property
    def rows(self) -> int:
        """What memory takes."""
        return self.most_rows or _ROWS[self.fit]

    def facts(self) -> dict[str, Any]:
        """For the digest and the tracker."""
        facts = {"name": self.name, "fitted": _FITTED[self.fit]}
        return facts if self.fit == EACH else {**facts, "most_rows": self.rows}

    def make(self, horizon: int, seed: int, *, progress: bool = False) -> Forecaster:
        """The model, not fitted yet."""
        return standard_models(horizon, seed, progress=progress)[self.name]


@dataclass(frozen=True)
class SavedModel:
    """A model that was fitted before, and scores the series of each partition.

    Args:
        path: file of the pickled model.
        address: as it was asked for.
        version: as the registry calls it, None for a file.
        digest: of the file, or of what the model learned from, 16 hex digits.
        fitted: on what, in words.
    """

    path: Path
    address: str
    version: str | None
    digest: str
    fitted: str = "before, on other rows than those of a partition"

    @classmethod
    def of(cls, path: Path, address: str | None = None, version: str | None = None) -> SavedModel:
        """The model in a file of `Forecaster.save`, or in a folder that a tracker gave.

        Raises:
            DataError: there is none.
        """
        file = _file_of(path).absolute()
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=8))
        return cls(file, address or str(path), version, digest.hexdigest())

    def facts(self) -> dict[str, Any]:
        """For the digest and the tracker; where the file lies does not matter."""
        return {
            "name": self.address,
            "version": self.version,
            "digest": self.digest,
            "fitted": self.fitted,
        }

    def load(self) -> Forecaster:
        """The fitted model, read once in each process. Only from files that you trust.

        Raises:
            DataError: the file holds no forecaster.
        """
        return _loaded(self.path, self.digest)

    def without_panels(self, folder: Path) -> SavedModel:
        """The same model in another file, without the history that it was fitted on.

        Scoring other panels, a model asks that of its fit for its frequency and keys alone; and
        every worker would hold it.

        Args:
            folder: where the file is kept, named after the model; those of other models go.
        """
        model = self.load()
        for part in parts_of(model):
            if hasattr(part, "panel_"):
                part.panel_ = part.panel_.select([0])
        file = folder / _SCORER.format(self.digest)
        model.save(file)
        remove_others(file, _SCORER.format("*"))
        return replace(self, path=file)


@lru_cache(maxsize=1)
def _loaded(path: Path, _digest: str) -> Forecaster:
    return Forecaster.load(path)


def _file_of(path: Path) -> Path:
    if path.is_file():
        return path
    files = sorted(path.rglob(_PICKLED)) if path.is_dir() else []
    if len(files) == 1:
        return files[0]
    raise DataError(
        f"there is no model of demand in {path}",
        next_step="Name a file that model.save(path) wrote, or the address of a tracked model.",
    )


def parts_of(model: object) -> Iterator[Forecaster]:
    """The model, and all models that it is made of, fitted ones or not."""
    if isinstance(model, Forecaster):
        yield model
        for part in vars(model).values():
            yield from parts_of(part)
    elif isinstance(model, dict | list | tuple):
        for part in model.values() if isinstance(model, dict) else model:
            yield from parts_of(part)
