"""Rules of markdown: when prices may change, in which direction, and how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml.checks import as_dates, check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.panel import Periods


@dataclass(frozen=True)
class MarkdownRules:
    """When and how far prices may change.

    Attributes:
        only_down: prices never rise again.
        every: prices may change in the first period and every so many periods after it.
        dates: prices may change only in the periods with these dates; with `every`, only where
            both allow it. None: in all.
        smallest_step, largest_step: of one change, as a share of the price before it.
        most_changes: in the time left; None for any number.
        lowest_share: lowest price as a share of today's.

    Raises:
        DataError: a number is out of its range.

    >>> MarkdownRules(every=2, smallest_step=0.1).largest_step
    1.0
    """

    only_down: bool = True
    every: int = 1
    dates: Sequence[Any] | None = None
    smallest_step: float = 0.0
    largest_step: float = 1.0
    most_changes: int | None = None
    lowest_share: float = 0.0

    def __post_init__(self) -> None:
        check_whole("every", self.every, at_least=1)
        check_number("smallest_step", self.smallest_step, at_most=1.0)
        check_number("largest_step", self.largest_step, above=0.0)
        check_number("lowest_share", self.lowest_share, at_most=1.0)
        if self.most_changes is not None:
            check_whole("most_changes", self.most_changes)
        if self.smallest_step > self.largest_step:
            raise DataError(
                f"the smallest step, {self.smallest_step:g}, is above the largest, "
                f"{self.largest_step:g}",
                next_step="Correct them.",
            )

    def open_periods(self, periods: Periods) -> np.ndarray:
        """(horizon,) whether prices may change in each period."""
        allowed = np.arange(len(periods)) % self.every == 0
        if self.dates is None:
            return allowed
        dates = as_dates(pd.Series(list(self.dates), name="dates"), "rules")
        places = periods.position(dates)
        inside = places[(places >= 0) & (places < len(periods))]
        named = np.zeros(len(periods), bool)
        named[inside] = True
        return allowed & named

    def moves(self, prices: np.ndarray) -> np.ndarray:
        """(n, points, points) whether the column's price may follow the row's, (n, points)."""
        before, after = prices[:, :, None], prices[:, None, :]
        with np.errstate(invalid="ignore"):
            share = (after - before) / before
            size = np.abs(share)
            fits = (size >= self.smallest_step - 1e-9) & (size <= self.largest_step + 1e-9)
            return fits & (size > 0) & ((share < 0) | (not self.only_down))
