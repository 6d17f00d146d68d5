"""Outputs that are written whole or not at all: written aside, then renamed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from newretail_ml.errors import DataError

_MARK = ".newretail"
_SUFFIXES = (".csv", ".parquet", ".json")


def check_table_path(path: Path) -> None:
    """Raise a DataError early if a table cannot be written to a path."""
    if path.suffix not in _SUFFIXES:
        raise DataError(
            f"the output {path.name!r} has no known ending",
            next_step=f"Name it with one of {', '.join(_SUFFIXES)}.",
        )
    if path.is_dir():
        raise DataError(f"the output {path} is a folder", next_step="Name a file.")


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table by its ending, .csv, .parquet or .json, in one step."""
    check_table_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as aside:
        partial = Path(aside) / path.name
        if path.suffix == ".csv":
            frame.to_csv(partial, index=False)
        elif path.suffix == ".parquet":
            frame.to_parquet(partial, index=False)
        else:
            frame.to_json(partial, orient="records", indent=1, date_format="iso")
        partial.replace(path)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder to write into, which takes the place of ``path`` once all went well.

    If anything is raised, what stood at ``path`` before stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _check_replaceable(path)
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        made = aside / "new"
        made.mkdir()
        (made / _MARK).write_text("Made by newretail; the next run replaces this folder.\n")
        yield made
        if path.exists():
            path.rename(aside / "old")
        made.rename(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _check_replaceable(path: Path) -> None:
    if path.exists() and not (path.is_dir() and (path / _MARK).exists()):
        if path.is_dir() and not any(path.iterdir()):
            return
        raise DataError(
            f"{path} is there already and was not made by this command",
            next_step="Name another --out, or move it away.",
        )
