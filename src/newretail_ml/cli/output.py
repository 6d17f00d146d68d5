"""The outputs of the commands, whole or not at all, with errors that name the next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.jobs.targets.places import check_parent, told
from newretail_ml.tables.whole_folder import hidden_beside
from newretail_ml.tables.whole_folder import whole_folder as written_aside

_MARK = ".newretail"
_SUFFIXES = (".csv", ".parquet", ".json")


def check_table_path(path: Path) -> None:
    """Raise a DataError early if a table cannot be written to a path."""
    if path.suffix not in _SUFFIXES:
        raise DataError(
            f"the output {path.name!r} has no known ending",
            next_step=f"Name it with one of {', '.join(_SUFFIXES)}.",
        )
    with told(path):
        if path.is_dir():
            raise DataError(f"the output {path} is a folder", next_step="Name a file.")
        check_parent(path)


def check_folder_path(path: Path) -> None:
    """Raise a DataError early if a folder of outputs cannot be written to a path."""
    with told(path):
        if path.exists() and not _is_ours(path):
            raise DataError(
                f"{path} is there already and was not made by this command",
                next_step="Name another --out, or move it away.",
            )
        check_parent(path)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table by its ending, .csv, .parquet or .json, in one step.

    Raises:
        DataError: it cannot be written; what stood at ``path`` before stays as it was.
    """
    check_table_path(path)
    with told(path), hidden_beside(path) as aside:
        partial = aside / path.name
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

    Raises:
        DataError: it cannot be written, or something stands there that is not ours.
    """
    check_folder_path(path)
    with told(path), written_aside(path) as made:
        (made / _MARK).write_text("Made by newretail; the next run replaces this folder.\n")
        yield made


def files_of(folder: Path) -> list[Path]:
    """The outputs in a folder, without the mark that says whose it is."""
    return sorted(path for path in folder.iterdir() if path.name != _MARK)


def _is_ours(path: Path) -> bool:
    return path.is_dir() and ((path / _MARK).exists() or not any(path.iterdir()))
