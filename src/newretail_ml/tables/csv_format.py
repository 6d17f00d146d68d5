"""How CSV files are written where commas are no separators, or days come before months."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.options import known_options

SEPARATORS = {",": ",", ";": ";", "\t": "\\t", "|": "|"}
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?!\d)")


@dataclass(frozen=True)
class CsvFormat:
    """How the CSV files of a source are written.

    Args:
        separator: what stands between cells: a comma, semicolon, tab or vertical bar.
        decimal: the sign before decimals, "." or ",".
        day_first: whether dates are written as 31.12.2025 or 31/12/2025; those written as
            2025-12-31 are read as well.

    Raises:
        DataError: there is no such choice, or one sign separates both cells and decimals.

    >>> CsvFormat(separator=";", decimal=",").day_first
    False
    """

    separator: str = ","
    decimal: str = "."
    day_first: bool = False

    def __post_init__(self) -> None:
        _require_choice("separator", self.separator, tuple(SEPARATORS))
        _require_choice("decimal", self.decimal, (".", ","))
        _require_choice("day_first", self.day_first, (False, True))
        if self.separator == self.decimal:
            raise DataError(
                "[csv] of the mapping has a comma both between cells and before decimals",
                next_step='Give the separator too: [csv] separator = ";".',
            )

    @classmethod
    def from_dict(cls, options: Mapping[str, Any]) -> Self:
        """The format from a mapping's [csv] table; unknown keys raise a DataError."""
        return cls(**known_options(cls, options, "[csv] of the mapping"))

    def check_header(self, path: Path) -> None:
        """Raise a DataError for a file whose header has another separator."""
        with path.open(encoding="utf-8", errors="replace") as file:
            header = file.readline()
        other = [sign for sign in SEPARATORS if sign in header]
        if self.separator in header or not other:
            return
        step = f'Say so in the mapping: [csv] separator = "{SEPARATORS[other[0]]}"'
        decimal = ', and decimal = "," where numbers are written as 1,5' if other[0] == ";" else ""
        raise DataError(
            f"{path} has {other[0]!r} between its cells, and no {self.separator!r}",
            next_step=f"{step}{decimal}.",
        )

    def usual(
        self, frame: pd.DataFrame, numbers: list[str], dates: list[str], path: Path
    ) -> pd.DataFrame:
        """The same rows with decimal points and with dates as 2025-12-31.

        Args:
            frame: text as it stands in the file.
            numbers: columns that hold numbers, if they are there.
            dates: columns that hold dates or times, if they are there.
            path: of the file.

        Raises:
            DataError: a number has a point although decimals have a comma.
        """
        changed: dict[str, pd.Series] = {}
        if self.decimal == ",":
            changed |= {name: _with_point(frame[name], path) for name in numbers if name in frame}
        if self.day_first:
            changed |= {name: _year_first(frame[name]) for name in dates if name in frame}
        return frame.assign(**changed)


def _with_point(values: pd.Series, path: Path) -> pd.Series:
    pointed = values.str.contains(".", regex=False).eq(True).to_numpy()
    if pointed.any():
        raise DataError(
            f"{path} holds {values[pointed].iloc[0]!r}, a number with a point, where the mapping "
            "says that decimals have a comma",
            column=str(values.name),
            rows=values.index[pointed],
            next_step="Export numbers without a sign between thousands, or correct [csv] decimal.",
        )
    return values.str.replace(",", ".", regex=False)


def _year_first(values: pd.Series) -> pd.Series:
    """Each distinct text is turned once."""
    turned = {
        text: _DAY_FIRST.sub(lambda found: f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}", text, 1)
        for text in values.dropna().unique()
        if _DAY_FIRST.match(text)
    }
    return values.map(lambda text: turned.get(text, text), na_action="ignore")


def _require_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if not any(value is one or (isinstance(value, str) and value == one) for one in choices):
        raise DataError(
            f"[csv] {name} of the mapping is {value!r}, which is unknown",
            next_step=f"Choose one of {', '.join(map(repr, choices))}.",
        )
