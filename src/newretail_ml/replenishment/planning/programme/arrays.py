"""An order plan as arrays: every number of packs of a line is a column.

A line mixes its columns with shares that sum to at most one. A supplier that is ordered from by
half lets each of its lines have shares of half a sum at most, which is the tightest relaxation of
each supplier by itself (the convex hull of "nothing" and "at least the minimum"). Fixed costs and
minimum quantities of a line are in its columns, so they are relaxed just as tightly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from newretail_ml.replenishment.planning.programme.rules import (
    ROUNDING,
    Limit,
    LineValues,
    SupplierMinimum,
    Trucks,
    joined,
)


@dataclass(frozen=True, eq=False)
class Programme:
    """An order plan as arrays: rows `use @ packs + whole_use @ whole <= room`.

    `whole` are the whole decisions that lines share: order from a supplier or not, trucks.

    Attributes:
        gain: (lines, packs + 1), minus infinity where not allowed.
        use: (rows, lines), each row scaled to uses of about one.
        whole_use: (rows, decisions).
        room: (rows,).
        scale: (rows,) that rows were divided by.
        whole_cost: (decisions,).
        whole_least: (decisions,).
        whole_most: (decisions,).
        started: (decisions,) with a line that must be ordered.
        pair_line: (pairs,) a line that can be ordered only if a decision is at least one, and
        pair_whole: (pairs,) that decision.
        suppliers: number of decisions that are suppliers; the others are trucks.
        limits: number of rows that are limits; suppliers, loads and fills of trucks follow.
        capacity: (trucks,) of one truck, scaled as its row.
    """

    gain: np.ndarray
    use: sparse.csr_array
    whole_use: sparse.csr_array
    room: np.ndarray
    scale: np.ndarray
    whole_cost: np.ndarray
    whole_least: np.ndarray
    whole_most: np.ndarray
    started: np.ndarray
    pair_line: np.ndarray
    pair_whole: np.ndarray
    suppliers: int
    limits: int
    capacity: np.ndarray

    @property
    def must(self) -> np.ndarray:
        """(lines,) whether a line must be ordered."""
        return ~np.isfinite(self.gain[:, 0])

    def decided(self, packs: np.ndarray) -> np.ndarray:
        """(decisions,) that a plan takes: suppliers that get an order, trucks that it needs."""
        load = (self.use @ packs)[self.limits : self.limits + len(self.whole_cost)]
        trucks = np.ceil(load[self.suppliers :] / self.capacity * (1 - ROUNDING))
        return np.r_[(load[: self.suppliers] < 0).astype(float), trucks]

    def profit(self, packs: np.ndarray) -> float:
        """Of a plan, after order costs and trucks."""
        gain = self.gain[np.arange(len(packs)), packs].sum()
        return float(gain - self.whole_cost @ self.decided(packs))

    def excess(self, packs: np.ndarray) -> np.ndarray:
        """(rows,) by which a plan exceeds the room; 0 within rounding errors."""
        over = self.use @ packs + self.whole_use @ self.decided(packs) - self.room
        size = abs(self.use) @ packs + np.abs(self.room)
        return np.where(over > ROUNDING * size, over, 0.0)


def arrays(
    values: LineValues,
    limits: Sequence[Limit],
    minimums: Sequence[SupplierMinimum],
    trucks: Sequence[Trucks],
) -> Programme:
    """The plan as arrays; rows are limits, minimums, loads of trucks, fills of trucks."""
    gain = values.gain()
    uses = [one.use for one in limits] + [-one.use for one in minimums]
    uses += [one.use for one in trucks] + [-one.use for one in trucks]
    first = len(limits)
    rows = first + np.arange(len(minimums) + 2 * len(trucks))
    decisions = np.r_[np.arange(len(minimums)), np.tile(len(minimums) + np.arange(len(trucks)), 2)]
    numbers = [one.at_least for one in minimums] + [-one.capacity for one in trucks]
    numbers += [one.capacity * one.smallest_fill for one in trucks]
    table = np.array(uses, float).reshape(-1, len(gain))
    scale = np.abs(table).max(axis=1, initial=0.0)
    scale[scale == 0] = 1.0
    count = len(minimums) + len(trucks)
    whole_use = sparse.csr_array((numbers, (rows, decisions)), shape=(len(table), count))
    member = np.array([one.use > 0 for one in joined(minimums, trucks)], np.bool_).reshape(
        -1, len(gain)
    )
    must = values.fewest > 0
    loads = [float(one.use @ values.most) for one in trucks]
    started = (member & must).any(axis=1).astype(bool)
    pair_whole, pair_line = np.nonzero(member & ~must)
    return Programme(
        gain=gain,
        use=sparse.csr_array(table / scale[:, None]),
        whole_use=sparse.csr_array(sparse.diags_array(1 / scale) @ whole_use),
        room=np.r_[[one.room for one in limits], np.zeros(len(rows))] / scale,
        scale=scale,
        whole_cost=np.r_[np.zeros(len(minimums)), [one.cost for one in trucks]],
        whole_least=started.astype(float),
        whole_most=np.r_[
            np.ones(len(minimums)),
            [max(one.needed(load), 1) for one, load in zip(trucks, loads, strict=True)],
        ],
        started=started,
        pair_line=pair_line,
        pair_whole=pair_whole,
        suppliers=len(minimums),
        limits=first,
        capacity=np.array([one.capacity for one in trucks])
        / scale[first + len(minimums) : first + len(minimums) + len(trucks)],
    )


@dataclass(frozen=True, eq=False)
class Columns:
    """The matrix of some columns: `at_most @ z <= room`, `exactly @ z == 1`.

    z are the shares of the columns, then the whole decisions.
    """

    line: np.ndarray
    packs: np.ndarray
    gain: np.ndarray
    at_most: sparse.csr_array
    room: np.ndarray
    exactly: sparse.csr_array


def columns(programme: Programme, kept: np.ndarray) -> Columns:
    """The columns kept, (lines, packs + 1), of those that order anything."""
    line, packs = np.nonzero(kept[:, 1:] & np.isfinite(programme.gain[:, 1:]))
    packs = packs + 1
    lines, wholes = len(kept), len(programme.whole_cost)
    each = sparse.csr_array(
        (np.ones(len(line)), (line, np.arange(len(line)))), shape=(lines, len(line))
    )
    pairs = len(programme.pair_line)
    tied = sparse.csr_array(
        (-np.ones(pairs), (np.arange(pairs), programme.pair_whole)),
        shape=(pairs, wholes),
    )
    covered = np.zeros(lines, bool)
    covered[programme.pair_line[programme.pair_whole < programme.suppliers]] = True
    alone = ~(covered | programme.must)
    use = programme.use[:, line] * packs
    blocks = [
        [use, programme.whole_use],
        [each[programme.pair_line], tied],
        [each[alone], sparse.csr_array((int(alone.sum()), wholes))],
    ]
    must = np.flatnonzero(programme.must)
    return Columns(
        line=line,
        packs=packs,
        gain=programme.gain[line, packs],
        at_most=sparse.csr_array(sparse.block_array(blocks)),
        room=np.r_[programme.room, np.zeros(pairs), np.ones(int(alone.sum()))],
        exactly=sparse.csr_array(
            sparse.hstack([each[must], sparse.csr_array((len(must), wholes))])
        ),
    )


def money_unit(gain: np.ndarray) -> float:
    """A typical profit of a line, so that the solver's tolerances fit any currency."""
    unit = float(np.abs(gain[np.isfinite(gain)]).mean()) if np.isfinite(gain).any() else 0.0
    return unit or 1.0
