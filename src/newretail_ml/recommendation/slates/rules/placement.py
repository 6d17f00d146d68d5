"""Contracts: what must be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.recommendation.slates.candidates import Candidates
from newretail_ml.recommendation.slates.rules.base import Said, Showing, SlateRule, told


@dataclass(frozen=True)
class Placement(SlateRule):
    """An item or a brand must be in a share of the slates, as a contract has it.

    It is shown to those who lose least by it, and only to those who have it among their
    candidates: add the item to the lists of all to whom it may be shown.

    Args:
        share: of all slates.
        at_rank: the last rank that counts; None for any.
        channel: the contract is about this channel alone; None for any.
    """

    share: float = 1.0
    at_rank: int | None = None
    channel: str | None = None

    def __post_init__(self) -> None:
        check_number("share", self.share, above=0.0, at_most=1.0)
        if self.at_rank is not None:
            check_whole("at_rank", self.at_rank, at_least=1)
        if not self.where:
            raise DataError(
                "a placement of nothing",
                next_step='Say of what, as Placement(where={"brand": "Cedar"}, share=0.2).',
            )

    def asks(self) -> str:
        """What it asks."""
        rank = f" at rank {self.at_rank}" if self.at_rank == 1 else ""
        rank = f" at ranks 1 to {self.at_rank}" if (self.at_rank or 1) > 1 else rank
        place = f" by {self.channel}" if self.channel else ""
        return f"{told(self.where)} in {100 * self.share:.4g}% of slates{rank}{place}"

    def on(self, candidates: Candidates, k: int) -> Said:
        """What it says."""
        if self.channel is not None and candidates.channel is None:
            raise DataError(
                f"the rule '{self.title}' is about a channel, and the slates are for any",
                next_step="Pass channel= to plan_slates.",
            )
        if self.channel not in (None, candidates.channel):
            return Said()
        last = k if self.at_rank is None else min(self.at_rank, k)
        member: np.ndarray = self._about(candidates)
        return Said(showing=Showing(member, self.share, last))
