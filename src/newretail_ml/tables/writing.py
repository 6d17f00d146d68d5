"""Writes tables to a folder, whole or not at all."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.schemas import SCHEMAS


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write one Parquet file for each table; earlier tables in the folder are replaced.

    The files are written to a sibling folder that is renamed when all of them are there, so
    that a crash leaves the earlier content.

    Raises:
        DataError: the folder is a file, or holds other files than tables.
    """
    _require_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{folder.name}-{uuid4().hex}")
    aside.mkdir()
    try:
        for name, frame in tables.items():
            frame.to_parquet(aside / f"{name}.parquet", index=False)
        _put_in_place(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _require_replaceable(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file", next_step="Give another folder.")
    ours = {f"{name}.parquet" for name in SCHEMAS}
    others = (
        [one.name for one in folder.iterdir() if one.name not in ours] if folder.exists() else []
    )
    if others:
        raise DataError(
            f"{folder} holds files that are no tables of ours: {', '.join(sorted(others)[:5])}",
            next_step="Give a new or empty folder.",
        )


def _put_in_place(aside: Path, folder: Path) -> None:
    if not folder.exists():
        aside.rename(folder)
        return
    earlier = aside.with_name(f"{aside.name}-earlier")
    folder.rename(earlier)
    try:
        aside.rename(folder)
    except OSError:
        earlier.rename(folder)
        raise
    shutil.rmtree(earlier)
