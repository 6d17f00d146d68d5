"""Results in one file, or in a folder of Parquet files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newretail_ml.errors import DataError
from newretail_ml.jobs.targets.kinds import kind_of, refuse_other_columns
from newretail_ml.jobs.targets.places import check_parent, told
from newretail_ml.jobs.targets.rows import Rows
from newretail_ml.tables.whole_folder import hidden_beside, whole_folder

_ROWS_A_FILE = 1_000_000
_DIGITS = 7


def check_file(path: Path) -> None:
    """Raise a DataError if a file cannot be written."""
    with told(path):
        if path.is_dir():
            raise DataError(f"the output {path} is a folder", next_step="Name a file.")
        check_parent(path)


def check_folder(path: Path) -> None:
    """Raise a DataError if a folder of results cannot be written to.

    Folders inside hold one run each; other files are not ours.
    """
    with told(path):
        if path.exists() and not path.is_dir():
            raise DataError(f"the output {path} is a file", next_step="Name a folder.")
        others = [one for one in _inside(path) if not _is_run(one)]
        if others:
            raise DataError(
                f"{path} holds what is no result of a job: {', '.join(sorted(map(_name, others)))}",
                next_step="Name a new folder.",
            )
        check_parent(path / "run")


def write_file(path: Path, rows: Rows) -> None:
    """Write a result as .csv, .parquet or .json in one step; an earlier file is replaced.

    Raises:
        DataError: it cannot be written; what stood at the path before stays as it was.
    """
    check_file(path)
    write = {".csv": _write_csv, ".parquet": _write_parquet, ".json": _write_json}[path.suffix]
    with told(path), hidden_beside(path) as aside:
        partial = aside / path.name
        write(partial, rows)
        partial.replace(path)


def write_folder(path: Path, name: str, rows: Rows) -> None:
    """Write a result as Parquet files into `folder/run_id`; those of other runs stay.

    Each part of the result has files of its own, and their names are in the order of the rows:
    pandas, DuckDB and Spark read them side by side. Times are without a zone in them.

    Raises:
        DataError: it cannot be written, or runs in the folder have other columns.
    """
    check_folder(path)
    _refuse_other_runs(path, rows)
    with told(path), whole_folder(path / rows.run_id) as made:
        files = _parquet_files(made, name)
        written = [_write_part(rows, part, files) for part in rows.parts]
        if not any(written):
            pq.write_table(rows.schema.empty_table(), next(files))


def _write_part(rows: Rows, part: Path, files: Iterator[Path]) -> int:
    """The rows of a part in files of its own, so that many can read at once; how many rows."""
    count, room = 0, 0
    with ExitStack() as opened:
        for batch in rows.batches([part]):
            if room <= 0:
                opened.close()
                writer = opened.enter_context(pq.ParquetWriter(next(files), rows.schema))
                room = _ROWS_A_FILE
            writer.write_batch(batch)
            count, room = count + len(batch), room - len(batch)
    return count


def _parquet_files(folder: Path, name: str) -> Iterator[Path]:
    """Names whose order is that of the rows."""
    for number in range(10**_DIGITS):
        yield folder / f"{name}-{number:0{_DIGITS}}.parquet"


def _refuse_other_runs(path: Path, rows: Rows) -> None:
    for run in _inside(path):
        if run.name != rows.run_id:
            first = next(iter(sorted(run.glob("*.parquet"))))
            there = {field.name: kind_of(field.type) for field in pq.read_schema(first)}
            refuse_other_columns(f"the run {run.name} in {path}", there, rows)


def _inside(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return [one for one in path.iterdir() if not one.name.startswith(".")]


def _is_run(path: Path) -> bool:
    return path.is_dir() and bool(files := list(path.iterdir())) and all(map(_is_parquet, files))


def _is_parquet(path: Path) -> bool:
    return path.suffix == ".parquet"


def _name(path: Path) -> str:
    return path.name


def _write_parquet(path: Path, rows: Rows) -> None:
    with pq.ParquetWriter(path, rows.schema) as writer:
        for batch in rows.batches():
            writer.write_batch(batch)


def _write_csv(path: Path, rows: Rows) -> None:
    formats = _time_formats(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        pd.DataFrame(columns=rows.schema.names).to_csv(file, index=False)
        for batch in rows.batches():
            frame = batch.to_pandas(integer_object_nulls=True)
            for name, form in formats.items():
                frame[name] = pd.to_datetime(frame[name]).dt.strftime(form)
            frame.to_csv(file, index=False, header=False)


def _time_formats(rows: Rows) -> dict[str, str]:
    """How to write each column of times: as days where no value has an hour."""
    timed = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    with_hours: set[str] = set()
    for batch in rows.batches() if timed else ():
        for name in timed:
            days = pc.floor_temporal(batch.column(name), unit="day")
            if pc.any(pc.not_equal(days, batch.column(name))).as_py():
                with_hours.add(name)
    return {name: "%Y-%m-%d %H:%M:%S.%f" if name in with_hours else "%Y-%m-%d" for name in timed}


def _write_json(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        before = "\n"
        for batch in rows.batches():
            for record in batch.to_pylist():
                file.write(before + json.dumps(_plain(record), ensure_ascii=False))
                before = ",\n"
        file.write("\n]\n")


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """Times as ISO text; JSON has no infinity."""
    return {name: _plain_value(value) for name, value in record.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else value
