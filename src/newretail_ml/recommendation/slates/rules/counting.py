"""Rules on how many of a slate's items are of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.recommendation.slates.candidates import Candidates
from newretail_ml.recommendation.slates.rules.base import Count, Said, SlateRule, told


@dataclass(frozen=True)
class AtMostPer(SlateRule):
    """At most so many items of each brand, or of each category, in a slate.

    Args:
        by: column of the items; items without a value are not counted.
        count: items of each value.
    """

    by: str
    count: int

    def __post_init__(self) -> None:
        check_whole("count", self.count, at_least=1)

    def asks(self) -> str:
        """What it asks."""
        return f"at most {self.count} of each {self.by}{_for(self.where)}"

    def on(self, candidates: Candidates, k: int) -> Said:  # noqa: ARG002
        """What it says."""
        code, n = self._codes(candidates, self.by)
        return Said(count=Count(code, np.full(n, self.count), np.zeros(n, int)))


@dataclass(frozen=True)
class AtLeastDifferent(SlateRule):
    """Items of at least so many different categories, or brands, in a slate.

    Args:
        by: column of the items; items without a value do not count.
        count: different values. Who has candidates of fewer is shown all of those.
    """

    by: str
    count: int

    def __post_init__(self) -> None:
        check_whole("count", self.count, at_least=1)

    def asks(self) -> str:
        """What it asks."""
        return f"at least {self.count} different {self.by}{_for(self.where)}"

    def on(self, candidates: Candidates, k: int) -> Said:
        """What it says."""
        _within(self.title, self.count, k)
        code, n = self._codes(candidates, self.by)
        return Said(count=Count(code, np.full(n, k), np.zeros(n, int), self.count))


@dataclass(frozen=True)
class AtLeast(SlateRule):
    """At least so many of the items that it is about in a slate."""

    count: int = 1

    def __post_init__(self) -> None:
        check_whole("count", self.count, at_least=1)

    def asks(self) -> str:
        """What it asks."""
        return f"at least {self.count} of {told(self.where) or 'all'}"

    def on(self, candidates: Candidates, k: int) -> Said:
        """What it says."""
        _within(self.title, self.count, k)
        code = np.where(self._about(candidates), 0, -1)
        return Said(count=Count(code, np.array([k]), np.array([self.count])))


@dataclass(frozen=True)
class Mix(SlateRule):
    """So many slots of each kind at least, as {"repeat": 6, "discovery": 4}.

    Args:
        slots: slots of each kind, by the column slot of the lists.
    """

    slots: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {"repeat", "discovery"}
        if not self.slots or not set(self.slots) <= known:
            raise DataError(
                f"the mix {dict(self.slots)} does not name repeat or discovery",
                next_step='Write it as {"repeat": 6, "discovery": 4}.',
            )
        for kind, count in self.slots.items():
            check_whole(f"slots of {kind}", count)

    def asks(self) -> str:
        """What it asks."""
        parts = [f"{count} {kind}" for kind, count in self.slots.items()]
        return f"at least {' and '.join(parts)}"

    def on(self, candidates: Candidates, k: int) -> Said:
        """What it says."""
        _within(self.title, sum(self.slots.values()), k)
        kinds = self._values(candidates, c.SLOT, "")
        code = np.full(kinds.shape, -1)
        for number, kind in enumerate(self.slots):
            code[(kinds == kind) & self._about(candidates)] = number
        at_least = np.array(list(self.slots.values()), int)
        return Said(count=Count(code, np.full(len(at_least), k), at_least))


def _for(where: Mapping[str, object] | None) -> str:
    return f" for {told(where)}" if where else ""


def _within(title: str, needed: int, k: int) -> None:
    if needed > k:
        raise DataError(
            f"the rule '{title}' needs {needed} slots of {k}",
            next_step="Ask for less, or plan longer slates.",
        )
