"""Which files hold a table: one, or the parts in a folder, as Spark and warehouses write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self
from urllib.parse import unquote

from newretail_ml.errors import DataError
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.schemas import ORDERS, SCHEMAS

SUFFIXES = (".parquet", ".csv")
PARQUET = ".parquet"
_WITH_A_LOG = {"_delta_log": "Delta Lake", ".hoodie": "Hudi"}

Keys = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Part:
    """One file of a table.

    Args:
        file: where it is.
        keys: the columns that its folders name, ``date=2025-01-01``, and their value as text;
            None where it is missing.
    """

    file: Path
    keys: Keys = ()


@dataclass(frozen=True)
class TableFiles:
    """The files of one table.

    Args:
        table: the library's name of it.
        path: of the file, or of the folder of parts.
        parts: in the order in which their rows are read.
    """

    table: str
    path: Path
    parts: tuple[Part, ...]

    @classmethod
    def at(cls, path: Path, table: str) -> Self:
        """What lies at a path.

        Raises:
            DataError: a file is empty; or a folder holds no parts, or what is no part.
        """
        parts = tuple(_parts_of(path, table)) if path.is_dir() else (Part(path),)
        for part in parts:
            if part.file.stat().st_size == 0:
                raise DataError(f"{part.file} is empty", next_step="Export the table again.")
        return cls(table, path, parts)

    @property
    def is_parquet(self) -> bool:
        """Whether the files are Parquet files, and not CSV files."""
        return self.parts[0].file.suffix.lower() == PARQUET

    def stamp(self) -> list[tuple[str, int, int]]:
        """Path, size and time of each file: changes when the table does."""
        facts = [(part.file.absolute(), part.file.stat()) for part in self.parts]
        return [(str(file), stat.st_size, stat.st_mtime_ns) for file, stat in facts]


def find_files(path: Path, mapping: SourceMapping, kinds: str) -> dict[str, TableFiles]:
    """The files of each table, by the library's table names.

    Args:
        path: of a folder of tables; or of one file or folder of parts, ``name.parquet`` or
            ``name.csv``, that holds the orders.
        mapping: how the tables are called there.
        kinds: what may be given, in words.

    Raises:
        DataError: there is nothing, or no orders; a table is there twice, or one that the mapping
            names is not; or its files are empty or not what they should be.
    """
    if not path.exists():
        raise DataError(f"there is no {path}", next_step=f"Give {kinds}.")
    if path.suffix.lower() in SUFFIXES:
        return {ORDERS: TableFiles.at(path, ORDERS)}
    if not path.is_dir():
        raise DataError(f"{path} is of no kind that can be read", next_step=f"Give {kinds}.")
    found = {name: _find(path, name, mapping) for name in SCHEMAS}
    if found[ORDERS] is None:
        present = sorted(file.name for file in path.iterdir() if file.suffix in SUFFIXES)
        raise no_orders(str(path), present, "orders.parquet or orders.csv")
    return {name: TableFiles.at(one, name) for name, one in found.items() if one is not None}


def no_orders(place: str, present: list[str], wanted: str) -> DataError:
    """The error for a source without order lines; it lists what was found instead."""
    found = ", ".join(present) or "no tables"
    return DataError(
        f"{place} holds no {wanted}; found: {found}",
        table=ORDERS,
        next_step=f'Add {wanted}, or name the table in a mapping: [orders] source = "...".',
    )


def _find(folder: Path, table: str, mapping: SourceMapping) -> Path | None:
    source = mapping.table(table).source
    stem = source or table
    with_suffix = Path(stem).suffix in SUFFIXES
    names = [stem] if with_suffix else [stem + suffix for suffix in SUFFIXES]
    paths = [folder / name for name in names if (folder / name).exists()]
    if not with_suffix and (folder / stem).is_dir():
        paths.append(folder / stem)
    if len(paths) > 1:
        raise DataError(
            f"{folder} holds {' and '.join(path.name for path in paths)}",
            table=table,
            next_step="Remove one of them, or name the right one as source in the mapping.",
        )
    if source and not paths:
        raise DataError(
            f"{folder} holds no {' or '.join(names)}, which the mapping names",
            table=table,
            next_step=f"Correct source in [{table}] of the mapping.",
        )
    return paths[0] if paths else None


def _parts_of(folder: Path, table: str) -> list[Part]:
    """The parts in a folder, by their paths; hidden files and Spark's own are passed over."""
    _refuse_logs(folder, table)
    paths = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    names = sorted(name for name in paths if not _is_hidden(name))
    if not names:
        raise DataError(
            f"{folder} holds no parts",
            table=table,
            next_step="Parts end in .parquet or .csv. Export the table again.",
        )
    _require_one_kind(folder, names, table)
    keys = _keys_of({str(PurePosixPath(name).parent) for name in names}, folder, table)
    return [Part(paths[name], keys[str(PurePosixPath(name).parent)]) for name in names]


def _refuse_logs(folder: Path, table: str) -> None:
    for name, format_ in _WITH_A_LOG.items():
        if (folder / name).exists():
            raise DataError(
                f"{folder} is a table of {format_}, whose files hold rows that were replaced too",
                table=table,
                next_step="Write what it holds now as a folder of plain Parquet files.",
            )


def _is_hidden(name: str) -> bool:
    """As Spark sees it: a folder that is named after a key may begin with an underscore."""
    return any(
        one.startswith(".") or (one.startswith("_") and "=" not in one) for one in name.split("/")
    )


def _require_one_kind(folder: Path, names: list[str], table: str) -> None:
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(PurePosixPath(name).suffix.lower(), name)
    other = [name for suffix, name in first.items() if suffix not in SUFFIXES]
    if not other and len(first) == 1:
        return
    found = f"holds {other[0]}" if other else f"holds both {' and '.join(first.values())}"
    raise DataError(
        f"{folder} {found}",
        table=table,
        next_step="All parts of a table end in .parquet, or all in .csv: move other files away.",
    )


def _keys_of(folders: Iterable[str], root: Path, table: str) -> dict[str, Keys]:
    """What ``key=value`` says in the names of folders, as Hive and Spark write it."""
    known: dict[str, Keys] = {}
    for folder in folders:
        steps = [step for step in folder.split("/") if step != "."]
        if not all("=" in step for step in steps):
            raise DataError(
                f"{root} holds parts in {folder}, which names no column",
                table=table,
                next_step="Put the parts into one folder, or into folders such as date=2025-01-01.",
            )
        names = [unquote(step.partition("=")[0]) for step in steps]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(
                f"{root} holds parts in {folder}, which names {', '.join(twice)} twice",
                table=table,
                next_step="Move the parts into folders that name each column once.",
            )
        known[folder] = _values(names, folder)
    return known


def _values(names: list[str], folder: str) -> Keys:
    if not names:
        return ()
    import pyarrow as pa
    from pyarrow.dataset import HivePartitioning, get_partition_keys

    partitioning = HivePartitioning(pa.schema([(name, pa.string()) for name in names]))
    values = get_partition_keys(partitioning.parse(f"{folder}/part"))
    return tuple((name, values.get(name)) for name in names)
