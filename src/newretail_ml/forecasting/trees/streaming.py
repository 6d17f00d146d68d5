"""Features in files, for LightGBM to read chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

CHUNK = 65_536
_BUFFER = 1 << 17


class StreamedFeatures:
    """Features in Parquet files, read chunk by chunk: what LightGBM calls a sequence.

    LightGBM asks for rows in ascending order, once for a sample of single rows that tells it where
    bins end, and once for all of them, chunk by chunk. One chunk is in memory.

    Args:
        files: each with a column for each feature.
        names: of the features.
        batch_size: rows of a chunk.
    """

    def __init__(
        self, files: Sequence[Path], names: Sequence[str], batch_size: int = CHUNK
    ) -> None:
        self.files = files
        self.names = list(names)
        self.batch_size = batch_size
        self._length = sum(_n_rows(file) for file in files)
        self._first, self._chunk = 0, self._empty()
        self._coming = self._chunks()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, asked: int | slice) -> np.ndarray:
        """One row in float64, as LightGBM wants a sample, or (rows, features) float32."""
        if not isinstance(asked, slice):
            return self._chunk_of(int(asked))[int(asked) - self._first].astype(np.float64)
        at, stop = asked.start, min(asked.stop, len(self))
        found = []
        while at < stop:
            found.append(self._chunk_of(at)[at - self._first : stop - self._first])
            at += len(found[-1])
        return np.concatenate(found)

    def _chunk_of(self, row: int) -> np.ndarray:
        """The chunk that holds a row; earlier ones are forgotten."""
        if row < self._first:
            self._first, self._chunk, self._coming = 0, self._empty(), self._chunks()
        while row >= self._first + len(self._chunk):
            self._first += len(self._chunk)
            self._chunk = next(self._coming)
        return self._chunk

    def _empty(self) -> np.ndarray:
        return np.empty((0, len(self.names)), dtype=np.float32)

    def _chunks(self) -> Iterator[np.ndarray]:
        from pyarrow.parquet import ParquetFile

        for path in self.files:
            # By itself Arrow would read the whole file ahead, and keep it.
            with ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
                for batch in file.iter_batches(self.batch_size, columns=self.names):
                    columns = [batch.column(name) for name in self.names]
                    yield np.stack([one.to_numpy(zero_copy_only=False) for one in columns], axis=1)


def dataset_of(features: Any) -> Any:
    """The class of LightGBM's data for an array, or for what is read chunk by chunk."""
    import lightgbm

    if isinstance(features, np.ndarray):
        return lightgbm.Dataset
    lightgbm.Sequence.register(type(features))

    class Streamed(lightgbm.Dataset):
        # LightGBM lets data that are streamed know some of the parameters only, and would then
        # choose the rows that bound its bins, and features worth having, otherwise than for arrays.
        _every = False

        def construct(self) -> lightgbm.Dataset:
            self._every = True
            try:
                return super().construct()
            finally:
                self._every = False

        def get_params(self) -> dict[str, Any]:
            return dict(self.params or {}) if self._every else super().get_params()

    return Streamed


def _n_rows(file: Path) -> int:
    from pyarrow.parquet import read_metadata

    return int(read_metadata(file).num_rows)
