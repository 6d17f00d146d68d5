"""Rows by partition in one file, so that there are as many files as there are portions.

The file is a row of small Arrow tables; a second one says which lies where, in the order of
partitions, so that whoever needs a partition reads nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Self
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa

ROW = "row number"
"""Column that holds the number of a row in its portion."""


class RawWriter(AbstractContextManager["RawWriter"]):
    """Writes the rows of a portion.

    The file has a name of its own, and is not to be read before it is named by an answer: what a
    worker leaves that was killed, or that did the same as another one, does no harm.

    Args:
        folder: where to write.
        name: what the name of the file begins with.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = f"{name}-{uuid4().hex}"
        self._path = folder / self.name
        self._index: list[tuple[int, int, int]] = []
        self._rows = 0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._file = self._open.enter_context(pa.OSFile(str(self._path), "wb"))
        return self

    def write(self, rows: pa.Table, places: np.ndarray) -> None:
        """Write the rows of a piece.

        Args:
            rows: all rows that the portion has there.
            places: (rows,) partition of each; negative for those that are to be left out.
        """
        numbers = pa.array(np.arange(self._rows, self._rows + len(rows)))
        self._rows += len(rows)
        order = np.argsort(places, kind="stable")
        order = order[np.searchsorted(places[order], 0) :]
        sorted_rows = rows.append_column(ROW, numbers).take(pa.array(order)).combine_chunks()
        found, first = np.unique(places[order], return_index=True)
        for place, begin, end in zip(found, first, [*first, len(order)][1:], strict=True):
            self._append(int(place), sorted_rows.slice(begin, end - begin))

    def _append(self, place: int, rows: pa.Table) -> None:
        begin = self._file.tell()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(self._file, rows.schema, options=options) as writer:
            writer.write_table(rows)
        self._index.append((place, begin, self._file.tell() - begin))

    def __exit__(self, *error: object) -> None:
        self._open.close()
        index = np.array(sorted(self._index), dtype=np.int64).reshape(-1, 3).T
        np.save(_index_of(self._path), np.ascontiguousarray(index))

    @property
    def rows(self) -> int:
        """How many were written, or left out."""
        return self._rows

    @property
    def places(self) -> list[int]:
        """The partitions that got any."""
        return sorted({place for place, _, _ in self._index})


def read_raw(path: Path, first: int, end: int) -> Iterator[pa.Table]:
    """The rows of partitions that lie side by side, some at a time.

    Args:
        path: of a file that a `RawWriter` wrote.
        first: of the partitions.
        end: the one after the last.
    """
    index = np.load(_index_of(path), mmap_mode="r")
    within = slice(*np.searchsorted(index[0], [first, end]))
    with pa.OSFile(str(path)) as file:
        for begin, length in zip(*index[1:, within].tolist(), strict=True):
            file.seek(begin)
            with pa.ipc.open_stream(file.read_buffer(length)) as reader:
                yield reader.read_all()


def to_frame(tables: list[pa.Table]) -> pd.DataFrame:
    """The rows in the order of the source; their index is the number that they have there.

    Pieces of a database may differ in the types of their columns, as where one of them has no
    customers at all.
    """
    kinds: dict[str, list[pa.Table]] = {}
    for table in tables:
        kinds.setdefault(repr(table.schema), []).append(table)
    frames = [pa.concat_tables(alike).to_pandas() for alike in kinds.values()]
    joined = pd.concat(frames) if len(frames) > 1 else frames[0]
    return joined.set_index(ROW).sort_index().rename_axis(index=None)


def _index_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.npy")
