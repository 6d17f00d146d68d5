"""What every rule of slates has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import refuse_values
from newretail_ml.errors import DataError
from newretail_ml.recommendation.slates.candidates import Candidates
from newretail_ml.tables.parsing import to_text


@dataclass(frozen=True, eq=False)
class Count:
    """How many of a slate's items may or must be of each group.

    Attributes:
        code: (n, m) group of each candidate, -1 for none.
        at_most: (groups,) items of a group in a slate; large where there is no limit.
        at_least: (groups,) items of a group in a slate.
        distinct: groups that a slate must have items of.
    """

    code: np.ndarray
    at_most: np.ndarray
    at_least: np.ndarray
    distinct: int = 0


@dataclass(frozen=True, eq=False)
class Showing:
    """What must be shown in a share of the slates.

    Attributes:
        member: (n, m) candidates that count.
        share: of the slates.
        at_rank: the last rank at which it counts.
    """

    member: np.ndarray
    share: float
    at_rank: int


@dataclass(frozen=True, eq=False)
class Said:
    """What a rule says of candidates.

    Attributes:
        allowed: (n, m) candidates that may be shown; None for all.
        count: how many of which group; None where it does not say.
        showing: what must be shown; None where it does not say.
    """

    allowed: np.ndarray | None = None
    count: Count | None = None
    showing: Showing | None = None


@dataclass(frozen=True, kw_only=True)
class SlateRule(ABC):
    """A rule that slates must keep.

    Args:
        name: by which answers name it; says what it asks where left out.
        where: which items it is about: column -> value or values, among the columns of the items
            (item_id too) and of the lists; None for all. A value that none of the items passed to
            `plan_slates` has is refused.
    """

    name: str = ""
    where: Mapping[str, Any] | None = None

    @property
    def title(self) -> str:
        """Its name, or what it asks."""
        return self.name or self.asks()

    @abstractmethod
    def asks(self) -> str:
        """What it asks, in a few words."""

    @abstractmethod
    def on(self, candidates: Candidates, k: int) -> Said:
        """What it says of candidates for slates of k."""

    def refuse_unknown(self, candidates: Candidates) -> None:
        """Raise if it names what no item is, those without a list included: a typing error.

        Raises:
            DataError: a value of `where` is not in its column of the items.
        """
        items = candidates.catalogue
        for column, values in (self.where or {}).items():
            if items is None or column not in items:
                continue
            named = _named(column, values)
            unknown = named[~named.isin(items[column]).to_numpy()]
            if len(unknown):
                labels = items[column].dropna().astype(str).unique()
                close = get_close_matches(str(unknown.iloc[0]), labels, 1)
                raise DataError(
                    f"the rule '{self.title}' names {unknown.iloc[0]!r}, which no item has",
                    table="items",
                    column=column,
                    next_step=f"Did you mean {close[0]!r}?" if close else "Correct the rule.",
                )

    def _about(self, candidates: Candidates) -> np.ndarray:
        """(n, m) candidates that it is about."""
        about = candidates.there
        for column, values in (self.where or {}).items():
            put, found = self._column(candidates, column)
            about = about & put(pd.Series(found).isin(_named(column, values)).to_numpy(), False)
        return np.asarray(about)

    def _values(self, candidates: Candidates, column: str, nothing: object) -> np.ndarray:
        """(n, m) what a column says of each candidate."""
        put, values = self._column(candidates, column)
        return np.asarray(put(values, nothing))

    def _numbers(self, candidates: Candidates, column: str) -> np.ndarray:
        """(n, m) the number that a column says of each candidate, NaN where it says nothing."""
        put, values = self._column(candidates, column)
        said = pd.Series(values, name=column)
        numbers = pd.to_numeric(said, errors="coerce")
        refuse_values(said, (numbers.isna() & said.notna()).to_numpy(), "items", "are not numbers")
        return np.asarray(put(numbers.to_numpy(float, na_value=np.nan), np.nan))

    def _codes(self, candidates: Candidates, column: str) -> tuple[np.ndarray, int]:
        """(n, m) code of a column's value among the items it is about, -1 for none; how many."""
        put, values = self._column(candidates, column)
        code, labels = pd.factorize(pd.Series(values))
        return np.where(self._about(candidates), put(code, -1), -1), len(labels)

    def _column(self, candidates: Candidates, column: str) -> tuple[Any, np.ndarray]:
        if column in candidates.items:
            return candidates.of_items, candidates.items[column].to_numpy()
        if column in candidates.lines:
            return candidates.of_lines, candidates.lines[column].to_numpy()
        raise DataError(
            f"the rule '{self.title}' asks for a column that there is not",
            table="items",
            column=column,
            next_step="Pass items with that column to plan_slates.",
        )


def _named(column: str, values: Any) -> pd.Series:
    """The values that a rule names; ids as text."""
    one = isinstance(values, str) or np.ndim(values) == 0
    named = pd.Series([values] if one else list(values), dtype=object)
    return to_text(named) if column == c.ITEM else named


def told(where: Mapping[str, Any] | None) -> str:
    """Which items a rule is about, in words that go behind what it asks."""
    parts = []
    for name, values in (where or {}).items():
        one = isinstance(values, str) or np.ndim(values) == 0
        words = [str(values)] if one else [str(value) for value in values]
        shown = f"{', '.join(words[:3])}{' and others' if len(words) > 3 else ''}"
        parts.append(shown if name == c.ITEM else f"{name} {shown}")
    return " and ".join(parts)
