"""What every rule of a price list has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from newretail_ml.pricing.price_list.board import Board, Said
from newretail_ml.pricing.price_list.products import selected, values_of


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """A rule that a price list must keep.

    Args:
        name: by which answers name it; says what it asks where left out.
        where: which products it is about: column -> value or values, among the keys and the
            columns of the costs; None for all.
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
    def on(self, board: Board) -> Said:
        """What it says of the price points of a board."""

    def _about(self, board: Board) -> np.ndarray:
        return selected(board.products, self.where, self.title)

    def _values(self, board: Board, values: object) -> np.ndarray:
        return values_of(board.products, values, self.title)

    def _only(self, board: Board, allowed: np.ndarray) -> Said:
        """Allows points of the products that it is about, and all of others."""
        return Said(allowed=allowed | ~self._about(board)[:, None])


def told(where: Mapping[str, Any] | None) -> str:
    """Which products a rule is about, in words that go behind what it asks."""
    parts = []
    for name, values in (where or {}).items():
        one = isinstance(values, str) or np.ndim(values) == 0
        words = [str(values)] if one else [str(value) for value in values]
        parts.append(f"{name} {', '.join(words[:3])}{' and others' if len(words) > 3 else ''}")
    return f" for {' and '.join(parts)}" if parts else ""


def percent(share: float) -> str:
    """A share as percent, without needless decimals."""
    return f"{100 * share:.4g}%"
