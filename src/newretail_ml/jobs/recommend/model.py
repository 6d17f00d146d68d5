"""A fitted recommender in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from newretail_ml.jobs.saved import Saved
from newretail_ml.recommendation import Recommender


@dataclass(frozen=True)
class SavedRecommender(Saved):
    """A recommender that was fitted before.

    Args:
        path, address, version: see `Saved`.
        up_to_date: whether it holds the histories of all customers until now.
    """

    up_to_date: bool = False

    def facts(self) -> dict[str, Any]:
        """For the digest and the tracker; where the file lies does not matter."""
        histories = "of all customers" if self.up_to_date else "of each partition"
        return {**super().facts(), "histories": histories}

    def load(self) -> Recommender:
        """The model.

        Raises:
            DataError: the file holds no recommender.
        """
        return self.opened(Recommender, "recommender")  # type: ignore[type-abstract]
