"""A mapping turns foreign tables and column names into the library's, without code."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, Self

from newretail_ml.errors import DataError
from newretail_ml.tables.cleaning import Cleaning
from newretail_ml.tables.csv_format import CsvFormat
from newretail_ml.tables.schemas import SCHEMAS, Kind, TableSchema


@dataclass(frozen=True)
class TableMapping:
    """Where one table comes from and how its columns are called there.

    Args:
        source: the name of the foreign table or file; by default the library's table name.
        columns: the foreign column name for each of the library's that is called otherwise.
        constants: a constant value for columns that the foreign table does not have.
    """

    source: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str | int | float] = field(default_factory=dict)

    def foreign_name(self, column: str) -> str:
        """How the foreign table calls one of the library's columns."""
        return self.columns.get(column, column)

    def text_columns(self, schema: TableSchema) -> list[str]:
        """The foreign columns to be read as text, so that '00123' survives and dates stay."""
        numbers = (Kind.NUMBER, Kind.FLAG)
        return [self.foreign_name(one.name) for one in schema.fields if one.kind not in numbers]

    def columns_of(self, schema: TableSchema, *kinds: Kind) -> list[str]:
        """The foreign columns of these kinds."""
        return [self.foreign_name(one.name) for one in schema.fields if one.kind in kinds]


@dataclass(frozen=True)
class SourceMapping:
    """How a foreign source becomes the library's tables.

    Args:
        tables: one mapping for each table that is named or shaped otherwise.
        cleaning: the rules for order lines.
        csv: how CSV files are written.

    >>> mapping = SourceMapping.of({"orders": {"columns": {"units": "Quantity"}}})
    >>> mapping.table("orders").foreign_name("units")
    'Quantity'
    """

    tables: Mapping[str, TableMapping] = field(default_factory=dict)
    cleaning: Cleaning = field(default_factory=Cleaning)
    csv: CsvFormat = field(default_factory=CsvFormat)

    def table(self, name: str) -> TableMapping:
        """The mapping of one table; an empty one where nothing differs."""
        return self.tables.get(name, TableMapping())

    def with_cleaning(self, cleaning: Cleaning | None) -> Self:
        """The same mapping with other cleaning rules, if any are given."""
        return self if cleaning is None else replace(self, cleaning=cleaning)

    @classmethod
    def of(cls, mapping: "SourceMapping | Mapping[str, Any] | str | Path | None") -> Self:
        """A mapping from what a caller may give.

        Args:
            mapping: a mapping, a dict shaped as the TOML file, the path of a TOML file, the name
                of a mapping that comes with the library ("online_retail"), or None.

        Raises:
            DataError: it cannot be found or read, or has keys that mean nothing.
        """
        if mapping is None:
            return cls()
        if isinstance(mapping, cls):
            return mapping
        if isinstance(mapping, Mapping):
            return cls._from_dict(mapping)
        return cls._from_dict(_toml(str(mapping)))

    @classmethod
    def _from_dict(cls, content: Mapping[str, Any]) -> Self:
        _require_known(content, [*SCHEMAS, "cleaning", "csv"], "The mapping")
        tables = {
            name: _table_mapping(SCHEMAS[name], _section(content, name))
            for name in content
            if name in SCHEMAS
        }
        cleaning = Cleaning.from_dict(_section(content, "cleaning"))
        return cls(tables, cleaning, CsvFormat.from_dict(_section(content, "csv")))


def _toml(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_toml_text(name))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"the mapping {name} is not valid TOML ({error})",
            next_step="Correct the file at that place.",
        ) from error


def _toml_text(name: str) -> str:
    path = Path(name)
    if path.is_file():
        return path.read_text(encoding="utf-8")
    ours = resources.files("newretail_ml") / "mappings"
    named = ours / f"{name}.toml"
    if named.is_file():
        return named.read_text(encoding="utf-8")
    known = sorted(Path(one.name).stem for one in ours.iterdir())
    raise DataError(
        f"there is no mapping {name}",
        next_step=f"Give the path of a TOML file, or one of these names: {', '.join(known)}.",
    )


def _table_mapping(schema: TableSchema, content: Mapping[str, Any]) -> TableMapping:
    place = f"[{schema.name}]"
    _require_known(content, ["source", "columns", "constants"], f"{place} of the mapping")
    columns = _section(content, "columns")
    constants = _section(content, "constants")
    source = content.get("source")
    named = {f"columns.{name}": value for name, value in columns.items()}
    if source is not None:
        named["source"] = source
    _require(named, str, f"{place} of the mapping", "text")
    _require(constants, str | int | float, f"[{schema.name}.constants] of the mapping", "a value")
    if not schema.keeps_extra:
        _require_known(columns, schema.columns, f"[{schema.name}.columns] of the mapping")
        _require_known(constants, schema.columns, f"[{schema.name}.constants] of the mapping")
    return TableMapping(source, columns, constants)


def _section(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = content.get(name, {})
    if not isinstance(section, Mapping):
        raise DataError(
            f"{name} of the mapping is not a table but {section!r}",
            next_step=f"Write it as a TOML table: [{name}] with key = value lines.",
        )
    return section


def _require(content: Mapping[str, Any], kind: Any, place: str, words: str) -> None:
    wrong = [f"{key} = {value!r}" for key, value in content.items() if not isinstance(value, kind)]
    if wrong:
        raise DataError(
            f"{place} says {wrong[0]}, which is not {words}", next_step=f"Write {words} there."
        )


def _require_known(content: Mapping[str, Any], allowed: Any, place: str) -> None:
    unknown = [key for key in content if key not in allowed]
    if unknown:
        raise DataError(
            f"{place} has unknown keys: {', '.join(unknown)}",
            next_step=f"Use only {', '.join(allowed)}.",
        )
