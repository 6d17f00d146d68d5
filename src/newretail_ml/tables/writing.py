"""Writes tables to a folder, whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.schemas import SCHEMAS
from newretail_ml.tables.whole_folder import whole_folder


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write one Parquet file for each table; earlier tables in the folder are replaced.

    The files are written to a sibling folder that is renamed when all of them are there, so
    that a crash leaves the earlier content.

    Raises:
        DataError: the folder is a file, or holds other files than tables.
    """
    _require_replaceable(folder)
    with whole_folder(folder) as made:
        for name, frame in tables.items():
            frame.to_parquet(made / f"{name}.parquet", index=False)


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
