"""Lists of several markets that rules of the chain tie together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from newretail_ml.errors import InfeasibleError
from newretail_ml.pricing.assortment.mixed import judged
from newretail_ml.pricing.assortment.options import NOT_LISTED, Options
from newretail_ml.pricing.assortment.problem import Problem
from newretail_ml.pricing.assortment.programme import Programme
from newretail_ml.pricing.assortment.solution import Solution
from newretail_ml.pricing.assortment.solvers import quickly_solved, solved
from newretail_ml.pricing.choice import NestedLogit

Lists = list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Coupling:
    """Rules of the chain on the number of markets of a product.

    Attributes:
        items: for each market the number of each product's item.
        least: markets of an item that is listed at all.
        most: markets of an item.
    """

    items: list[np.ndarray]
    least: int
    most: int

    def counts(self, lists: Lists) -> np.ndarray:
        """(items,) markets that list each item."""
        listed = [item[one != NOT_LISTED] for item, one in zip(self.items, lists, strict=True)]
        size = max(int(item.max()) for item in self.items) + 1
        return np.bincount(np.concatenate(listed), minlength=size)

    def broken(self, lists: Lists) -> np.ndarray:
        """Items whose number of markets the rules do not allow."""
        counts = self.counts(lists)
        return np.flatnonzero((counts > self.most) | ((counts > 0) & (counts < self.least)))

    def places(self, item: int) -> list[tuple[int, int]]:
        """Market and position in it of an item, wherever it is offered."""
        return [
            (market, int(np.flatnonzero(one == item)[0]))
            for market, one in enumerate(self.items)
            if (one == item).any()
        ]


def coupled_lists(
    problems: list[Problem], coupling: Coupling, time_limit: float
) -> tuple[Lists, Solution]:
    """The best lists found of all markets together."""
    alone = [solved(problem, max(time_limit / len(problems), 1.0)) for problem in problems]
    lists = [one.chosen for one in alone]
    bound = sum(one.bound for one in alone)
    if not len(coupling.broken(lists)):
        exact = all(one.exact for one in alone)
        value = _value(problems, lists)
        why = f"{'Exact' if exact else 'Heuristic'}: market by market. {alone[0].why}"
        return lists, Solution(lists[0], value, value if exact else bound, exact, why)
    candidates = []
    repaired = _repaired(problems, lists, coupling)
    if repaired is not None:
        candidates.append(repaired)
    if not any(isinstance(problem.response, NestedLogit) for problem in problems):
        found, proven = _programme(problems, coupling).solve(time_limit)
        bound = min(bound, proven)
        if found is not None:
            candidates.append(found)
    if not candidates:
        raise InfeasibleError(
            "no lists keep the rules of the markets and of the chain",
            next_step="Allow other numbers of markets, or relax what must be listed.",
        )
    best = max(candidates, key=lambda one: _value(problems, one))
    return best, judged(best[0], _value(problems, best), bound)


def _value(problems: list[Problem], lists: Lists) -> float:
    return sum(float(one.worth(chosen)) for one, chosen in zip(problems, lists, strict=True))


def _programme(problems: list[Problem], coupling: Coupling) -> Programme:
    programme = Programme()
    places = [
        programme.market(Options.of(one.response, one.cost, one.points), one.rules)
        for one in problems
    ]
    size = max(int(item.max()) for item in coupling.items) + 1
    used = programme.columns(np.zeros(size), np.ones(size), whole=True)
    for item in range(size):
        where = [places[market][position] for market, position in coupling.places(item)]
        everywhere = np.concatenate([one[one >= 0] for one in where])[None, :]
        own = used[[item]][None, :]
        programme.rows.add([(everywhere, 1.0), (own, -float(coupling.most))], upper=0.0, rows=1)
        programme.rows.add([(everywhere, 1.0), (own, -float(coupling.least))], lower=0.0, rows=1)
    return programme


def _repaired(problems: list[Problem], lists: Lists, coupling: Coupling) -> Lists | None:
    """Lists after the cheapest changes, item by item; None where that leads nowhere."""
    lists, problems = list(lists), list(problems)
    size = max(int(item.max()) for item in coupling.items) + 1
    for _ in range(2 * size * len(problems)):
        broken = coupling.broken(lists)
        if not len(broken):
            return lists
        changes = _changes(int(broken[0]), problems, lists, coupling)
        if changes is None:
            return None
        for market, (problem, chosen) in changes.items():
            problems[market], lists[market] = problem, chosen
    return None


Changes = dict[int, tuple[Problem, np.ndarray]]


def _changes(
    item: int, problems: list[Problem], lists: Lists, coupling: Coupling
) -> Changes | None:
    """The cheapest way to bring one item into the rules."""
    places = coupling.places(item)
    inside = [place for place in places if lists[place[0]][place[1]] != NOT_LISTED]
    outside = [place for place in places if place not in inside]
    out = _priced(inside, problems, lists, keep=False)
    surplus = len(inside) - coupling.most
    if surplus > 0:
        return _cheapest(out, surplus)
    everywhere_out = _cheapest(out, len(inside))
    into = _priced(outside, problems, lists, keep=True)
    # What is listed by chance must stay listed once the others count on it.
    held = _priced(inside, problems, lists, keep=True)
    more = _cheapest(into, coupling.least - len(inside))
    more = None if more is None or len(held) < len(inside) else more | _cheapest_of(held)
    ways = [way for way in (everywhere_out, more) if way is not None]
    return min(ways, key=lambda way: _loss(way, problems, lists), default=None)


def _priced(
    places: list[tuple[int, int]],
    problems: list[Problem],
    lists: Lists,
    *,
    keep: bool,
) -> list[tuple[float, int, Problem, np.ndarray]]:
    """Loss of each market if it must list the item, or must not; those that cannot are left out."""
    found = []
    for market, position in places:
        problem = problems[market]
        marks = problem.rules.keep.copy(), problem.rules.never.copy()
        marks[0 if keep else 1][position] = True
        rules = problem.rules.with_marks(*marks)
        if len(rules.conflicts()):
            continue
        forced = replace(problem, rules=rules)
        chosen = quickly_solved(forced)
        loss = float(problem.worth(lists[market]) - problem.worth(chosen))
        found.append((loss, market, forced, chosen))
    return sorted(found, key=lambda one: one[:2])


def _cheapest(found: list[tuple[float, int, Problem, np.ndarray]], number: int) -> Changes | None:
    return None if len(found) < number else _cheapest_of(found[:number])


def _cheapest_of(found: list[tuple[float, int, Problem, np.ndarray]]) -> Changes:
    return {market: (problem, chosen) for _, market, problem, chosen in found}


def _loss(changes: Changes, problems: list[Problem], lists: Lists) -> float:
    return sum(
        float(problems[market].worth(lists[market]) - problems[market].worth(chosen))
        for market, (_, chosen) in changes.items()
    )
