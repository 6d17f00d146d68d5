"""Rules that look at one product at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.pricing.price_list.board import CLOSE, Board, Said
from newretail_ml.pricing.price_list.rules.base import Rule, percent, told

Values = object


@dataclass(frozen=True)
class MarginFloor(Rule):
    """The margin is at least a share of the price, or at least so much money a unit.

    Args:
        share: of the price, such as 0.15.
        money: a unit.

    >>> MarginFloor(0.15).title
    'margin at least 15% of the price'
    """

    share: float | None = None
    money: float | None = None

    def __post_init__(self) -> None:
        _need_one(self.title, share=self.share, money=self.money)
        if self.share is not None:
            check_number("share", self.share, at_least=-1e6, at_most=1.0)
        if self.money is not None:
            check_number("money", self.money, at_least=None)

    def asks(self) -> str:
        """What it asks."""
        parts = [] if self.share is None else [f"{percent(self.share)} of the price"]
        parts += [] if self.money is None else [f"{self.money:g} a unit"]
        return f"margin at least {' and '.join(parts)}{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        margin = board.points - board.cost[:, None]
        allowed = np.ones(board.points.shape, bool)
        if self.share is not None:
            allowed &= margin >= (self.share - CLOSE) * board.points
        if self.money is not None:
            allowed &= margin >= self.money - CLOSE * board.points
        return self._only(board, allowed)


@dataclass(frozen=True)
class NeverBelowCost(Rule):
    """No price is below the unit cost. Part of every list unless it is allowed there."""

    def asks(self) -> str:
        """What it asks."""
        return f"never below cost{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        return self._only(board, board.points >= board.cost[:, None] * (1 - CLOSE))


@dataclass(frozen=True)
class MaxChange(Rule):
    """No price moves further from the current one than a share of it.

    Args:
        share: up and down, such as 0.1.
        up, down: where the two differ; 0 forbids that direction.
    """

    share: float | None = None
    up: float | None = None
    down: float | None = None

    def __post_init__(self) -> None:
        _need_one(self.title, share=self.share, up=self.up, down=self.down)
        for name in ("share", "up", "down"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name))

    def _limits(self) -> tuple[float, float]:
        wide = np.inf if self.share is None else self.share
        return (
            wide if self.down is None else self.down,
            wide if self.up is None else self.up,
        )

    def asks(self) -> str:
        """What it asks."""
        if self.up is None and self.down is None and self.share is not None:
            return f"change at most {percent(self.share)}{told(self.where)}"
        parts = [
            f"{percent(limit)} {word}"
            for limit, word in zip(self._limits(), ("down", "up"), strict=True)
            if np.isfinite(limit)
        ]
        return f"change at most {' and '.join(parts)}{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        down, up = self._limits()
        share = board.points / board.current[:, None] - 1.0
        return self._only(board, (share >= -down - CLOSE) & (share <= up + CLOSE))


@dataclass(frozen=True)
class SmallestChange(Rule):
    """A price stays, or changes by at least a share of it: no new labels for a cent."""

    share: float = 0.02

    def __post_init__(self) -> None:
        check_number("share", self.share)

    def asks(self) -> str:
        """What it asks."""
        return f"change at least {percent(self.share)} or not at all{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        share = np.abs(board.points / board.current[:, None] - 1.0)
        return self._only(board, (share >= self.share - CLOSE) | ~board.changed)


@dataclass(frozen=True)
class CompetitorIndex(Rule):
    """Each price is at most, or at least, so many times the competitor's.

    Args:
        at_most, at_least: times the competitor's price.
        prices: a column of the costs, or item_id -> price; products without one are free.
    """

    at_most: float | None = None
    at_least: float | None = None
    prices: Values = "competitor_price"

    def __post_init__(self) -> None:
        _need_one(self.title, at_most=self.at_most, at_least=self.at_least)
        _check_band(self.at_most, self.at_least)

    def asks(self) -> str:
        """What it asks."""
        return f"{band(self.at_most, self.at_least)} the competitor's price{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        other = self._values(board, self.prices)[:, None]
        return self._only(board, within(board.points / other, self.at_most, self.at_least))


@dataclass(frozen=True)
class PriceBounds(Rule):
    """Prices within bounds: minimum advertised prices (MAP), list prices, legal limits.

    Args:
        lowest, highest: a number, a column of the costs, or item_id -> price.
    """

    lowest: Values | None = None
    highest: Values | None = None

    def __post_init__(self) -> None:
        _need_one(self.title, lowest=self.lowest, highest=self.highest)

    def asks(self) -> str:
        """What it asks."""
        parts = [] if self.lowest is None else [f"at least {_bound(self.lowest)}"]
        parts += [] if self.highest is None else [f"at most {_bound(self.highest)}"]
        return f"price {' and '.join(parts)}{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        allowed = np.ones(board.points.shape, bool)
        if self.lowest is not None:
            low = self._values(board, self.lowest)[:, None]
            allowed &= ~(board.points < low * (1 - CLOSE))
        if self.highest is not None:
            high = self._values(board, self.highest)[:, None]
            allowed &= ~(board.points > high * (1 + CLOSE))
        return self._only(board, allowed)


def within(
    ratio: np.ndarray, at_most: float | None, at_least: float | None, slack: float = CLOSE
) -> np.ndarray:
    """Where ratios are in a band; those that are not known are."""
    inside = np.ones(np.shape(ratio), bool)
    if at_most is not None:
        inside &= ~(ratio > at_most * (1 + slack))
    if at_least is not None:
        inside &= ~(ratio < at_least * (1 - slack))
    return inside


def band(at_most: float | None, at_least: float | None) -> str:
    """A band of ratios, in words."""
    parts = [] if at_least is None else [f"at least {at_least:g}"]
    parts += [] if at_most is None else [f"at most {at_most:g}"]
    return f"{' and '.join(parts)} times"


def _check_band(at_most: float | None, at_least: float | None) -> None:
    for name, value in (("at_most", at_most), ("at_least", at_least)):
        if value is not None:
            check_number(name, value, above=0.0)


def _bound(values: Values) -> str:
    return (
        f"{values:g}"
        if isinstance(values, int | float)
        else (values if isinstance(values, str) else "the given prices")
    )


def _need_one(title: str, **given: object) -> None:
    if all(value is None for value in given.values()):
        raise DataError(
            f"the rule '{title}' asks for nothing",
            next_step=f"Give {' or '.join(given)}.",
        )
