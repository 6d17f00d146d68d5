"""Rules that tie prices to one another: sizes, brands, private labels, places and channels.

Each link is written as: where one price is at least t, the other is at least what goes with t; one
row for each t. These rows describe the allowed pairs exactly, without gaps for halves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.pricing.price_list.board import CLOSE, Board, Rows, Said
from newretail_ml.pricing.price_list.products import COSTS, rows_of, selected
from newretail_ml.pricing.price_list.rules.base import Rule, percent


@dataclass(frozen=True)
class PriceLink(Rule):
    """An item's price is at most, or at least, so many times the price of another item.

    Where the response has several places, the link holds in each that has both. With `where`,
    only there.

    Args:
        item: its item_id.
        other: the item_id that it is measured by.
        at_most, at_least: times the other's price; at_most=0.75 is at least 25% below.

    >>> PriceLink("own", "brand", at_most=0.75).title
    'own at most 0.75 times the price of brand'
    """

    item: str
    other: str
    at_most: float | None = None
    at_least: float | None = None

    def __post_init__(self) -> None:
        if self.at_most is None and self.at_least is None:
            raise DataError(f"the link of {self.item} asks for nothing", next_step="Give at_most.")
        for name in ("at_most", "at_least"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), above=0.0)

    def asks(self) -> str:
        """What it asks."""
        parts = [] if self.at_least is None else [f"at least {self.at_least:g}"]
        parts += [] if self.at_most is None else [f"at most {self.at_most:g}"]
        return f"{self.item} {' and '.join(parts)} times the price of {self.other}"

    def on(self, board: Board) -> Said:
        """What it says."""
        first, second = (
            np.flatnonzero(selected(board.products, {c.ITEM: one}, self.title))
            for one in (self.item, self.other)
        )
        first = first[self._about(board)[first]]
        places = [name for name in board.keys if name != c.ITEM]
        found = np.zeros(len(first), int)
        if places:
            table = board.products.iloc[second]
            found = rows_of(board.products.iloc[first], table, places)
        pairs = first[found >= 0], second[found[found >= 0]]
        rows = []
        if self.at_most is not None:
            rows.append(ordered(board, *pairs, self.at_most))
        if self.at_least is not None:
            rows.append(ordered(board, pairs[1], pairs[0], 1.0 / self.at_least))
        return Said(rows=tuple(rows))


@dataclass(frozen=True)
class SizeLinks(Rule):
    """A bigger pack is not dearer a unit of content than a smaller one of its family.

    Args:
        family: column of the costs that names the family; products without one are free.
        size: column of the costs with the content of a pack.
        saving: share by which the bigger pack must be cheaper a unit of content.
    """

    family: str = "family"
    size: str = c.PACK_SIZE
    saving: float = 0.0

    def __post_init__(self) -> None:
        check_number("saving", self.saving, at_most=0.99)

    def asks(self) -> str:
        """What it asks."""
        much = f" by {percent(self.saving)}" if self.saving else ""
        return f"bigger packs of a {self.family} cheaper{much} by content"

    def on(self, board: Board) -> Said:
        """What it says."""
        size = self._values(board, self.size)
        places = [name for name in board.keys if name != c.ITEM]
        pairs = _neighbours(
            board.products.assign(size_=size), [self.family, *places], self._about(board)
        )
        small, big = pairs[:, 0], pairs[:, 1]
        return Said(rows=(ordered(board, big, small, size[big] / size[small] * (1 - self.saving)),))


@dataclass(frozen=True)
class SamePrice(Rule):
    """One price across places or channels, or prices within a gap of one another.

    Args:
        across: key column over which prices are the same, such as location_id or channel; all
            products that agree in the other keys are tied.
        within: money by which they may differ.
    """

    across: str = c.LOCATION
    within: float = 0.0

    def __post_init__(self) -> None:
        check_number("within", self.within)

    def asks(self) -> str:
        """What it asks."""
        if self.within:
            return f"prices within {self.within:g} across {self.across}"
        return f"one price across {self.across}"

    def groups(self, products: pd.DataFrame, keys: Sequence[str]) -> list[np.ndarray]:
        """Positions of the products that are tied, group by group.

        Raises:
            DataError: there is no such key.
        """
        if self.across not in keys:
            raise DataError(
                f"the rule '{self.title}' is across a key that the response does not have",
                column=self.across,
                next_step=f"Choose one of {', '.join(keys)}.",
            )
        about = selected(products, self.where, self.title)
        others = [name for name in keys if name != self.across]
        chosen = products[about].reset_index(drop=True)
        position = np.flatnonzero(about)
        if not others:
            return [position] if len(position) > 1 else []
        codes = chosen.groupby(others, sort=False).ngroup().to_numpy()
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order])) + 1
        return [position[one] for one in np.split(order, starts) if len(one) > 1]

    def on(self, board: Board) -> Said:
        """What it says."""
        pairs = [np.empty((0, 2), int)]
        for group in self.groups(board.products, board.keys):
            if self.within:
                first, second = np.triu_indices(len(group), 1)
                pairs.append(np.column_stack([group[first], group[second]]))
            else:
                pairs.append(np.column_stack([group[:-1], group[1:]]))
        first, second = np.concatenate(pairs).T
        return Said(
            rows=(
                ordered(board, first, second, 1.0, self.within),
                ordered(board, second, first, 1.0, self.within),
            )
        )


def ordered(
    board: Board,
    lower: np.ndarray,
    upper: np.ndarray,
    times: np.ndarray | float,
    plus: float = 0.0,
) -> Rows:
    """Price of `lower` <= times x price of `upper` + plus, for each pair.

    One row a price point k of `lower`: if its price is at least that of k, that of `upper` is
    among the points that go with k.
    """
    first, n_points = board.points[lower], board.points.shape[1]
    real, other = board.real[lower], board.real[upper]
    most = np.broadcast_to(times, len(upper))[:, None] * board.points[upper] + plus
    goes = (most[:, None, :] >= first[:, :, None] * (1 - CLOSE)) & other[:, None, :]
    from_k = np.arange(n_points)[None, None, :] >= np.arange(n_points)[None, :, None]
    from_k = from_k & real[:, None, :] & real[:, :, None]
    values = np.stack([from_k.astype(float), -goes.astype(float)], 2)
    needed = real & (goes.sum(axis=2) < other.sum(axis=1)[:, None])
    pair, _ = np.nonzero(needed)
    return Rows(
        products=np.column_stack([lower, upper])[pair],
        values=values[needed],
        at_most=np.zeros(len(pair)),
    )


def _neighbours(products: pd.DataFrame, group: list[str], about: np.ndarray) -> np.ndarray:
    """(pairs, 2) positions of packs that follow one another in size within their group.

    Packs of one size are not linked to one another; each is linked to all of the next size.
    """
    missing = [name for name in group if name not in products]
    if missing:
        raise DataError(
            "a rule about sizes asks for a column that there is not",
            table=COSTS,
            column=missing[0],
            next_step="Add it to the costs.",
        )
    known = about & products[[*group, "size_"]].notna().all(axis=1).to_numpy()
    rows = products[known].sort_values([*group, "size_"], kind="stable")
    rank = rows.groupby(group, sort=False, observed=True)["size_"].rank("dense").astype(int)
    small = rows[group].assign(rank_=rank, small_=rows.index)
    big = rows[group].assign(rank_=rank - 1, big_=rows.index)
    return small.merge(big, on=[*group, "rank_"])[["small_", "big_"]].to_numpy(int)
