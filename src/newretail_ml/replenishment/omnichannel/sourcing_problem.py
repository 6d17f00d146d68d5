"""The sourcing problem as arrays, and what an assignment of its bundles costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

NOWHERE = -1


@dataclass(frozen=True, eq=False)
class SourcingProblem:
    """Order lines in bundles: what must leave from one place together.

    If orders may be split, each line is a bundle; else each order is one.

    Attributes:
        order: (lines,) number of the order, never falling.
        bundle: (lines,) number of the bundle, never falling.
        item: (lines,) number of the item.
        units: (lines,) whole units.
        margin: (lines,) lost with a unit that is not shipped.
        parcel_cost: (orders, places) of a parcel; infinite out of reach.
        pick_cost: (places,) of a unit.
        room: (items, places) whole units that may be shipped.
        unit_loss: (items, places, units) margin lost at the counter with the first, second, ...
            unit shipped; never falls.
        split_cost: of each parcel of an order beyond the first.
    """

    order: np.ndarray
    bundle: np.ndarray
    item: np.ndarray
    units: np.ndarray
    margin: np.ndarray
    parcel_cost: np.ndarray
    pick_cost: np.ndarray
    room: np.ndarray
    unit_loss: np.ndarray
    split_cost: float

    @property
    def n_bundles(self) -> int:
        """How many bundles there are."""
        return int(self.bundle.max(initial=-1)) + 1

    @property
    def n_places(self) -> int:
        """How many places there are."""
        return len(self.pick_cost)

    @cached_property
    def order_of_bundle(self) -> np.ndarray:
        """(bundles,) number of the order."""
        return self.order[np.searchsorted(self.bundle, np.arange(self.n_bundles))]

    @cached_property
    def fits(self) -> np.ndarray:
        """(bundles, places) bool: within reach, and there is room for all lines."""
        return self.fits_into(self.room)

    def fits_into(self, room: np.ndarray) -> np.ndarray:
        """(bundles, places) bool: within reach, and all lines fit into (items, places) units."""
        enough = room[self.item] >= self.units[:, None]
        first = np.searchsorted(self.bundle, np.arange(self.n_bundles))
        if not len(first):
            return np.zeros((0, self.n_places), bool)
        together = np.logical_and.reduceat(enough, first, axis=0)
        return together & np.isfinite(self.parcel_cost[self.order_of_bundle])

    @cached_property
    def bundle_cost(self) -> np.ndarray:
        """(bundles, places) labour less the margin that shipping saves."""
        cost = np.zeros((self.n_bundles, self.n_places))
        unit = self.pick_cost[None, :] - self.margin[:, None]
        np.add.at(cost, self.bundle, unit * self.units[:, None])
        return cost

    @cached_property
    def lost_without(self) -> float:
        """Margin lost if nothing at all is shipped."""
        return float(self.margin @ self.units)

    def taken(self, place: np.ndarray) -> np.ndarray:
        """(items, places) units shipped when each bundle leaves from its place."""
        units = np.zeros(self.room.shape, dtype=np.int64)
        where = place[self.bundle]
        sent = where != NOWHERE
        np.add.at(units, (self.item[sent], where[sent]), self.units[sent])
        return units

    def cell_loss(self, units: np.ndarray) -> np.ndarray:
        """(items, places) margin lost at the counters with the units taken."""
        steps = np.arange(self.unit_loss.shape[2]) < units[..., None]
        return np.where(steps, self.unit_loss, 0.0).sum(axis=2)

    def cost(self, place: np.ndarray) -> float:
        """Parcels, splitting, labour, margin lost at counters and on what is not shipped."""
        sent = np.flatnonzero(place != NOWHERE)
        parcels = np.unique(self.order_of_bundle[sent] * self.n_places + place[sent])
        orders = parcels // self.n_places
        split = len(parcels) - len(np.unique(orders))
        shipping = self.parcel_cost[orders, parcels % self.n_places].sum()
        kept = self.bundle_cost[sent, place[sent]].sum() + self.cell_loss(self.taken(place)).sum()
        return float(shipping + split * self.split_cost + kept + self.lost_without)


def nearest_places(problem: SourcingProblem, kilometres: np.ndarray) -> np.ndarray:
    """(bundles,) the baseline: orders in turn, each from the nearest place that has all of it.

    Where no place has all, and the order may be split, each bundle leaves from the nearest
    place that has it. Bundles that no place has any more are not shipped.

    Args:
        problem: the sourcing problem.
        kilometres: (orders, places).
    """
    left = problem.room.copy()
    place = np.full(problem.n_bundles, NOWHERE)
    by_distance = np.argsort(kilometres, axis=1, kind="stable")
    starts = np.flatnonzero(np.diff(problem.order, prepend=-1))
    for lines in np.split(np.arange(len(problem.order)), starts[1:]):
        if not lines.size:
            continue
        order = problem.order[lines[0]]
        reached = by_distance[order][np.isfinite(problem.parcel_cost[order, by_distance[order]])]
        if not _send(problem, lines, reached, left, place):
            bundles = problem.bundle[lines]
            for bundle in np.unique(bundles) if bundles[0] != bundles[-1] else ():
                _send(problem, lines[bundles == bundle], reached, left, place)
    return place


def _send(
    problem: SourcingProblem,
    lines: np.ndarray,
    reached: np.ndarray,
    left: np.ndarray,
    place: np.ndarray,
) -> bool:
    item, units = problem.item[lines], problem.units[lines]
    enough = (left[item][:, reached] >= units[:, None]).all(axis=0)
    if not enough.any():
        return False
    chosen = reached[enough.argmax()]
    left[item, chosen] -= units
    place[problem.bundle[lines]] = chosen
    return True
