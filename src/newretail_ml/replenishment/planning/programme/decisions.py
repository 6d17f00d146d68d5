"""Whole decisions: which suppliers are ordered from, and how many trucks come.

The best fractional plan is rounded a half of its fractional decisions at a time, and relaxed again
after each (diving). Then one decision at a time is changed, most promising first, and the change is
kept if the relaxed plan earns more. By duality a change earns at most what the prices say
(Geoffrion 1974, Lagrangean relaxation for integer programming), so most need no look.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from newretail_ml.replenishment.planning.programme.arrays import Programme
from newretail_ml.replenishment.planning.programme.relaxation import Relaxed, relax

_WHOLE = 1e-6
_ROUGH = 1e-4
_DIVES = 4
# A load this little above whole trucks is squeezed if it can be.
_SQUEEZED = 0.35


def consistent(programme: Programme, whole: np.ndarray) -> np.ndarray:
    """Decisions that are possible one by one, and no truck for lines of closed suppliers."""
    whole = whole.clip(programme.whole_least, programme.whole_most)
    return np.where(_without_lines(programme, whole), 0.0, whole)


def _without_lines(programme: Programme, whole: np.ndarray) -> np.ndarray:
    """(decisions,) all of whose lines are closed by a decision."""
    closed = np.zeros(len(programme.gain), bool)
    closed[programme.pair_line[whole[programme.pair_whole] < 0.5]] = True
    left = np.bincount(programme.pair_whole, ~closed[programme.pair_line], len(whole))
    return (left == 0) & ~programme.started


def decided(
    programme: Programme, relaxed: Relaxed, enough: float, soon: float, end: float
) -> Relaxed | None:
    """The best plan found with whole decisions and fractional packs; None if none was found.

    A supplier that the dive closed for others is opened first in another dive.

    Args:
        programme: the plan as arrays.
        relaxed: its best fractional plan.
        enough: profit to stop at.
        soon: when to stop looking for better decisions, in seconds of time.monotonic().
        end: when to stop looking for any.
    """
    best = _dived(programme, relaxed, end)
    if best is None:
        best = relax(programme, whole=programme.whole_least, like=relaxed, tolerance=_ROUGH)
    tried = 0
    for supplier in np.argsort(-relaxed.whole[: programme.suppliers], kind="stable"):
        likely = relaxed.whole[supplier] >= 0.5 and (best is None or best.whole[supplier] < 0.5)
        if not likely or tried == _DIVES or time.monotonic() > soon:
            continue
        tried += 1
        least = programme.whole_least.copy()
        least[supplier] = 1.0
        found = _dived(replace(programme, whole_least=least), relaxed, soon)
        if best is None or (found is not None and found.value > best.value):
            best = found
    return None if best is None else _improved(programme, best, enough, soon)


def _dived(programme: Programme, relaxed: Relaxed, end: float) -> Relaxed | None:
    """A plan with whole decisions near the best fractional one, or None if none was found."""
    now: Relaxed | None = relax(programme, like=relaxed, tolerance=_ROUGH)
    while now is not None and time.monotonic() < end:
        whole = np.round(now.whole)
        free = np.abs(now.whole - whole) > _WHOLE
        if not free.any():
            return relax(
                programme,
                whole=consistent(programme, whole),
                like=now,
                tolerance=_ROUGH,
            )
        if free[: programme.suppliers].any():
            free[programme.suppliers :] = False
        found = None
        for some, numbers in _roundings(now.whole, np.flatnonzero(free)):
            held = _held(programme, some, numbers)
            found = relax(held, like=now, tolerance=_ROUGH)
            if found is not None:
                programme = held
                break
        now = found
    return None


def _held(programme: Programme, some: np.ndarray, numbers: np.ndarray) -> Programme:
    """The programme with some decisions held, and those closed that are left without lines."""
    least, most = programme.whole_least.copy(), programme.whole_most.copy()
    least[some] = most[some] = numbers
    most[_without_lines(programme, most)] = 0.0
    return replace(programme, whole_least=np.minimum(least, most), whole_most=most)


def _roundings(whole: np.ndarray, free: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Decisions to hold, and at what: half of them, half of them up, or one."""
    near = np.ceil(whole - _SQUEEZED)
    free = free[np.argsort(np.abs(near - whole)[free], kind="stable")]
    half = free[: (len(free) + 1) // 2]
    yield half, near[half]
    yield half, np.ceil(whole[half])
    yield half[:1], np.ceil(whole[half[:1]])
    yield half[:1], np.floor(whole[half[:1]])


def _improved(programme: Programme, best: Relaxed, enough: float, end: float) -> Relaxed:
    """A plan with whole decisions none of which is better changed alone.

    Args:
        programme: the plan as arrays.
        best: a plan with whole decisions.
        enough: profit to stop at.
        end: when to stop, in seconds of time.monotonic().
    """
    before = -np.inf
    while before < best.value < enough and time.monotonic() < end:
        before = best.value
        for decision, step in _steps(best):
            if best.value >= enough or time.monotonic() > end:
                break
            found = _changed(programme, best, decision, step)
            if found is not None and found.value > best.value + _ROUGH * abs(best.value):
                best = found
    return best


def _steps(best: Relaxed) -> list[tuple[int, int]]:
    """Decisions and their changes, most promising first."""
    steps = [(one, step) for one in range(len(best.whole)) for step in (-1, 1)]
    return sorted(steps, key=lambda change: -best.worth[change[0]] * change[1])


def _changed(programme: Programme, best: Relaxed, decision: int, step: int) -> Relaxed | None:
    """The best plan after a change of one decision; None if it cannot be better."""
    now = np.round(best.whole)
    number = now[decision] + step
    if not programme.whole_least[decision] <= number <= programme.whole_most[decision]:
        return None
    least, most = now.copy(), now.copy()
    if number == 1 and step == 1:
        mine = _sharing(programme, decision)
        least[mine], most[mine] = np.maximum(now[mine], 1.0), programme.whole_most[mine]
    least[decision] = most[decision] = number
    most[_without_lines(programme, most)] = 0.0
    least = np.minimum(least, most)
    worth = np.maximum(best.worth * (least - now), best.worth * (most - now)).sum()
    if best.bound + worth <= best.value + _ROUGH * abs(best.value):
        return None
    held = replace(programme, whole_least=least, whole_most=most)
    found = relax(held, like=best, tolerance=_ROUGH)
    if found is None or found.value <= best.value or (least == most).all():
        return found
    return relax(programme, whole=np.ceil(found.whole - _WHOLE), like=found, tolerance=_ROUGH)


def _sharing(programme: Programme, decision: int) -> np.ndarray:
    """Closed or not, the decisions that have lines of this one."""
    mine = np.zeros(len(programme.gain), bool)
    mine[programme.pair_line[programme.pair_whole == decision]] = True
    return np.unique(programme.pair_whole[mine[programme.pair_line]])
