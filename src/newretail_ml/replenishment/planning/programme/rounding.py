"""From the best fractional plan to whole packs: single moves, dearest broken rule first.

A move changes the packs of one line. A plan is worth its profit less a penalty for each rule it
breaks, and the best move is made until none helps; penalties of rules still broken are then
raised. Once no rule is broken, only moves that break none are made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.replenishment.planning.programme.arrays import Programme
from newretail_ml.replenishment.planning.programme.relaxation import Relaxed

_REACH = 4
_ROUNDS = 60
_MOVES = 4_000
_SLACK = 1e-10


@dataclass(frozen=True, eq=False)
class _Moves:
    """Packs that each line may change to, and the rows that each line uses.

    Attributes:
        packs: (lines, choices).
        gain: (lines, choices).
        rows: (lines, most rows of a line); the row past the last for none.
        use: as rows.
        room: (rows + 1,) with the whole decisions taken.
    """

    packs: np.ndarray
    gain: np.ndarray
    rows: np.ndarray
    use: np.ndarray
    room: np.ndarray

    def loads(self, packs: np.ndarray) -> np.ndarray:
        used = self.use * packs[:, None]
        return np.bincount(self.rows.ravel(), used.ravel(), len(self.room))

    def excess(self, load: np.ndarray) -> np.ndarray:
        over = load - self.room
        return np.where(over > _SLACK * (1 + np.abs(self.room)), over, 0.0)


def rounded(
    programme: Programme, relaxed: Relaxed, whole: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Whole packs near a fractional plan, and (rows,) which rows they break, if any.

    Args:
        programme: the plan as arrays.
        relaxed: its best fractional plan with the whole decisions taken.
        whole: (decisions,) taken.
    """
    moves, packs = _moves(programme, relaxed, whole)
    penalties = _first_penalties(programme, relaxed, moves)
    broken = np.zeros(len(penalties), bool)
    for _ in range(_ROUNDS):
        packs = _climb(moves, packs, penalties)
        broken = moves.excess(moves.loads(packs)) > 0
        if not broken.any():
            packs = _climb(moves, packs, np.full(len(penalties), np.inf))
            break
        penalties = np.where(broken, 1.5 * penalties, penalties)
    return packs, broken[:-1]


def _moves(programme: Programme, relaxed: Relaxed, whole: np.ndarray) -> tuple[_Moves, np.ndarray]:
    """The moves worth a look, and the plan to start from: each line's largest share."""
    gain, lines = programme.gain.copy(), np.arange(len(programme.gain))
    closed = programme.pair_line[whole[programme.pair_whole] < 0.5]
    gain[closed, 1:] = -np.inf
    share = np.zeros(gain.shape)
    share[relaxed.line, relaxed.packs] = relaxed.share
    share[:, 0] = 1 - share[:, 1:].sum(axis=1)
    start = np.where(np.isfinite(gain), share, -1.0).argmax(axis=1)
    centre = share[:, 1:].argmax(axis=1) + 1
    centre = np.where(share[:, 1:].max(axis=1, initial=0.0) > 0, centre, start)
    smallest = np.isfinite(gain[:, 1:]).argmax(axis=1) + 1
    near = [centre + step for step in range(-_REACH, _REACH + 1)]
    packs = np.column_stack([np.zeros(len(gain), int), smallest, *near])
    packs = packs.clip(0, gain.shape[1] - 1)
    use = programme.use.tocsc()
    counts = np.diff(use.indptr)
    place = np.arange(use.nnz) - np.repeat(use.indptr[:-1], counts)
    rows = np.full((len(gain), counts.max(initial=1)), len(programme.room))
    uses = np.zeros(rows.shape)
    rows[np.repeat(lines, counts), place] = use.indices
    uses[np.repeat(lines, counts), place] = use.data
    room = np.append(programme.room - programme.whole_use @ whole, np.inf)
    return _Moves(packs, gain[lines[:, None], packs], rows, uses, room), start


def _first_penalties(programme: Programme, relaxed: Relaxed, moves: _Moves) -> np.ndarray:
    """A little above the shadow price of each row, and never far below the usual profit."""
    best = np.where(np.isfinite(programme.gain), programme.gain, 0.0).max(axis=1)
    packs = np.maximum(moves.packs[:, 2 + _REACH], 1)
    used = np.bincount(
        moves.rows.ravel(), np.abs(moves.use * packs[:, None]).ravel(), len(moves.room)
    )
    profit = np.bincount(moves.rows.ravel(), np.repeat(best, moves.rows.shape[1]), len(moves.room))
    usual = np.divide(profit, used, out=np.zeros_like(used), where=used > 0)
    return np.maximum(1.1 * np.append(relaxed.prices, 0.0), 0.2 * usual) + 1e-12


def _climb(moves: _Moves, packs: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """Makes the best move until none helps."""
    packs, lines = packs.copy(), np.arange(len(packs))
    here = (moves.packs == packs[:, None]).argmax(axis=1)
    smallest = 1e-12 * np.abs(moves.gain[np.isfinite(moves.gain)]).sum()
    for _ in range(_MOVES):
        load = moves.loads(packs)
        change = moves.gain - moves.gain[lines, here][:, None]
        change -= _penalty(moves, packs, load, penalties)
        line, choice = np.unravel_index(np.argmax(change), change.shape)
        if not change[line, choice] > smallest:
            break
        packs[line], here[line] = moves.packs[line, choice], choice
    return packs


def _penalty(
    moves: _Moves, packs: np.ndarray, load: np.ndarray, penalties: np.ndarray
) -> np.ndarray:
    """(lines, choices) rise of the penalties by each move."""
    extra = moves.packs - packs[:, None]
    rise = np.zeros(moves.packs.shape)
    now = moves.excess(load)
    tolerance = _SLACK * (1 + np.abs(moves.room))
    for rows, use in zip(moves.rows.T, moves.use.T, strict=True):
        over = (load - moves.room)[rows][:, None] + use[:, None] * extra
        over = np.where(over > tolerance[rows][:, None], over, 0.0) - now[rows][:, None]
        with np.errstate(invalid="ignore"):
            rise += np.where(over == 0, 0.0, penalties[rows][:, None] * over)
    return rise
