"""Some partitions of a chain taken together, as far as memory takes them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from newretail_ml.tables.extent import EXTENT_FILE


def lines_in(folder: Path) -> int:
    """Order lines of a partition."""
    from pyarrow.parquet import read_metadata

    return int(read_metadata(folder / "orders.parquet").num_rows)


def first_of(folders: Sequence[Path], most_lines: int) -> Sequence[Path]:
    """The first partitions that hold no more order lines than so many; the first one in any case.

    What is in a partition fell into it by a hash, so that these are a fair sample of all.

    Args:
        folders: of partitions, one at least.
        most_lines: order lines.
    """
    some, lines = [folders[0]], lines_in(folders[0])
    for folder in folders[1:]:
        lines += lines_in(folder)
        if lines > most_lines:
            break
        some.append(folder)
    return some


def put_together(folders: Sequence[Path], into: Path) -> None:
    """The tables of several partitions as those of one: own rows together, shared ones once.

    Args:
        folders: of partitions of one chain.
        into: folder that is there, for the tables.
    """
    import pyarrow as pa
    from pyarrow.parquet import read_table, write_table

    shutil.copy(folders[0] / EXTENT_FILE, into / EXTENT_FILE)
    for name in sorted({file.name for folder in folders for file in folder.glob("*.parquet")}):
        parts: list[Any] = [read_table(one / name) for one in folders if (one / name).is_file()]
        if not all(part.equals(parts[0]) for part in parts[1:]):
            parts = [pa.concat_tables(parts, promote_options="permissive")]
        write_table(parts[0], into / name)
