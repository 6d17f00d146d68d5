"""A good plan of whole packs, and a bound that proves how good.

Suppliers and trucks of the best fractional plan are rounded and the rest is relaxed again; packs
are rounded by single moves. If the gap is still too wide, the mixed-integer programme is solved
(HiGHS) on the packs that a better plan could use: a number of packs that takes more off the bound
than the gap cannot be in one (reduced-cost fixing; Nemhauser and Wolsey 1988, Integer and
Combinatorial Optimization, section II.5.2).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from newretail_ml.errors import NewRetailError
from newretail_ml.replenishment.planning.programme.arrays import (
    Programme,
    columns,
    money_unit,
)
from newretail_ml.replenishment.planning.programme.decisions import consistent, decided
from newretail_ml.replenishment.planning.programme.relaxation import Relaxed, relax
from newretail_ml.replenishment.planning.programme.rounding import rounded

# The exact search takes minutes beyond so many columns, and finds little among so many lines.
_MOST_COLUMNS = 4_000
_MOST_LINES = 1_000
_TIGHTENED = 3
_REPAIRS = 4
# Of a large programme, a gap that is not worth more time.
_GOOD = 0.003
# Share of the time for suppliers and trucks, seconds for the packs after that, and seconds for the
# exact search of a large programme that has a plan.
_SHARE = 0.4
_PACKING = 10.0
_LAST = 15.0
_ROUGH = 1e-4
# A load this little above whole trucks is first squeezed, then sent in one truck more.
_SQUEEZED = (0.35, 1e-6, 1.0)


def search(
    programme: Programme, relaxed: Relaxed, *, gap: float, end: float
) -> tuple[np.ndarray, float] | None:
    """The packs of a good plan and a bound on every plan; None if there is no plan.

    Args:
        programme: the plan as arrays.
        relaxed: its best fractional plan.
        gap: share of the bound that is small enough to stop at.
        end: when to stop, in seconds of time.monotonic().

    Raises:
        NewRetailError: no plan was found in time, though there may be one.
    """
    large = len(programme.gain) > _MOST_LINES
    enough = relaxed.bound - max(gap, large * _GOOD) * abs(relaxed.bound)
    plans = [_nothing(programme), _rounded(programme, relaxed)]
    packs = _best(programme, plans)
    if packs is None or programme.profit(packs) < enough:
        soon = time.monotonic() + _SHARE * (end - time.monotonic())
        fixed = decided(programme, relaxed, enough, soon, end)
        if fixed is not None:
            packs = _best(programme, [packs, _packed(programme, fixed, end)])
    if packs is not None and programme.profit(packs) >= enough:
        return packs, relaxed.bound
    if packs is not None and large:
        end = min(end, time.monotonic() + _LAST)
    return _exact(programme, relaxed, packs, gap, end)


def _best(programme: Programme, plans: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """The plan that earns most of those that keep all rules."""
    kept = [one for one in plans if one is not None and not programme.excess(one).any()]
    return max(kept, key=programme.profit, default=None)


def _nothing(programme: Programme) -> np.ndarray | None:
    """The plan without orders, if no line must be ordered."""
    return None if programme.must.any() else np.zeros(len(programme.gain), int)


def _rounded(programme: Programme, relaxed: Relaxed) -> np.ndarray | None:
    """Whole packs near the best fractional plan, or None if none of some tries keeps all rules."""
    suppliers = programme.suppliers
    for squeezed in _SQUEEZED:
        whole = np.ceil(relaxed.whole - squeezed)
        whole[:suppliers] = relaxed.whole[:suppliers] > min(squeezed, 0.5)
        for _ in range(_REPAIRS):
            whole = consistent(programme, whole)
            fixed = relax(programme, whole=whole, like=relaxed, tolerance=1e-5)
            if fixed is None:
                break
            packs, broken = rounded(programme, fixed, whole)
            if not broken.any() and not programme.excess(packs).any():
                return packs
            whole = _repaired(programme, whole, broken)
    return None


def _repaired(programme: Programme, whole: np.ndarray, broken: np.ndarray) -> np.ndarray:
    """Decisions that could be kept: no order below a minimum, a truck more or less."""
    suppliers, trucks = programme.suppliers, len(programme.capacity)
    minimum, load, fill = np.split(broken[programme.limits :], [suppliers, suppliers + trucks])
    change = np.r_[-minimum.astype(float), load.astype(float) - fill]
    return whole + change


def _packed(programme: Programme, fixed: Relaxed, end: float) -> np.ndarray | None:
    """Whole packs for whole decisions: rounded, or else searched among those that lose least.

    The search may close suppliers and send a truck more, for packs may not fit otherwise.
    """
    whole = np.round(fixed.whole)
    packs, broken = rounded(programme, fixed, whole)
    if not broken.any():
        return packs
    trucks = np.arange(len(whole)) >= programme.suppliers
    more = np.minimum(whole + (trucks & (whole > 0)), programme.whole_most)
    near = replace(programme, whole_most=more)
    kept = _least_lost(fixed.loss)
    soon = min(end, time.monotonic() + _PACKING)
    _, found, _ = _milp(near, kept, _ROUGH, soon)
    return _exactly_kept(near, kept, found, _ROUGH, soon)


def _least_lost(loss: np.ndarray) -> np.ndarray:
    """(lines, packs + 1) as many as are searched."""
    losses = loss[:, 1:][np.isfinite(loss[:, 1:])]
    most = min(_MOST_COLUMNS, losses.size)
    return loss <= (np.partition(losses, most - 1)[most - 1] if most else 0.0)


def _exact(
    programme: Programme,
    relaxed: Relaxed,
    packs: np.ndarray | None,
    gap: float,
    end: float,
) -> tuple[np.ndarray, float] | None:
    """The better of a plan and of what the exact search finds.

    If a better plan could use too many columns, those that lose least are searched, and the bound
    stays that of the relaxation.
    """
    value = -np.inf if packs is None else programme.profit(packs)
    kept, all_kept = _worth_searching(relaxed, value)
    infeasible, found, limit = _milp(programme, kept, gap, end)
    if found is None and packs is None and not all_kept:
        kept, all_kept = np.isfinite(relaxed.loss), True
        infeasible, found, limit = _milp(programme, kept, gap, end)
    if infeasible and packs is None:
        return None
    found = _exactly_kept(programme, kept, found, gap, end)
    if found is not None and programme.profit(found) > value:
        packs = found
    if packs is None:
        raise NewRetailError(
            "no plan that keeps all rules was found in time. Raise time_limit, or loosen a rule."
        )
    return packs, min(relaxed.bound, max(limit, value)) if all_kept else relaxed.bound


def _worth_searching(relaxed: Relaxed, value: float) -> tuple[np.ndarray, bool]:
    """(lines, packs + 1) what a better plan could use, and whether that is all of it."""
    if np.isfinite(value):
        lost = (relaxed.bound - value) * (1 + 1e-9) + 1e-9 * abs(relaxed.bound)
        kept = relaxed.loss <= lost
    else:
        kept = np.isfinite(relaxed.loss)
    if kept[:, 1:].sum() <= _MOST_COLUMNS:
        return kept, True
    return _least_lost(relaxed.loss) | (relaxed.kept & ~np.isfinite(value)), False


def _exactly_kept(
    programme: Programme,
    kept: np.ndarray,
    packs: np.ndarray | None,
    gap: float,
    end: float,
) -> np.ndarray | None:
    """A plan that keeps the rules to rounding errors; the solver keeps them to about 1e-6."""
    room = programme.room
    for _ in range(_TIGHTENED):
        if packs is None or not programme.excess(packs).any():
            return packs
        room = room - 2 * programme.excess(packs)
        _, packs, _ = _milp(replace(programme, room=room), kept, gap, end)
    return None


def _milp(
    programme: Programme, kept: np.ndarray, gap: float, end: float
) -> tuple[bool, np.ndarray | None, float]:
    """Whether there is no plan, the packs if one was found, and the bound."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    part, unit = columns(programme, kept), money_unit(programme.gain)
    shares, wholes = len(part.line), len(programme.whole_cost)
    constraints = [LinearConstraint(part.at_most, -np.inf, part.room)]
    if part.exactly.shape[0]:
        constraints.append(LinearConstraint(part.exactly, 1.0, 1.0))
    solved = milp(
        np.r_[-part.gain, programme.whole_cost] / unit,
        constraints=constraints,
        integrality=np.ones(shares + wholes),
        bounds=Bounds(
            np.r_[np.zeros(shares), programme.whole_least],
            np.r_[np.ones(shares), programme.whole_most],
        ),
        options={"mip_rel_gap": gap, "time_limit": max(end - time.monotonic(), 1.0)},
    )
    if solved.status == 2:
        return True, None, -np.inf
    limit = np.inf if solved.mip_dual_bound is None else -solved.mip_dual_bound * unit
    if solved.x is None:
        return False, None, limit
    chosen = solved.x[:shares] > 0.5
    packs = np.zeros(len(kept), int)
    packs[part.line[chosen]] = part.packs[chosen]
    return False, packs, limit
