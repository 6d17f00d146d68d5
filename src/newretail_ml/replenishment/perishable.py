"""Perishables: stock by age, issued oldest first or freshest first, wasted when too old.

Every period: an order is placed, demand takes stock in the order of issuing, what remains ages
and the oldest is wasted, and what was ordered a lead time ago arrives fresh (with lead time 0 it
arrives before demand).

Source: De Moor, Gijsbrechts and Boute (2022), Reward shaping to improve the performance of deep
reinforcement learning in perishable inventory management; Nahmias (2011), Perishable Inventory
Systems.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import Demand, as_demand

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FIFO = "fifo"
LIFO = "lifo"


@dataclass(frozen=True)
class Perishable:
    """One item that keeps for a few periods.

    Attributes:
        demand: of a period, whole units; continuous demand is rounded. What is short is lost.
        shelf_life: periods in which a fresh unit can be sold, at least 1.
        lead_time: whole periods.
        max_order: most units an order.
        unit_cost: of a unit ordered.
        holding_cost: of a unit left at the end of a period that still keeps.
        shortage_cost: of a lost sale.
        waste_cost: of a unit wasted.
        issuing: "fifo" (oldest first) or "lifo" (customers take the freshest).
    """

    demand: Demand
    shelf_life: int
    lead_time: int
    max_order: int
    unit_cost: float
    holding_cost: float
    shortage_cost: float
    waste_cost: float
    issuing: str = FIFO

    def __post_init__(self) -> None:
        object.__setattr__(self, "demand", as_demand(self.demand))
        check_whole("shelf_life", self.shelf_life, at_least=1)
        check_whole("lead_time", self.lead_time)
        check_whole("max_order", self.max_order, at_least=1)
        for name in ("unit_cost", "holding_cost", "shortage_cost", "waste_cost"):
            check_number(name, getattr(self, name))
        if self.issuing not in (FIFO, LIFO):
            raise DataError(
                f"issuing is {self.issuing!r}", next_step=f"Choose {FIFO!r} or {LIFO!r}."
            )
        size = (self.max_order + 1) ** self.places
        if size > 300_000:
            raise DataError(
                f"{size:,} states are too many for the exact policy",
                next_step="Measure in packs, or replay a base-stock policy on sampled demand.",
            )

    @property
    def places(self) -> int:
        """Numbers in a state: orders on their way, newest first, then stock from fresh to old."""
        return self.shelf_life + max(self.lead_time - 1, 0)

    @cached_property
    def states(self) -> np.ndarray:
        """(states, places) all states; with lead time 0, as they are after the order arrived."""
        return np.indices((self.max_order + 1,) * self.places).reshape(self.places, -1).T


@dataclass(frozen=True, eq=False)
class PerishableDynamics:
    """What demand does to every state.

    Attributes:
        move: (states, states without their first number) chances; the first number after a
            period is the order placed in it.
        cost: (states,) expected cost of the period without the order.
        waste: (states,) expected units wasted.
        short: (states,) expected sales lost.
    """

    move: csr_matrix
    cost: np.ndarray
    waste: np.ndarray
    short: np.ndarray


def perishable_dynamics(item: Perishable) -> PerishableDynamics:
    """Chances, expected cost, waste and lost sales of one period, for every state.

    >>> from newretail_ml.replenishment.demand import DiscreteDemand
    >>> item = Perishable(DiscreteDemand.of({1: 1.0}), 1, 1, 2, 0, 1, 5, 7)
    >>> perishable_dynamics(item).cost
    array([5., 0., 7.])
    """
    from scipy.sparse import csr_matrix

    chances = item.demand.probabilities()
    states, transit = item.states, item.places - item.shelf_life
    stock = states[:, transit:]
    waste, short, held = np.zeros(len(states)), np.zeros(len(states)), np.zeros(len(states))
    weights = (item.max_order + 1) ** np.arange(item.places - 2, -1, -1)
    targets = np.empty((len(states), len(chances)), int)
    for units, chance in enumerate(chances):
        remains = _remains(stock, units, item.issuing)
        waste += chance * remains[:, -1]
        held += chance * remains[:, :-1].sum(axis=1)
        short += chance * np.maximum(units - stock.sum(axis=1), 0)
        after = np.column_stack([states[:, :transit], remains[:, :-1]])
        targets[:, units] = after @ weights if item.places > 1 else 0
    rows = np.repeat(np.arange(len(states)), len(chances))
    move = csr_matrix(
        (np.tile(chances, len(states)), (rows, targets.ravel())),
        shape=(len(states), (item.max_order + 1) ** (item.places - 1)),
    )
    cost = item.waste_cost * waste + item.holding_cost * held + item.shortage_cost * short
    return PerishableDynamics(move, cost, waste, short)


def _remains(stock: np.ndarray, units: int, issuing: str) -> np.ndarray:
    """(states, ages) stock from fresh to old that demand leaves."""
    issued = stock[:, ::-1] if issuing == FIFO else stock
    left = np.maximum(np.cumsum(issued, axis=1) - units, 0)
    left = np.minimum(left, issued)
    return left[:, ::-1] if issuing == FIFO else left
