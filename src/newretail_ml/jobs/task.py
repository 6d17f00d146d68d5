"""What a batch job does to one partition: tables in, a table out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from newretail_ml import columns as c


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({c.REASON: []}, dtype="str")


@dataclass(frozen=True)
class Answer:
    """What a task makes of a partition.

    Args:
        rows: the result.
        refused: what was not answered: its key columns, and `reason` in words.
        rows_in: order lines that were read.
    """

    rows: pd.DataFrame
    refused: pd.DataFrame = field(default_factory=_nothing)
    rows_in: int = 0


class Task(Protocol):
    """A job on one partition: pandas inside, no engine and no tracker.

    A task is a frozen dataclass, so that it can be sent to other processes. The same task and
    partition always give the same answer, whichever process works on it.

    Attributes:
        name: what the command is called: forecast, orders, prices or recommend.
        key: the column whose values stay together in a partition.
    """

    @property
    def name(self) -> str:
        """What the command is called."""

    @property
    def key(self) -> str:
        """The column whose values stay together in a partition."""

    def facts(self) -> dict[str, Any]:
        """Arguments and the version of the model: all that the answer depends on besides tables.

        Plain values only: they go into the digest of what is finished, and to the tracker.
        """

    def __call__(self, folder: Path) -> Answer:
        """The answer for the tables of a partition.

        Args:
            folder: `RetailTables.read(folder)` reads them.
        """
