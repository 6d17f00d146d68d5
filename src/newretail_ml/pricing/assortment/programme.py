"""Best lists under mixtures of customers: a mixed-integer programme with a proven gap."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from newretail_ml.pricing.assortment.options import NOT_LISTED, Options
from newretail_ml.pricing.assortment.rules import Settled

if TYPE_CHECKING:
    from scipy.optimize import LinearConstraint

PROVEN = 1e-6


@dataclass
class Rows:
    """Sparse rows of a programme, and the largest value of each."""

    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    lower: list[np.ndarray] = field(default_factory=list)
    upper: list[np.ndarray] = field(default_factory=list)
    count: int = 0

    def add(
        self,
        parts: list[tuple[np.ndarray, np.ndarray | float]],
        *,
        lower: np.ndarray | float = -np.inf,
        upper: np.ndarray | float = np.inf,
        rows: int,
    ) -> None:
        """Rows of equal shape: (columns of each row, coefficients), both (rows, ...)."""
        number = np.arange(self.count, self.count + rows)
        for columns, values in parts:
            columns = columns.reshape(rows, -1)
            values = np.broadcast_to(
                values if np.ndim(values) != 1 else np.reshape(values, (rows, -1)), columns.shape
            )
            row = np.broadcast_to(number[:, None], columns.shape)
            self.entries.append((row.ravel(), columns.ravel(), values.ravel()))
        self.lower.append(np.broadcast_to(lower, (rows,)))
        self.upper.append(np.broadcast_to(upper, (rows,)))
        self.count += rows

    def constraint(self, n_columns: int) -> LinearConstraint:
        """All rows together."""
        from scipy.optimize import LinearConstraint

        row, column, value = (np.concatenate(each) for each in zip(*self.entries, strict=True))
        matrix = sparse.csr_array((value, (row, column)), shape=(self.count, n_columns))
        return LinearConstraint(matrix, np.concatenate(self.lower), np.concatenate(self.upper))


class Programme:
    """Lists of one or more markets, each with its classes of customers and its rules.

    Chances of choosing are variables: for each class q of buying nothing and p of each option,
    with p = attraction / outside * q where the option is listed (Bront, Mendez-Diaz and Vulcano
    2009, Operations Research 57; Mendez-Diaz et al. 2014, Discrete Applied Mathematics 164).
    """

    def __init__(self) -> None:
        self.rows = Rows()
        self.cost: list[np.ndarray] = []
        self.upper: list[np.ndarray] = []
        self.whole: list[np.ndarray] = []
        self.n_columns = 0
        self._markets: list[tuple[Options, np.ndarray, np.ndarray]] = []

    def columns(self, cost: np.ndarray, upper: np.ndarray, *, whole: bool = False) -> np.ndarray:
        """New variables from 0 to upper, and what each costs; their positions."""
        first = self.n_columns
        self.n_columns += len(cost)
        self.cost.append(np.asarray(cost, float))
        self.upper.append(np.asarray(upper, float))
        self.whole.append(np.full(len(cost), float(whole)))
        return np.arange(first, self.n_columns)

    def market(self, options: Options, rules: Settled) -> np.ndarray:
        """Add one market; (n, points) positions of its listing variables, -1 where none."""
        product, point = np.nonzero(options.open)
        cost = rules.fixed_cost[product]
        listing = self.columns(cost, (~rules.never[product]).astype(float), whole=True)
        place = np.full(options.open.shape, -1)
        place[product, point] = listing
        self._rules(place, rules)
        for number in range(len(options.customers)):
            self._class(options, number, listing, (product, point), rules)
        self._markets.append((options, place, product))
        return place

    def _rules(self, place: np.ndarray, rules: Settled) -> None:
        product, point = np.nonzero(place >= 0)
        listing = place[product, point][None, :]
        for one, kept in zip(place, rules.keep, strict=True):
            own = one[one >= 0][None, :]
            self.rows.add([(own, 1.0)], lower=float(kept), upper=1.0, rows=1)
        self.rows.add([(listing, 1.0)], lower=rules.at_least, upper=rules.at_most, rows=1)
        if not rules.roomy:
            self.rows.add([(listing, rules.space[product][None, :])], upper=rules.room, rows=1)

    def _class(
        self,
        options: Options,
        number: int,
        listing: np.ndarray,
        where: tuple[np.ndarray, np.ndarray],
        rules: Settled,
    ) -> None:
        outside = options.outside[number]
        ratio = options.attraction[number][where] / outside
        gain = options.gain[number][where] * options.customers[number]
        lowest, highest = _chance_of_nothing(ratio, where[0], rules)
        none = self.columns(np.zeros(1), np.array([highest]))
        chance = self.columns(-gain, np.minimum(ratio * highest, 1.0))
        n = len(chance)
        self.rows.add([(none[None, :], 1.0), (chance[None, :], 1.0)], lower=1.0, upper=1.0, rows=1)
        alone = ratio / (1 + ratio)
        self.rows.add([(chance, 1.0), (listing, -alone)], upper=0.0, rows=n)
        scale = np.maximum(ratio, 1.0)
        self.rows.add([(chance, 1 / scale), (listing, -ratio / scale * lowest)], lower=0.0, rows=n)
        for product in np.unique(where[0]):
            self._one_price(
                none, chance, listing, ratio, np.flatnonzero(where[0] == product), highest
            )

    def _one_price(
        self,
        none: np.ndarray,
        chance: np.ndarray,
        listing: np.ndarray,
        ratio: np.ndarray,
        own: np.ndarray,
        highest: float,
    ) -> None:
        """Of a product's options one at most is listed, and then p = ratio * q.

        Options that hardly anybody takes are left out, so that no coefficient is tiny.
        """
        own = own[ratio[own] > 1e-6 * max(1.0, float(ratio[own].max()))]
        if not len(own):
            return
        scale = min(float(ratio[own].min()), 1.0)
        part = scale / ratio[own][None, :]
        pair = [(chance[own][None, :], part), (none[None, :], -scale)]
        self.rows.add(pair, upper=0.0, rows=1)
        gone = np.full((1, len(own)), -scale * highest)
        self.rows.add([*pair, (listing[own][None, :], gone)], lower=-scale * highest, rows=1)

    def solve(self, time_limit: float) -> tuple[list[np.ndarray] | None, float]:
        """Points of each market's products, if a list was found, and a bound on the money."""
        from scipy.optimize import Bounds, milp

        cost = np.concatenate(self.cost)
        scale = max(float(np.abs(cost).max()), 1e-300) / 1e3
        done = milp(
            cost / scale,
            integrality=np.concatenate(self.whole),
            bounds=Bounds(0.0, np.concatenate(self.upper)),
            constraints=self.rows.constraint(self.n_columns),
            options={"mip_rel_gap": PROVEN / 10, "time_limit": time_limit},
        )
        bound = np.inf if done.mip_dual_bound is None else -done.mip_dual_bound * scale
        if done.x is None:
            return None, bound
        return [self._chosen(place, done.x) for _, place, _ in self._markets], bound

    @staticmethod
    def _chosen(place: np.ndarray, values: np.ndarray) -> np.ndarray:
        marked = np.where(place >= 0, values[np.maximum(place, 0)], 0.0)
        return np.where(marked.max(axis=1) > 0.5, marked.argmax(axis=1), NOT_LISTED)


def _chance_of_nothing(
    ratio: np.ndarray, product: np.ndarray, rules: Settled
) -> tuple[float, float]:
    """Smallest and largest chance of buying nothing under any list that keeps the rules."""
    least = np.full(len(rules.keep), np.inf)
    most = np.zeros(len(rules.keep))
    np.minimum.at(least, product, ratio)
    np.maximum.at(most, product, ratio)
    kept = least[rules.keep].sum()
    others = np.sort(most[~rules.keep & ~rules.never])[::-1]
    free = max(rules.at_most - int(rules.keep.sum()), 0)
    largest = most[rules.keep].sum() + others[:free].sum()
    return float(1 / (1 + largest)), float(1 / (1 + kept))
