"""Rules about prices that stay, and what changes cost."""

from __future__ import annotations

from dataclasses import dataclass

from newretail_ml.checks import check_number
from newretail_ml.pricing.price_list.board import Board, Said
from newretail_ml.pricing.price_list.rules.base import Rule, told


@dataclass(frozen=True)
class Keep(Rule):
    """Prices stay as they are."""

    def asks(self) -> str:
        """What it asks."""
        return f"prices kept{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        return self._only(board, ~board.changed)


@dataclass(frozen=True)
class KeepUnidentified(Rule):
    """Prices stay where the data cannot tell how demand answers. Part of every list by default."""

    def asks(self) -> str:
        """What it asks."""
        return f"prices kept where the response is not identified{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        return self._only(board, ~board.changed | board.identified[:, None])


@dataclass(frozen=True)
class ChangeCost(Rule):
    """Each change costs money, so that only changes that earn more are made.

    Args:
        cost: of a changed price in a period of the response, such as its new label.
    """

    cost: float = 0.0

    def __post_init__(self) -> None:
        check_number("cost", self.cost)

    def asks(self) -> str:
        """What it asks."""
        return f"a change costs {self.cost:g}{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        return Said(charge=self.cost * (board.changed & self._about(board)[:, None]))
