"""What the customers of a chain bought: of all of them, or of as many as memory takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from newretail_ml.interactions import Interactions
from newretail_ml.jobs.manifest import digest_of
from newretail_ml.jobs.recommend.large import joined
from newretail_ml.jobs.saved import digest_of_files
from newretail_ml.jobs.together import first_of, lines_in, put_together
from newretail_ml.tables import RetailTables, SourceMapping
from newretail_ml.tables.digest import fingerprint
from newretail_ml.tables.whole_folder import hidden_beside

MOST_LINES = 1_000_000


@dataclass(frozen=True)
class Histories:
    """Histories of whole customers.

    Customers fall into partitions by chance, so those of the first ones are a fair sample of all.

    Args:
        folders: of all partitions of the chain.
        large: stock and prices of the chain as they came, where memory takes them.
        mapping: of the source.
        most_lines: order lines that memory takes, about; the first partition is taken whole.
    """

    folders: Sequence[Path]
    large: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    mapping: SourceMapping = field(default_factory=SourceMapping)
    most_lines: int = MOST_LINES

    @cached_property
    def taken(self) -> Sequence[Path]:
        """The first partitions that hold no more order lines than memory takes."""
        return first_of(self.folders, self.most_lines)

    @property
    def complete(self) -> bool:
        """Whether these are the histories of all customers."""
        return len(self.taken) == len(self.folders)

    @property
    def words(self) -> str:
        """How much it is."""
        besides = "".join(f", {name}" for name in sorted(self.large))
        return f"{sum(map(lines_in, self.taken)):,} order lines{besides}"

    @cached_property
    def digest(self) -> str:
        """16 hex digits over all of it, whatever partition it lies in."""
        own = [digest_of_files(sorted(folder.glob("*.parquet"))) for folder in self.taken]
        return digest_of(own, fingerprint(dict(self.large)))

    def read(self, work: Path) -> Interactions:
        """All of it as interactions.

        Args:
            work: folder in which tables may be put together.
        """
        with hidden_beside(work / "histories") as aside:
            folder = self.taken[0]
            if len(self.taken) > 1:
                folder = aside / "own"
                folder.mkdir()
                put_together(self.taken, folder)
            if self.large:
                tables = joined(folder, dict(self.large), self.mapping, aside / "all")
            else:
                tables = RetailTables.read(folder)
            return Interactions.from_tables(tables)
