"""The smallest sets of rules that contradict one another, in words.

All of them where rules are few (MARCO: Liffiton, Previti, Malik and Marques-Silva 2016, Constraints
21: a map of sets not yet looked at, each one grown or shrunk); one of them where they are many
(QuickXplain: Junker 2004).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from newretail_ml.errors import InfeasibleError
from newretail_ml.pricing.price_list.products import named
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.solve import can_be_kept
from newretail_ml.pricing.price_list.task import Task

_FEW = 14
_SECONDS = 20.0
_NEXT_STEP = "Loosen or drop one rule of each set; the attribute `conflicts` lists the sets."
_MORE = "; there may be more sets of rules that conflict, the search stopped early"
_BELOW_COST = " Pass below_cost=True to allow prices below the unit cost."

Keeps = Callable[[frozenset[str]], bool]


def conflict(task: Task, ruling: Ruling) -> InfeasibleError:
    """The error that names the smallest sets of rules that no list keeps together.

    Its `conflicts` has one row a rule of a set: conflict (number of the set), rule, and products
    (some of those on which the set fails, where rules of single products do). The message says so
    where there may be more sets: the rules were too many, or the time was up.
    """
    keeps = _remembered(lambda some: can_be_kept(task, ruling.only(sorted(some))))
    suspects = _suspects(ruling)
    if len(suspects) <= _FEW:
        end = time.monotonic() + _SECONDS
        sets = list(minimal_conflicts(suspects, keeps, end))
        more = time.monotonic() > end
    else:
        sets = [frozenset(one_conflict([], [], suspects, keeps))]
        more = True
    order = ruling.titles
    sets = sorted(sets, key=lambda one: (len(one), sorted(map(order.index, one))))
    rows = []
    for number, one in enumerate(sets, start=1):
        where = _where(ruling.only(sorted(one)))
        rows += [(number, title, where) for title in sorted(one, key=order.index)]
    table = pd.DataFrame(rows, columns=["conflict", "rule", "products"])
    below = table["rule"].str.startswith("never below cost").any()
    next_step = _NEXT_STEP + _BELOW_COST if below else _NEXT_STEP
    problem = _sentence(table) + _MORE * more
    return InfeasibleError(problem, next_step=next_step, conflicts=table)


def minimal_conflicts(
    rules: Sequence[str], keeps: Keeps, end: float = np.inf
) -> Iterator[frozenset[str]]:
    """All smallest sets that cannot be kept, each of which can be once any of it is dropped.

    Sets are looked at from the smallest. A set is skipped if it holds a conflict already found;
    a set within one that can be kept can be kept.

    Args:
        rules: names.
        keeps: whether a set can be kept.
        end: time of `time.monotonic` at which to stop.

    >>> keeps = lambda some: not {"a", "b"} <= some and not {"b", "c", "d"} <= some
    >>> [sorted(one) for one in minimal_conflicts("abcd", keeps)]
    [['a', 'b'], ['b', 'c', 'd']]
    """
    found: list[frozenset[str]] = []
    kept: list[frozenset[str]] = []
    for size in range(1, len(rules) + 1):
        for chosen in combinations(rules, size):
            some = frozenset(chosen)
            if any(one <= some for one in found) or any(some <= one for one in kept):
                continue
            if time.monotonic() > end and found:
                return
            if keeps(some):
                kept.append(_grown(some, rules, keeps))
            else:
                found.append(some)
                yield some


def one_conflict(
    held: Sequence[str], added: Sequence[str], rules: Sequence[str], keeps: Keeps
) -> list[str]:
    """One smallest set among the rules that conflicts given those held, by halving.

    >>> one_conflict([], [], "abcdef", lambda some: not {"b", "e"} <= set(some))
    ['e', 'b']
    """
    if added and not keeps(frozenset(held)):
        return []
    if len(rules) == 1:
        return list(rules)
    first, second = list(rules[: len(rules) // 2]), list(rules[len(rules) // 2 :])
    late = one_conflict([*held, *first], first, second, keeps)
    early = one_conflict([*held, *late], late, first, keeps)
    return late + early


def _grown(some: frozenset[str], rules: Sequence[str], keeps: Keeps) -> frozenset[str]:
    """A largest set around a set that can be kept."""
    for rule in rules:
        if rule not in some and keeps(some | {rule}):
            some |= {rule}
    return some


def _remembered(keeps: Keeps) -> Keeps:
    known: dict[frozenset[str], bool] = {}

    def remembered(some: frozenset[str]) -> bool:
        if some not in known:
            known[some] = keeps(some)
        return known[some]

    return remembered


def _suspects(ruling: Ruling) -> list[str]:
    """Rules that can forbid something at all."""
    real = ruling.board.real
    return [
        title
        for title, said in ruling.said.items()
        if said.rows
        or said.revenue is not None
        or (said.allowed is not None and (real & ~said.allowed).any())
    ]


def _where(ruling: Ruling) -> str:
    """Products for which rules of single products leave no point."""
    empty = np.flatnonzero(~ruling.allowed.any(axis=1))
    return named(ruling.board.products, ruling.board.keys, empty) if len(empty) else ""


def _sentence(table: pd.DataFrame) -> str:
    parts = []
    for _, rows in table.groupby("conflict", sort=True):
        rules = " and ".join(f"'{title}'" for title in rows["rule"])
        where = rows["products"].iloc[0]
        verb = "leaves" if len(rows) == 1 else "leave"
        place = f" {verb} no price point for {where}" if where else " cannot be kept together"
        parts.append(rules + (place if where or len(rows) > 1 else " cannot be kept"))
    return "; ".join(parts)
