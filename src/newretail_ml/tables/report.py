"""The data report: what was dropped, repaired, assumed and counted, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd


class Action(StrEnum):
    """What was done about a finding."""

    DROPPED = "dropped"
    REPAIRED = "repaired"
    ASSUMED = "assumed"
    COUNTED = "counted"


@dataclass(frozen=True)
class Finding:
    """One line of the data report.

    Args:
        table: the table it was found in.
        what: what was found.
        rows: how many rows (or days) it concerns.
        action: what was done about it.
        why: the reason, or a detail.
        units: the sum of their units, where rows are order lines or stock.
    """

    table: str
    what: str
    rows: int
    action: Action
    why: str
    units: float | None = None


@dataclass(frozen=True)
class DataReport:
    """What came in, what was changed and why, what was only counted, and what is missing.

    Args:
        findings: the lines of the report.
        missing: for each table that was not given, what that means.

    >>> finding = Finding("orders", "duplicate lines", 2, Action.DROPPED, "equal in full", 3.0)
    >>> print(DataReport((finding,), {"stock": "stock-outs are unknown"}))
    table   what             rows  units  action   why
    orders  duplicate lines     2      3  dropped  equal in full
    <BLANKLINE>
    no stock table: stock-outs are unknown
    """

    findings: tuple[Finding, ...]
    missing: Mapping[str, str]

    @property
    def actions(self) -> pd.DataFrame:
        """What was dropped, repaired or assumed: table, what, rows, units, action, why."""
        return _frame(f for f in self.findings if f.action is not Action.COUNTED)

    @property
    def facts(self) -> pd.DataFrame:
        """What was counted and left as it is, in the same columns."""
        return _frame(f for f in self.findings if f.action is Action.COUNTED)

    def to_frame(self) -> pd.DataFrame:
        """All findings, in the same columns."""
        return _frame(self.findings)

    def __str__(self) -> str:
        lines = _aligned(self.to_frame())
        if self.missing:
            lines.append("")
            lines += [f"no {table} table: {words}" for table, words in self.missing.items()]
        return "\n".join(lines)


_COLUMNS = ("table", "what", "rows", "units", "action", "why")


def _frame(findings: Iterable[Finding]) -> pd.DataFrame:
    rows = [{name: getattr(finding, name) for name in _COLUMNS} for finding in findings]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    frame["action"] = [str(action) for action in frame["action"]]
    return frame.astype({"rows": "int64", "units": "float64"})


def _aligned(frame: pd.DataFrame) -> list[str]:
    shown = frame.assign(
        rows=[f"{rows:,}" for rows in frame["rows"]],
        units=["" if pd.isna(units) else f"{units:,.10g}" for units in frame["units"]],
    )
    columns = [
        [name, *shown[name]] if name == "why" else _padded(name, list(shown[name]))
        for name in _COLUMNS
    ]
    return ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]


def _padded(name: str, cells: list[str]) -> list[str]:
    width = max(map(len, [name, *cells]))
    pad = str.rjust if name in {"rows", "units"} else str.ljust
    return [pad(cell, width) for cell in [name, *cells]]
