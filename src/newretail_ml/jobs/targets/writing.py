"""One door for results, whatever holds them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from newretail_ml.errors import DataError
from newretail_ml.jobs.targets.address import Address, Kind, address_of
from newretail_ml.jobs.targets.database import check_database, write_database
from newretail_ml.jobs.targets.duckdb_file import check_duckdb, write_duckdb
from newretail_ml.jobs.targets.files import check_file, check_folder, write_file, write_folder
from newretail_ml.jobs.targets.rows import Rows

_RUN_ID = re.compile(r"\w[\w.-]*")
# A chain's own tables are called orders and prices too, and may lie in the same database.
_TABLES = {"orders": "order_list", "prices": "price_list", "recommend": "slates"}


def check_target(target: str | Path, table: str = "result") -> Address:
    """Raise a DataError early if a result cannot be written to a target.

    Args:
        target: as in `write_result`.
        table: likewise.

    Returns:
        The target, understood; as text it holds no password.
    """
    address = _address(target, table)
    if address.kind is Kind.FILE:
        check_file(address.path)
    elif address.kind is Kind.FOLDER:
        check_folder(address.path)
    elif address.kind is Kind.DUCKDB:
        check_duckdb(address.path)
    else:
        check_database(address.place)
    return address


def write_result(parts: Sequence[Path], target: str | Path, *, run_id: str, table: str) -> int:
    r"""Write a result to a target, whole or not at all.

    The parts are read some thousand rows at a time, so that memory does not grow with the result.
    Each row gets the column `run_id`. In a folder or a database the rows of other runs stay, and
    those of the same run are replaced, so that a job that runs twice leaves no duplicates; a file
    holds one run.

    Args:
        parts: Parquet files, in the order of the result.
        target: a file (.csv, .parquet, .json); a folder, which gets one folder of Parquet files a
            run; a DuckDB file (`chain.duckdb`) or a SQLAlchemy URL, either of them followed by
            `::table` for a table of another name.
        run_id: id of the run: letters, digits, underscores, dots and hyphens.
        table: the table where the target names none, or the name of a job: results of orders,
            prices and recommend go to order_list, price_list and slates.

    Returns:
        The number of rows.

    Raises:
        DataError: the target cannot be written, or has other columns; nothing is changed then.
        MissingExtraError: duckdb or sqlalchemy is needed and not installed.

    >>> import tempfile
    >>> import pandas as pd
    >>> folder = Path(tempfile.mkdtemp())
    >>> pd.DataFrame({"item_id": ["007"], "units": [3]}).to_parquet(folder / "part.parquet")
    >>> write_result([folder / "part.parquet"], folder / "orders.csv", run_id="a1", table="orders")
    1
    >>> (folder / "orders.csv").read_text()
    'item_id,units,run_id\n007,3,a1\n'
    """
    if not _RUN_ID.fullmatch(run_id):
        raise DataError(
            f"{run_id!r} is no id of a run",
            next_step="Use letters, digits, underscores, dots and hyphens.",
        )
    address = _address(target, table)
    rows = Rows.of(parts, run_id)
    if address.kind is Kind.FILE:
        write_file(address.path, rows)
    elif address.kind is Kind.FOLDER:
        write_folder(address.path, address.table, rows)
    elif address.kind is Kind.DUCKDB:
        write_duckdb(address.path, address.table, rows)
    else:
        write_database(address.place, address.table, rows)
    return rows.count


def _address(target: str | Path, table: str) -> Address:
    return address_of(target, _TABLES.get(table, table))
