"""Slates as files for batch jobs: parts by customer, whole or not at all."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole, need_columns
from newretail_ml.errors import DataError
from newretail_ml.tables.whole_folder import whole_folder

MANIFEST = "_manifest.json"


def write_slates(slates: pd.DataFrame, folder: str | Path, *, partitions: int = 16) -> Path:
    """Write slates as Parquet files, each customer in the part that a hash of the id names.

    The part of a customer depends on the id and the number of parts alone (CRC-32 of its UTF-8),
    so that a reader finds it without an index. All is written to a sibling folder, which then
    takes the place of the earlier one: a crash leaves that as it was, and a rerun is safe.

    Args:
        slates: with customer_id, or location_id for slates of store screens.
        folder: where to; earlier slates there are replaced.
        partitions: number of parts.

    Returns:
        The manifest: columns, rows and customers, of each file and in all.

    Raises:
        DataError: the folder is a file, or holds other things than slates.
    """
    check_whole("partitions", partitions, at_least=1)
    need_columns(slates, "slates", [c.ITEM])
    key = c.CUSTOMER if c.CUSTOMER in slates else c.LOCATION
    need_columns(slates, "slates", [key])
    folder = Path(folder)
    _require_replaceable(folder)
    with whole_folder(folder) as made:
        _write_parts(slates, key, made, partitions)
    return folder / MANIFEST


def part_of(ids: pd.Series, partitions: int) -> np.ndarray:
    """(n,) the part of each id.

    >>> part_of(pd.Series(["ann", "bob"]), 4).tolist()
    [3, 0]
    """
    codes, distinct = pd.factorize(ids.astype(str))
    part = np.array([zlib.crc32(one.encode()) % partitions for one in distinct], int)
    return np.asarray(part[codes])


def _write_parts(slates: pd.DataFrame, key: str, folder: Path, partitions: int) -> None:
    part = part_of(slates[key], partitions)
    files = []
    for number in range(partitions):
        rows = slates[part == number]
        name = f"part-{number:05d}.parquet"
        rows.to_parquet(folder / name, index=False)
        files.append({"file": name, "rows": len(rows), "keys": int(rows[key].nunique())})
    manifest = {
        "key": key,
        "hash": f"crc32 of utf-8, modulo {partitions}",
        "partitions": partitions,
        "rows": len(slates),
        "keys": int(slates[key].nunique()),
        "columns": [str(name) for name in slates.columns],
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")


def _require_replaceable(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file", next_step="Give another folder.")
    held = [one.name for one in folder.iterdir()] if folder.exists() else []
    others = [
        name
        for name in held
        if name != MANIFEST and not (name.startswith("part-") and name.endswith(".parquet"))
    ]
    if others or (held and MANIFEST not in held):
        raise DataError(
            f"{folder} holds other things than slates: {', '.join(sorted(others or held)[:5])}",
            next_step="Give a new or empty folder.",
        )
