"""Where to hold safety stock in a supply tree: the guaranteed-service model.

Every stage promises a service time to its customers and holds the safety stock that covers its
net time: inbound service time + processing time - promised service time.

Source: Graves and Willems (2000), Optimizing strategic safety stock placement in supply chains;
Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, chapter 6.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError


@dataclass(frozen=True)
class Stage:
    """One place that holds or processes goods.

    Attributes:
        name: unique.
        processing_time: whole periods from having the input to having the output, at least 0.
        holding_cost: of a unit of safety stock a period.
        demand_sd: of its own customers' demand a period; 0 without customers of its own.
        promise: most periods its customers wait; needed where it has customers of its own.
        supply_time: whole periods its outside supplier takes, at least 0.
    """

    name: Hashable
    processing_time: int
    holding_cost: float
    demand_sd: float = 0.0
    promise: int | None = None
    supply_time: int = 0

    def __post_init__(self) -> None:
        check_whole(f"processing_time of {self.name}", self.processing_time)
        check_whole(f"supply_time of {self.name}", self.supply_time)
        check_number(f"holding_cost of {self.name}", self.holding_cost)
        check_number(f"demand_sd of {self.name}", self.demand_sd)
        if self.promise is not None:
            check_whole(f"promise of {self.name}", self.promise)


@dataclass(frozen=True, eq=False)
class SafetyStocks:
    """The cheapest promises.

    Attributes:
        cost: of all safety stock a period.
        service_times: promised by each stage, by name.
        net_times: periods that each stage's stock covers.
        safety_stocks: units at each stage.
    """

    cost: float
    service_times: dict[Hashable, int]
    net_times: dict[Hashable, int]
    safety_stocks: dict[Hashable, float]


def guaranteed_service(
    stages: Sequence[Stage], edges: Sequence[tuple[Hashable, Hashable]], safety_factor: float
) -> SafetyStocks:
    """Promised service times with the least cost of safety stock, exact for any tree.

    Args:
        stages: all places; a serial system is a tree as well.
        edges: pairs (supplier, customer) of names; as a whole they form a tree.
        safety_factor: standard deviations of demand that stock covers.

    Raises:
        DataError: the network is no tree, or a last stage has no promise.

    >>> chain = [Stage("shop", 1, 7, demand_sd=1, promise=1), Stage("depot", 0, 4),
    ...          Stage("plant", 1, 2, supply_time=1)]
    >>> result = guaranteed_service(chain, [("plant", "depot"), ("depot", "shop")], 1)
    >>> round(result.cost, 4), result.service_times
    (2.8284, {'shop': 1, 'depot': 0, 'plant': 0})
    """
    check_number("safety_factor", safety_factor)
    tree = _Tree(stages, edges, safety_factor)
    promised, net = {}, {}
    for name, (outbound, inbound) in tree.solve().items():
        promised[name] = outbound
        net[name] = inbound + tree.stages[name].processing_time - outbound
    stocks = {name: safety_factor * tree.sd[name] * math.sqrt(net[name]) for name in net}
    cost = sum(tree.stages[name].holding_cost * stocks[name] for name in stocks)
    return SafetyStocks(cost, promised, net, stocks)


class _Tree:
    """Costs of subtrees by the service time of the link to the rest."""

    def __init__(
        self,
        stages: Sequence[Stage],
        edges: Sequence[tuple[Hashable, Hashable]],
        safety_factor: float,
    ) -> None:
        self.stages = {stage.name: stage for stage in stages}
        self.suppliers, self.customers = _neighbours(stages, edges)
        self.order = self._from_the_root()
        self._factor = safety_factor
        downstream = list(TopologicalSorter(self.suppliers).static_order())
        self._latest = self._latest_times(downstream)
        self.sd = self._demand_sds(reversed(downstream))
        for name, stage in self.stages.items():
            if stage.promise is None and not (self.customers[name] and stage.demand_sd == 0):
                raise DataError(
                    f"stage {name!r} has customers of its own and no promise to them",
                    next_step="Give promise=0 if customers do not wait.",
                )

    def solve(self) -> dict[Hashable, tuple[int, int]]:
        """Outbound and inbound service time of each stage, by name."""
        costs: dict[Hashable, np.ndarray] = {}
        for name, parent in reversed(self.order):
            costs[name] = self._options(name, parent, costs)
        answer: dict[Hashable, tuple[int, int]] = {}
        for name, parent in self.order:
            options = costs[name].copy()
            if parent in self.customers[name]:
                options[answer[parent][1] + 1 :, :] = np.inf
            elif parent in self.suppliers[name]:
                options[:, : answer[parent][0]] = np.inf
            outbound, inbound = np.unravel_index(np.argmin(options), options.shape)
            answer[name] = int(outbound), int(inbound)
        return {name: answer[name] for name in self.stages}

    def _options(
        self, name: Hashable, parent: Hashable, costs: dict[Hashable, np.ndarray]
    ) -> np.ndarray:
        """(outbound, inbound) cost of the stage and of all that hangs on it, away from parent."""
        stage, latest = self.stages[name], self._latest[name]
        outbound = np.arange(latest + 1)[:, None]
        inbound = np.arange(latest - stage.processing_time + 1)[None, :]
        net = inbound + stage.processing_time - outbound
        options = stage.holding_cost * self._factor * self.sd[name] * np.sqrt(np.maximum(net, 0))
        forbidden = (net < 0) | (inbound < stage.supply_time)
        if stage.promise is not None:
            forbidden |= outbound > stage.promise
        options = np.where(forbidden, np.inf, options)
        for supplier in self.suppliers[name] - {parent}:
            least = np.minimum.accumulate(costs[supplier].min(axis=1))
            options = options + least[np.minimum(inbound, len(least) - 1)]
        for customer in self.customers[name] - {parent}:
            least = np.minimum.accumulate(costs[customer].min(axis=0)[::-1])[::-1]
            options = options + np.append(least, np.inf)[np.minimum(outbound, len(least))]
        return options

    def _demand_sds(self, upstream: Iterable[Hashable]) -> dict[Hashable, float]:
        """Standard deviation of all demand that reaches each stage."""
        variance: dict[Hashable, float] = {}
        for name in upstream:
            own = self.stages[name].demand_sd ** 2
            variance[name] = own + sum(variance[customer] for customer in self.customers[name])
        return {name: math.sqrt(value) for name, value in variance.items()}

    def _latest_times(self, downstream: Iterable[Hashable]) -> dict[Hashable, int]:
        """Longest time from outside to each stage's output."""
        latest: dict[Hashable, int] = {}
        for name in downstream:
            stage = self.stages[name]
            before = [latest[supplier] for supplier in self.suppliers[name]]
            latest[name] = max([stage.supply_time, *before]) + stage.processing_time
        return latest

    def _from_the_root(self) -> list[tuple[Hashable, Hashable]]:
        """Pairs (stage, parent), parents first."""
        root = next(iter(self.stages))
        order: list[tuple[Hashable, Hashable]] = [(root, None)]
        place = 0
        while place < len(order):
            name, parent = order[place]
            around = self.suppliers[name] | self.customers[name]
            order += [(other, name) for other in around - {parent}]
            place += 1
            if len(order) > len(self.stages):
                break
        if len(order) != len(self.stages):
            raise DataError(
                "the network is not one tree",
                next_step="Connect all stages, with one path between any two.",
            )
        return order


def _neighbours(
    stages: Sequence[Stage], edges: Sequence[tuple[Hashable, Hashable]]
) -> tuple[dict[Hashable, set[Hashable]], dict[Hashable, set[Hashable]]]:
    names = [stage.name for stage in stages]
    if not names or len(set(names)) < len(names):
        raise DataError("there is no stage, or two share a name", next_step="Name each stage once.")
    suppliers: dict[Hashable, set[Hashable]] = {name: set() for name in names}
    customers: dict[Hashable, set[Hashable]] = {name: set() for name in names}
    for supplier, customer in edges:
        if supplier not in customers or customer not in customers:
            raise DataError(
                f"the edge {supplier!r} to {customer!r} leads to an unknown stage",
                next_step="Add the stage, or correct the edge.",
            )
        if supplier == customer:
            raise DataError(f"stage {supplier!r} supplies itself", next_step="Take out that edge.")
        suppliers[customer].add(supplier)
        customers[supplier].add(customer)
    if len(edges) != len(names) - 1:
        raise DataError(
            f"{len(names)} stages and {len(edges)} edges are not one tree",
            next_step="Connect all stages, with one path between any two.",
        )
    return suppliers, customers
