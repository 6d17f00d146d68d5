"""Rules that clean the order lines. Each tells what it did; none is silent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from newretail_ml.errors import DataError
from newretail_ml.tables.options import known_options

Duplicates = Literal["drop", "keep", "error"]
FreeLines = Literal["keep", "drop"]


@dataclass(frozen=True)
class Cleaning:
    r"""What to do with the order lines that are no plain sales.

    Args:
        cancelled: a regular expression that the order_id of cancellations matches at its start;
            their units are counted as returned.
        item_pattern: a regular expression that real items match at the start of their item_id;
            lines of other codes (postage, fees, corrections) are dropped.
        duplicates: what to do with lines that equal another one in all their columns.
        drop_reversed: whether an absurd quantity that was booked and reversed is dropped, both
            lines: same customer, item and price, +n units in one and -n in the other.
        absurd_units: lines of more units than this are absurd. By default those that exceed 100
            times the 99th percentile of the order lines, both of the chain and of the item.
        free_lines: what to do with lines of price 0 (gifts, but also stock corrections).
        timezone: the wall clock of the chain, such as "Europe/London", to which times with a
            zone are turned. Without it times with a zone are refused.

    Raises:
        DataError: a regular expression, choice, number or time zone that is none.

    >>> Cleaning(cancelled="C", item_pattern=r"\d{5}").duplicates
    'drop'
    """

    cancelled: str | None = None
    item_pattern: str | None = None
    duplicates: Duplicates = "drop"
    drop_reversed: bool = True
    absurd_units: float | None = None
    free_lines: FreeLines = "keep"
    timezone: str | None = None

    def __post_init__(self) -> None:
        _require_pattern("cancelled", self.cancelled)
        _require_pattern("item_pattern", self.item_pattern)
        _require_choice("duplicates", self.duplicates, get_args(Duplicates))
        _require_choice("free_lines", self.free_lines, get_args(FreeLines))
        _require_choice("drop_reversed", self.drop_reversed, (True, False))
        _require_positive("absurd_units", self.absurd_units)
        _require_timezone(self.timezone)

    @classmethod
    def from_dict(cls, options: Mapping[str, Any]) -> Self:
        """The rules from a mapping's [cleaning] table; unknown keys raise a DataError."""
        return cls(**known_options(cls, options, "[cleaning]"))


def _require_pattern(name: str, pattern: str | None) -> None:
    if pattern is None:
        return
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise DataError(
            f"cleaning option {name} = {pattern!r} is no regular expression ({error})",
            next_step="Correct the pattern; try it with Python's re.match.",
        ) from error


def _require_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        raise DataError(
            f"cleaning option {name} = {value!r} is unknown",
            next_step=f"Choose one of {', '.join(map(repr, choices))}.",
        )


def _require_positive(name: str, value: object) -> None:
    if value is not None and not (isinstance(value, (int, float)) and value > 0):
        raise DataError(
            f"cleaning option {name} = {value!r} is not a positive number",
            next_step="Give a number of units, or leave the option out.",
        )


def _require_timezone(name: str | None) -> None:
    if name is None:
        return
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise DataError(
            f"cleaning option timezone = {name!r} is no known time zone",
            next_step='Use a name of the IANA list, such as "Europe/London" or "Asia/Shanghai".',
        ) from error
