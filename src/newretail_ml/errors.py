"""The errors of the library. Each message ends in the next step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class NewRetailError(Exception):
    """Base of all errors that the library raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """Words and facts, so that an error comes whole from another process."""
        return _made_again, (type(self), self.args, self.__dict__)


class DataError(NewRetailError, ValueError):
    """The data cannot be used as it is.

    Args:
        problem: what is wrong, in a short sentence without a full stop.
        table: the table the problem is in, if it is in one.
        column: the column the problem is in, if it is in one.
        rows: the labels of offending rows; the first five are shown, the rest counted.
        next_step: what the reader should do about it.

    >>> print(DataError("2 values are not numbers", table="orders", column="units",
    ...                 rows=[3, 8], next_step="Correct the rows in the source."))
    orders.units: 2 values are not numbers (rows 3, 8). Correct the rows in the source.
    """

    def __init__(
        self,
        problem: str,
        *,
        table: str | None = None,
        column: str | None = None,
        rows: Iterable[object] = (),
        next_step: str,
    ) -> None:
        self.problem = problem
        self.table = table
        self.column = column
        self.rows = tuple(rows)
        self.next_step = next_step
        place = ".".join(part for part in (table, column) if part)
        super().__init__(f"{place}: {self._body()}" if place else self._body())

    def _body(self) -> str:
        return f"{self.problem}{_shown(self.rows)}. {self.next_step}"


class NotFittedError(NewRetailError, AttributeError):
    """A model was asked for an answer before it was fitted.

    Args:
        model: the model.
        data: what its `fit` takes.
    """

    def __init__(self, model: object, data: str = "panel") -> None:
        name = type(model).__name__
        super().__init__(f"This {name} is not fitted yet. Call {name}.fit({data}) first.")


class InfeasibleError(NewRetailError):
    """No decision satisfies all the rules.

    Args:
        problem: which rules conflict, in a short sentence without a full stop.
        next_step: what the reader should do about it.
        conflicts: the rules that conflict, if they were found: `rule`, `limit` (what it says),
            `needed` (what it would have to say for the others to be kept), `missing_by`, `unit`
            (money, packs, units or volume).
    """

    def __init__(
        self, problem: str, *, next_step: str, conflicts: pd.DataFrame | None = None
    ) -> None:
        self.conflicts = conflicts
        super().__init__(f"{problem}. {next_step}")


class MissingExtraError(NewRetailError, ImportError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(
            f"{package} is not installed. Install it with: pip install 'newretail-ml[{extra}]'"
        )


class TrackingError(NewRetailError):
    """The tracker cannot be reached, or refused what was to be logged."""

    def __init__(self, problem: str, *, next_step: str) -> None:
        super().__init__(f"{problem}. {next_step}")


def _made_again(
    kind: type[NewRetailError], words: tuple[object, ...], facts: dict[str, object]
) -> NewRetailError:
    error = kind.__new__(kind)
    error.args = words
    error.__dict__.update(facts)
    return error


def _shown(rows: tuple[object, ...], most: int = 5) -> str:
    if not rows:
        return ""
    listed = ", ".join(str(row) for row in rows[:most])
    more = f" and {len(rows) - most:,} more" if len(rows) > most else ""
    return f" (row{'s' if len(rows) > 1 else ''} {listed}{more})"
