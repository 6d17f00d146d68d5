"""Slates of all customers where contracts want something shown in a share of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.errors import InfeasibleError
from newretail_ml.recommendation.slates.rules.base import Showing
from newretail_ml.recommendation.slates.ruling import Ruling
from newretail_ml.recommendation.slates.solving.one_by_one import Solver

_TRIES = 3
_NEVER = np.inf


@dataclass(frozen=True, eq=False)
class Answer:
    """Slates, and a bound on what any slates under the rules are worth.

    Attributes:
        slate: (n, k) columns by rank, -1 where a slot is empty.
        forced: (n, m) candidates that contracts keep in.
        deadline: (n, m) last rank of each candidate, from 1.
        bound: on the worth of all slates together.
    """

    slate: np.ndarray
    forced: np.ndarray
    deadline: np.ndarray
    bound: float


def best_slates(
    ruling: Ruling, solver: Solver, values: np.ndarray, *, thorough: bool = False
) -> Answer:
    """The slates that are worth most, each item being worth the same whoever else sees it.

    A contract is kept in the slates that lose least by it; the loss at which it is kept is the
    price of a showing in the bound (Lagrangian duality).

    Args:
        ruling: the rules.
        solver: for its rules that count.
        values: (n, m) worth of each candidate, -inf where it may not be shown.
        thorough: prove each slate best by an integer programme where filling does not.

    Raises:
        InfeasibleError: a contract cannot be kept.
    """
    k = solver.k
    forced = np.zeros(values.shape, dtype=bool)
    deadline = np.full(values.shape, k, np.int32)
    slate = solver.slates(values)
    bound = solver.bound(values, slate)
    if thorough:
        slate, bound = solver.thorough(values, slate, bound, forced, deadline)
    if not ruling.showings:
        return Answer(slate, forced, deadline, float(bound.sum()))
    prices, most = [], []
    answer = Answer(slate, forced, deadline, 0.0)
    for title, showing in _scarcest_first(ruling.showings, ruling.allowed):
        answer, price = _shown(ruling, solver, values, answer, title)
        most.append(_bound_shown(solver, values, bound, showing.member & ruling.allowed))
        prices.append((price, needed(showing, len(values))))
    if thorough:
        most_forced = solver.bound(values, answer.slate, answer.forced)
        better, _ = solver.thorough(
            values, answer.slate, most_forced, answer.forced, answer.deadline
        )
        answer = Answer(better, answer.forced, answer.deadline, 0.0)
    total = _dual(bound, np.stack(most), np.array(prices))
    return Answer(answer.slate, answer.forced, answer.deadline, total)


def needed(showing: Showing, n: int) -> int:
    """Slates that a contract wants of n."""
    return int(np.ceil(showing.share * n - 1e-9))


def kept(showing: Showing, slate: np.ndarray) -> np.ndarray:
    """(n,) which slates show it in time."""
    there = np.take_along_axis(showing.member, np.maximum(slate, 0).astype(np.int64), axis=1)
    return np.asarray((there & (slate >= 0))[:, : showing.at_rank].any(axis=1))


def _scarcest_first(
    showings: Mapping[str, Showing], allowed: np.ndarray
) -> list[tuple[str, Showing]]:
    def spare(showing: Showing) -> int:
        there = (showing.member & allowed).any(axis=1).sum()
        return int(there - needed(showing, len(allowed)))

    def choices(showing: Showing) -> int:
        return int((showing.member & allowed).sum())

    return sorted(showings.items(), key=lambda pair: (spare(pair[1]), choices(pair[1])))


def _shown(
    ruling: Ruling, solver: Solver, values: np.ndarray, before: Answer, title: str
) -> tuple[Answer, float]:
    """Slates with one more contract kept, and what the last showing of it costs."""
    showing = ruling.showings[title]
    member = showing.member & ruling.allowed
    need = needed(showing, len(values))
    rows = np.flatnonzero(member.any(axis=1))
    now = solver.worth(values, before.slate)
    loss = np.full(len(values), _NEVER)
    best = Answer(before.slate.copy(), before.forced.copy(), before.deadline.copy(), before.bound)
    order, tries = _designated(values, member, before.slate, rows)
    for attempt in range(order.shape[1]):
        if attempt >= _TRIES and np.isfinite(loss).sum() >= need:
            break
        column, left = order[:, attempt], (attempt < tries) | ~np.isfinite(loss[rows])
        good = left & member[rows, column] & np.isfinite(values[rows, column])
        if good.any():
            some, last = rows[good], min(showing.at_rank, solver.k)
            made, cost = _with_in(solver, values, before, some, column[good], last, now)
            better = cost < loss[some]
            won = some[better]
            loss[won], best.slate[won] = cost[better], made.slate[better]
            best.forced[won], best.deadline[won] = made.forced[better], made.deadline[better]
    order = np.argsort(loss, kind="stable")[:need]
    if not np.isfinite(loss[order]).all() or len(order) < need:
        raise _conflict(ruling, title, int(np.isfinite(loss).sum()), len(values))
    made = Answer(before.slate.copy(), before.forced.copy(), before.deadline.copy(), 0.0)
    made.slate[order] = best.slate[order]
    made.forced[order], made.deadline[order] = best.forced[order], best.deadline[order]
    return made, max(float(loss[order].max()), 0.0)


def _with_in(
    solver: Solver,
    values: np.ndarray,
    before: Answer,
    some: np.ndarray,
    column: np.ndarray,
    last: int,
    now: np.ndarray,
) -> tuple[Answer, np.ndarray]:
    """Slates of some customers with one candidate each in by its last rank, and what it costs."""
    forced, deadline = before.forced[some].copy(), before.deadline[some].copy()
    place = np.arange(len(some))
    forced[place, column] = True
    deadline[place, column] = np.minimum(deadline[place, column], last)
    slate = solver.of_rows(some).slates(values[some], forced, deadline)
    cost: np.ndarray = now[some] - solver.worth(values[some], slate)
    cost[~_in_time(slate, forced, deadline)] = _NEVER
    return Answer(slate, forced, deadline, 0.0), cost


def _designated(
    values: np.ndarray, member: np.ndarray, slate: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which candidates may stand for the contract, and how many of them are tried in any case.

    The best that is shown anyway stands first and is tried alone, else the best few; all others
    follow, for slates in which these do not fit.
    """
    inside = np.zeros(member.shape, dtype=bool)
    row, place = np.nonzero(slate >= 0)
    inside[row, slate[row, place]] = True
    shown = (member & inside)[rows]
    worth = np.where(member, values, -np.inf)[rows]
    most = int(member[rows].sum(axis=1).max(initial=0))
    order = np.lexsort((-worth, ~shown), axis=1)[:, :most]
    return order, np.where(shown.any(axis=1), 1, _TRIES)


def _in_time(slate: np.ndarray, forced: np.ndarray, deadline: np.ndarray) -> np.ndarray:
    """(n,) whether all forced candidates are in by their last rank."""
    row = np.arange(len(slate))[:, None]
    there = slate >= 0
    good = (
        there
        & forced[row, slate]
        & np.less_equal(np.arange(1, slate.shape[1] + 1), deadline[row, slate])
    )
    return np.asarray(good.sum(axis=1) == forced.sum(axis=1))


def _bound_shown(
    solver: Solver, values: np.ndarray, bound: np.ndarray, member: np.ndarray
) -> np.ndarray:
    """(n,) what no slate that shows one of the members can exceed; -inf where there is none.

    Without the rules that count, the best such slate has the best member in it. With them it
    may be another one, so that they are kept in the bound only where there is one member.
    """
    best = np.argmax(np.where(member, values, -np.inf), axis=1)
    forced = np.zeros(member.shape, dtype=bool)
    forced[np.arange(len(best)), best] = member.any(axis=1)
    free = Solver((), (), solver.attention)
    most = np.minimum(bound, free.bound(values, np.empty(0), forced))
    single = np.flatnonzero(member.sum(axis=1) == 1)
    if solver.limits and len(single):
        under = solver.of_rows(single)
        empty = np.empty(0)
        most[single] = np.minimum(most[single], under.bound(values[single], empty, forced[single]))
    return np.where(member.any(axis=1), most, -np.inf)


def _dual(bound: np.ndarray, most: np.ndarray, prices: np.ndarray) -> float:
    """The Lagrangian bound: a slate is paid a price for each contract it keeps.

    A slate that keeps several contracts is worth no more than the least of their bounds.
    """
    price = prices[:, 0]
    order = np.argsort(-most, axis=0, kind="stable")
    sorted_most = np.take_along_axis(most, order, axis=0)
    paid = np.cumsum(price[order], axis=0)
    best = np.maximum(bound, (sorted_most + paid).max(axis=0))
    return float(best.sum() - (price * prices[:, 1]).sum())


def _conflict(ruling: Ruling, title: str, reached: int, n: int) -> InfeasibleError:
    """The error that names what stands against a contract."""
    showing = ruling.showings[title]
    need = needed(showing, n)
    against = [
        name
        for name, said in ruling.said.items()
        if said.allowed is not None and (showing.member & ~said.allowed).any()
    ]
    others = [name for name in [*ruling.limits, *ruling.showings] if name != title]
    names = against or (others if (showing.member & ruling.allowed).any() else [])
    had = int(showing.member.any(axis=1).sum())
    table = pd.DataFrame(
        {
            "rule": [title, *names],
            "limit": [f"{need:,} slates", *["" for _ in names]],
            "needed": [f"{reached:,} slates", *["" for _ in names]],
            "missing_by": [float(need - reached), *[np.nan for _ in names]],
            "unit": "slates",
        }
    )
    beside = f" beside {' and '.join(repr(name) for name in names)}" if names else ""
    return InfeasibleError(
        f"'{title}' wants {need:,} of {n:,} slates, and {reached:,} can show it{beside}; "
        f"{had:,} lists have it among their candidates",
        next_step="Add it to the lists of more customers, or loosen one of the rules; the "
        "attribute `conflicts` names them.",
        conflicts=table,
    )
