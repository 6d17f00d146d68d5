"""Rules on what may not be shown."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, need_columns
from newretail_ml.errors import DataError
from newretail_ml.recommendation.slates.candidates import Candidates
from newretail_ml.recommendation.slates.rules.base import Said, SlateRule, told
from newretail_ml.tables.parsing import row_of, to_text


@dataclass(frozen=True)
class Exclude(SlateRule):
    """The items that it is about are not shown."""

    def __post_init__(self) -> None:
        if not self.where:
            raise DataError(
                "a rule that excludes everything",
                next_step='Say what, as Exclude(where={"category": "tobacco"}).',
            )

    def asks(self) -> str:
        """What it asks."""
        return f"no {told(self.where)}"

    def on(self, candidates: Candidates, k: int) -> Said:  # noqa: ARG002
        """What it says."""
        return Said(allowed=~self._about(candidates))


@dataclass(frozen=True)
class LeastMargin(SlateRule):
    """Only items that earn at least so much money a unit.

    Args:
        margin: money a unit, by the column unit_margin of the items. Items whose margin is not
            known are not shown.
    """

    margin: float = 0.0

    def __post_init__(self) -> None:
        check_number("margin", self.margin, at_least=None)

    def asks(self) -> str:
        """What it asks."""
        return (
            f"margin of at least {self.margin:g}{' for ' if self.where else ''}{told(self.where)}"
        )

    def on(self, candidates: Candidates, k: int) -> Said:  # noqa: ARG002
        """What it says."""
        margin = self._numbers(candidates, c.UNIT_MARGIN)
        return Said(allowed=(margin >= self.margin) | ~self._about(candidates))


@dataclass(frozen=True)
class AgeRestriction(SlateRule):
    """Items for adults are shown to those alone who are known to be old enough.

    Args:
        minimum: column of the items with the least age in years; missing where anyone may buy.
        age: column of the customers with their age in years. Who has none is too young.
    """

    minimum: str = c.MINIMUM_AGE
    age: str = c.AGE

    def asks(self) -> str:
        """What it asks."""
        return f"{self.minimum} kept"

    def on(self, candidates: Candidates, k: int) -> Said:  # noqa: ARG002
        """What it says."""
        if self.age not in candidates.customers:
            raise DataError(
                f"the rule '{self.title}' asks for a column that there is not",
                table="customers",
                column=self.age,
                next_step="Pass customers with that column to plan_slates.",
            )
        age = pd.to_numeric(candidates.customers[self.age], errors="coerce").fillna(-np.inf)
        least = self._numbers(candidates, self.minimum)
        return Said(allowed=~(age.to_numpy(float)[:, None] < np.nan_to_num(least, nan=-np.inf)))


@dataclass(frozen=True, eq=False)
class NotAgain(SlateRule):
    """Nothing that the customer was shown lately.

    Args:
        shown: customer_id and item_id, as in the slates sent last time.
    """

    shown: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        need_columns(self.shown, "shown", [c.CUSTOMER, c.ITEM])

    def asks(self) -> str:
        """What it asks."""
        return "nothing shown lately"

    def on(self, candidates: Candidates, k: int) -> Said:  # noqa: ARG002
        """What it says."""
        keys = [c.CUSTOMER, c.ITEM]
        shown = self.shown[keys].apply(to_text).drop_duplicates()
        again = row_of(candidates.lines[keys], shown, keys) >= 0
        put = candidates.of_lines(again, False)
        return Said(allowed=~(put & self._about(candidates)))
