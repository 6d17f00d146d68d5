"""The linear relaxation of an order plan: its bound, its prices and its best fractions.

Only few columns matter, so they are generated: solve with a few, price all columns, add the ones
that would earn more (Dantzig and Wolfe 1960, Decomposition principle for linear programs). The
bound is the Lagrangian one (Geoffrion 1974, Lagrangean relaxation for integer programming): it
takes each line's best number of packs from the whole table at the prices found, so it holds
whichever columns were generated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.replenishment.planning.programme.arrays import (
    Columns,
    Programme,
    columns,
    money_unit,
)


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The best fractional plan.

    Attributes:
        line, packs, share: (columns,) of the columns in it.
        whole: (decisions,) fractional.
        value: of the fractional plan.
        bound: on the profit of every plan.
        prices: (rows,) profit of one more unit of room.
        loss: (lines, packs + 1) what the bound loses at least if a line orders so many packs.
        kept: (lines, packs + 1) the columns generated.
        worth: (decisions,) what the bound gains by one more of each decision, at these prices.
    """

    line: np.ndarray
    packs: np.ndarray
    share: np.ndarray
    whole: np.ndarray
    value: float
    bound: float
    prices: np.ndarray
    loss: np.ndarray
    kept: np.ndarray
    worth: np.ndarray


def relax(
    programme: Programme,
    *,
    whole: np.ndarray | None = None,
    like: Relaxed | None = None,
    tolerance: float = 1e-6,
) -> Relaxed | None:
    """The best fractional plan, or None if there is none.

    Args:
        programme: the plan as arrays.
        whole: (decisions,) to hold fixed; chosen with the plan unless given.
        like: a fractional plan whose columns to start from.
        tolerance: share of the bound that columns not generated may be worth.
    """
    least = programme.whole_least if whole is None else whole
    most = programme.whole_most if whole is None else whole
    kept = _first_columns(programme.gain) if like is None else like.kept.copy()
    bound = np.inf
    while True:
        part = columns(programme, kept)
        solved = _solve(programme, part, least, most)
        if solved is None:
            return None
        value, shares, prices, ties = solved
        more = _improving(_net(programme, prices, ties), kept)
        total, loss, worth = _priced(programme, prices, ties, least, most)
        bound = min(bound, total)
        if bound - value <= tolerance * abs(bound) or not (more & ~kept).any():
            break
        kept |= more
    used = np.flatnonzero(shares[: len(part.line)] > 1e-9)
    return Relaxed(
        line=part.line[used],
        packs=part.packs[used],
        share=shares[used],
        whole=shares[len(part.line) :],
        value=value,
        bound=bound,
        prices=prices,
        loss=loss,
        kept=kept,
        worth=worth,
    )


def _first_columns(gain: np.ndarray) -> np.ndarray:
    """None, the smallest order, the largest, the best and two between, of each line."""
    lines, packs = np.arange(len(gain)), gain.shape[1] - 1
    allowed = np.isfinite(gain)
    some = allowed.copy()
    some[:, 0] = False
    smallest = some.argmax(axis=1)
    largest = packs - some[:, ::-1].argmax(axis=1)
    best = np.maximum(gain.argmax(axis=1), smallest)
    kept = np.zeros(gain.shape, bool)
    kept[:, 0] = True
    for share in (0.0, 1 / 3, 2 / 3, 1.0):
        kept[lines, smallest + np.round(share * (best - smallest)).astype(int)] = True
    kept[lines, largest] = True
    return kept & allowed


def _solve(
    programme: Programme, part: Columns, least: np.ndarray, most: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray] | None:
    """Value, shares and decisions, prices of rows, prices of ties; None if none is feasible."""
    from scipy.optimize import linprog

    unit = money_unit(programme.gain)
    shares = len(part.line)
    solved = linprog(
        np.r_[-part.gain, programme.whole_cost] / unit,
        A_ub=part.at_most if part.at_most.shape[0] else None,
        b_ub=part.room if part.at_most.shape[0] else None,
        A_eq=part.exactly if part.exactly.shape[0] else None,
        b_eq=np.ones(part.exactly.shape[0]) if part.exactly.shape[0] else None,
        bounds=np.column_stack([np.r_[np.zeros(shares), least], np.r_[np.ones(shares), most]]),
        method="highs-ds",
    )
    if solved.x is None:
        return None
    rows, pairs = len(programme.room), len(programme.pair_line)
    duals = np.maximum(-solved.ineqlin.marginals, 0.0) * unit
    return -solved.fun * unit, solved.x, duals[:rows], duals[rows : rows + pairs]


def _net(programme: Programme, prices: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """(lines, packs + 1) gain after paying the prices of rows and of ties to decisions."""
    lines, packs = programme.gain.shape
    net = programme.gain - (programme.use.T @ prices)[:, None] * np.arange(packs)
    net[:, 1:] -= np.bincount(programme.pair_line, ties, lines)[:, None]
    return net


def _priced(
    programme: Programme,
    prices: np.ndarray,
    ties: np.ndarray,
    least: np.ndarray,
    most: np.ndarray,
) -> tuple[float, np.ndarray, np.ndarray]:
    """The Lagrangian bound at these prices, and what packs and decisions change of it."""
    left = _net(programme, prices, ties).max(axis=1)
    # What a line earns beyond its ties it earns only if its supplier is ordered from: tying that
    # too never raises the bound.
    first = programme.pair_line[programme.pair_whole < programme.suppliers]
    first_pair = np.unique(first, return_index=True)[1]
    ties = ties.copy()
    ties[first_pair] += left[programme.pair_line[first_pair]]
    net = _net(programme, prices, ties)
    best = net.max(axis=1)
    loss = np.where(np.isfinite(net), best[:, None] - net, np.inf)
    earned = np.bincount(programme.pair_whole, ties, len(most))
    earned = earned - programme.whole_cost - programme.whole_use.T @ prices
    whole = np.maximum(earned * least, earned * most)
    return float(prices @ programme.room + best.sum() + whole.sum()), loss, earned


def _improving(net: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The best column, and its neighbours, of each line whose best is not kept yet."""
    lines, best = np.arange(len(net)), net.argmax(axis=1)
    short = np.where(kept, net, -np.inf).max(axis=1) < net.max(axis=1)
    more = np.zeros(kept.shape, bool)
    for step in (-1, 0, 1):
        more[lines[short], (best[short] + step).clip(0, net.shape[1] - 1)] = True
    return more & np.isfinite(net)
