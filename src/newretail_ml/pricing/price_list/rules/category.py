"""Rules over many products: average price, average index, revenue, number of changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing.price_list.board import CLOSE, Board, Rows, Said
from newretail_ml.pricing.price_list.products import COSTS
from newretail_ml.pricing.price_list.rules.base import Rule, percent, told


@dataclass(frozen=True)
class AveragePrice(Rule):
    """The mean of price over reference stays in a band: average price held, or an index.

    Args:
        at_most, at_least: bounds of the mean ratio; equal ones hold it, a band leaves room for
            price points, which seldom give a mean to the digit.
        reference: None for current prices, or a column of the costs, such as a competitor's
            prices, or item_id -> price; products without one are left out.
        weights: column of the costs to weigh by; equal weights where left out.
        by: column by whose values means are taken one by one, such as category or location_id.
    """

    at_most: float | None = 1.0
    at_least: float | None = None
    reference: object = None
    weights: str | None = None
    by: str | None = None

    def __post_init__(self) -> None:
        if self.at_most is None and self.at_least is None:
            raise DataError("an average price without a bound", next_step="Give at_most.")
        for name in ("at_most", "at_least"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), above=0.0)

    def asks(self) -> str:
        """What it asks."""
        to = "current prices" if self.reference is None else "reference prices"
        to = self.reference if isinstance(self.reference, str) else to
        parts = [] if self.at_least is None else [f"at least {self.at_least:g}"]
        parts += [] if self.at_most is None else [f"at most {self.at_most:g}"]
        by = f" by {self.by}" if self.by else ""
        return f"mean of price over {to} {' and '.join(parts)}{by}{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        given = self.reference
        reference = board.current if given is None else self._values(board, given)
        weights = np.ones(len(reference))
        if self.weights is not None:
            weights = self._values(board, self.weights)
        about = self._about(board) & np.isfinite(reference) & np.isfinite(weights)
        rows = []
        for members in _by(board, self.by, about, self.title):
            share = weights[members] / weights[members].sum()
            ratio = np.where(board.real, board.points, 0.0)[members]
            values = (share / reference[members])[:, None] * ratio
            for limit, sign in ((self.at_most, 1.0), (self.at_least, -1.0)):
                if limit is not None:
                    at_most = sign * limit + CLOSE * abs(limit)
                    rows.append(Rows(members[None], sign * values[None], np.array([at_most])))
        return Said(rows=tuple(rows))


@dataclass(frozen=True)
class RevenueHeld(Rule):
    """Expected revenue is at least a share of that at current prices."""

    share: float = 1.0

    def __post_init__(self) -> None:
        check_number("share", self.share)

    def asks(self) -> str:
        """What it asks."""
        return f"revenue at least {percent(self.share)} of the current{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        return Said(revenue=self.share, among=self._about(board))


@dataclass(frozen=True)
class MostChanges(Rule):
    """At most so many prices change."""

    count: int

    def __post_init__(self) -> None:
        check_whole("count", self.count)

    def asks(self) -> str:
        """What it asks."""
        return f"at most {self.count:,} changes{told(self.where)}"

    def on(self, board: Board) -> Said:
        """What it says."""
        members = np.flatnonzero(self._about(board))
        values = board.changed[members].astype(float)
        return Said(rows=(Rows(members[None], values[None], np.array([float(self.count)])),))


def _by(board: Board, by: str | None, about: np.ndarray, title: str) -> list[np.ndarray]:
    members = np.flatnonzero(about)
    if by is None:
        return [members] if len(members) else []
    if by not in board.products:
        raise DataError(
            f"the rule '{title}' is by a column that there is not",
            table=COSTS,
            column=by,
            next_step="Add it to the costs.",
        )
    groups = pd.Series(members).groupby(board.products[by].iloc[members].to_numpy(), sort=False)
    return [group.to_numpy() for _, group in groups]
