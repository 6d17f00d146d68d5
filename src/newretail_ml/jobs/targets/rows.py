"""The rows of a result: parts in Parquet files, read a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.tables.types import plain_type

_BATCH = 20_000


@dataclass(frozen=True)
class Rows:
    """A result in parts, as one table with the id of the run that made it.

    Attributes:
        parts: Parquet files.
        schema: columns of all parts together, and `run_id`.
        blank: columns that hold no value at all, whose type is therefore not known.
        run_id: the run.
        count: rows of all parts.
    """

    parts: tuple[Path, ...]
    schema: pa.Schema
    blank: frozenset[str]
    run_id: str
    count: int

    @classmethod
    def of(cls, parts: Sequence[Path], run_id: str) -> Rows:
        """What parts of a result hold.

        Raises:
            DataError: there are no parts, they cannot be read, or they disagree on a type.
        """
        if not parts:
            raise DataError("there is no result to write", next_step="Run the job first.")
        found = [_read_schema(part) for part in parts]
        # A part without rows does not know its types.
        schemas = [schema for schema, rows in found if rows] or [schema for schema, _ in found]
        try:
            schema = pa.unify_schemas(schemas, promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise DataError(
                f"parts of the result have different types ({error})",
                next_step="Run the job again with another folder of unfinished work.",
            ) from error
        blank = {field.name for field in schema if pa.types.is_null(field.type)}
        fields = [
            pa.field(field.name, pa.string() if field.name in blank else field.type)
            for field in schema
            if field.name != c.RUN
        ]
        return cls(
            parts=tuple(parts),
            schema=pa.schema([*fields, pa.field(c.RUN, pa.string())]),
            blank=frozenset(blank - {c.RUN}),
            run_id=run_id,
            count=sum(rows for _, rows in found),
        )

    def batches(self, parts: Sequence[Path] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in the order of the parts, some thousands at a time, in the one schema.

        Args:
            parts: only those of these; all where it is None.
        """
        for part in self.parts if parts is None else parts:
            for batch in _read_batches(part):
                yield self._in_schema(batch)

    def _in_schema(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        there = set(batch.schema.names)
        columns = []
        for field in self.schema:
            if field.name == c.RUN:
                columns.append(pa.array([self.run_id] * len(batch), field.type))
            elif field.name in there:
                columns.append(batch.column(field.name).cast(field.type))
            else:
                columns.append(pa.nulls(len(batch), field.type))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def _read_schema(part: Path) -> tuple[pa.Schema, int]:
    try:
        with pq.ParquetFile(part) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
            blank = _blank_columns(file.metadata)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(part, error) from error
    # Missing text alone looks like missing numbers to pandas.
    types = {one.name: pa.null() if one.name in blank else plain_type(one.type) for one in schema}
    return pa.schema(list(types.items())), rows


def _blank_columns(metadata: pq.FileMetaData) -> set[str]:
    """Columns without a value, where the file knows."""
    values: dict[str, bool] = {}
    for group in range(metadata.num_row_groups):
        for position in range(metadata.num_columns):
            column = metadata.row_group(group).column(position)
            known = column.statistics is not None and column.statistics.has_null_count
            empty = known and column.statistics.null_count == column.num_values
            values[column.path_in_schema] = values.get(column.path_in_schema, True) and empty
    return {name for name, empty in values.items() if empty}


def _read_batches(part: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(part) as file:
        batches = file.iter_batches(_BATCH)
        while True:
            try:
                batch = next(batches, None)
            except (OSError, pa.ArrowInvalid) as error:
                raise _damaged(part, error) from error
            if batch is None:
                return
            yield batch


def _damaged(part: Path, error: Exception) -> DataError:
    return DataError(
        f"the part {part} of the result cannot be read ({error})",
        next_step="Run the job again with another folder of unfinished work.",
    )
