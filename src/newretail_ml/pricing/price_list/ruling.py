"""All rules of a price list put together: what they allow, and what they sum up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.pricing.price_list.board import Board, Rows, Said
from newretail_ml.pricing.price_list.rules.base import Rule


@dataclass(frozen=True, eq=False)
class Ruling:
    """Some rules on a board.

    Attributes:
        board: products and points.
        said: what each rule says, by its title.
        spared: (n,) by title, prices that stay although the rule forbids them, because their
            response is not identified.
    """

    board: Board
    said: dict[str, Said]
    spared: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, board: Board, rules: Sequence[Rule], *, spare: bool = False) -> Ruling:
        """Compile rules.

        Args:
            board: products and points.
            rules: to be kept.
            spare: whether products that are not identified may stay at their current price,
                whatever rules of single products say.

        Raises:
            DataError: it is no rule, or two have the same name.
        """
        for rule in rules:
            if not isinstance(rule, Rule):
                raise DataError(
                    f"a {type(rule).__name__} is not a rule of a price list",
                    next_step="Pass rules such as MarginFloor(0.15) or MaxChange(0.1).",
                )
        titles = [rule.title for rule in rules]
        repeated = sorted({title for title in titles if titles.count(title) > 1})
        if repeated:
            raise DataError(
                f"two rules are called '{repeated[0]}'", next_step="Name them apart, or drop one."
            )
        said = {title: rule.on(board) for title, rule in zip(titles, rules, strict=True)}
        return cls(board, said)._sparing() if spare else cls(board, said)

    def _sparing(self) -> Ruling:
        """The ruling under which what is not identified may stay as it is."""
        stays = self.board.real & ~self.board.changed & ~self.board.identified[:, None]
        said, spared = dict(self.said), {}
        for title, one in self.said.items():
            if one.allowed is None:
                continue
            broken = (stays & ~one.allowed).any(axis=1)
            if broken.any():
                said[title] = replace(one, allowed=one.allowed | stays)
                spared[title] = broken
        return Ruling(self.board, said, spared)

    @property
    def titles(self) -> list[str]:
        """Names of the rules."""
        return list(self.said)

    def only(self, titles: Sequence[str]) -> Ruling:
        """Some of the rules alone."""
        return Ruling(self.board, {title: self.said[title] for title in titles}, self.spared)

    def without(self, title: str) -> Ruling:
        """All rules but one."""
        return self.only([one for one in self.said if one != title])

    @property
    def allowed(self) -> np.ndarray:
        """(n, m) points that rules of single products allow."""
        allowed = self.board.real
        for said in self.said.values():
            if said.allowed is not None:
                allowed = allowed & said.allowed
        return allowed

    @property
    def rows(self) -> list[Rows]:
        """Sums over products, of all rules."""
        return [rows for said in self.said.values() for rows in said.rows if len(rows.at_most)]

    @property
    def charge(self) -> np.ndarray:
        """(n, m) money that changes cost."""
        charges = [said.charge for said in self.said.values() if said.charge is not None]
        return sum(charges, np.zeros(self.board.points.shape))

    @property
    def revenues(self) -> list[tuple[float, np.ndarray]]:
        """Shares of current revenue to be held, and over which products."""
        return [
            (said.revenue, said.among)
            for said in self.said.values()
            if said.revenue is not None and said.among is not None
        ]

    def paid(self, chosen: np.ndarray) -> float:
        """Money that the changes of a choice cost."""
        return float(self.charge[np.arange(len(chosen)), chosen].sum())

    def kept(self, chosen: np.ndarray) -> bool:
        """Whether all rules but those of revenue are kept."""
        return bool(self.allowed[np.arange(len(chosen)), chosen].all()) and all(
            rows.kept(chosen) for rows in self.rows
        )


def move_breaks(said: Said, board: Board, chosen: np.ndarray) -> np.ndarray:
    """(n, m) whether a rule forbids that one product alone moves to a point."""
    n, n_points = board.points.shape
    broken = np.zeros((n, n_points), bool) if said.allowed is None else ~said.allowed
    for rows in said.rows:
        own = np.take_along_axis(rows.values, chosen[rows.products][:, :, None], axis=2)
        room = (rows.at_most + rows.slack() - rows.sums(chosen))[:, None, None]
        over = rows.values - own > room
        hit = np.zeros((n, n_points), bool)
        np.logical_or.at(hit, rows.products.ravel(), over.reshape(-1, n_points))
        broken = broken | hit
    return broken
