"""Whether some of the rules can be kept together, and how far one of them must give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from newretail_ml.replenishment.planning.rules import (
    Limit,
    LineValues,
    Rule,
    SupplierMinimum,
    Trucks,
    joined,
)

PRESENTATION = "presentation minimum"
LARGEST = "largest order"
MINIMUM = "minimum order quantity"

_SECONDS = 10.0
# Above this, the solver could take a supplier for unused though a pack is ordered from it.
_MOST_PACKS = 100_000


class Elastic:
    """The rules as a programme in which any of them can be left out or can give.

    Args:
        values: the lines; only their own rules matter.
        limits: sums that must not be exceeded.
        minimums: of suppliers.
        trucks: whole trucks.
    """

    def __init__(
        self,
        values: LineValues,
        limits: Sequence[Limit],
        minimums: Sequence[SupplierMinimum],
        trucks: Sequence[Trucks],
    ) -> None:
        self._values = values
        self._rules: dict[str, Rule] = {one.name: one for one in joined(limits, minimums, trucks)}
        self._whole = {one.name: n for n, one in enumerate(joined(minimums, trucks))}
        self._largest = _largest(values, [*minimums, *trucks])

    def feasible(self, held: Sequence[str]) -> bool:
        """Whether a plan keeps the rules held."""
        return self._solved(held, None) is not None

    def missing(self, name: str, held: Sequence[str]) -> float:
        """How far one rule must give, at least, so that the others held can be kept."""
        return self._solved(held, name) or 0.0

    def says(self, name: str, held: Sequence[str]) -> tuple[float, int]:
        """What a rule asks for, and whether it gives by being raised (1) or lowered (-1)."""
        rule, lines = self._rules.get(name), self._lines(name, held)
        if isinstance(rule, Limit):
            return rule.at_most, 1
        if isinstance(rule, SupplierMinimum):
            return rule.at_least, -1
        if isinstance(rule, Trucks):
            return rule.smallest_fill * rule.capacity, -1
        packs = {
            PRESENTATION: self._values.fewest,
            LARGEST: self._values.most,
            MINIMUM: self._values.minimum,
        }[name]
        return float(packs[lines].sum()), 1 if name == LARGEST else -1

    def told(self, name: str, held: Sequence[str]) -> str:
        """The rule in words: rules of lines say for how many."""
        if name in self._rules:
            return name
        count = int(self._lines(name, held).sum())
        return f"{name} of {count:,} line{'s' if count != 1 else ''}"

    def _lines(self, name: str, held: Sequence[str]) -> np.ndarray:
        """Lines that a rule of lines holds in a conflict: those that its other rules touch."""
        values, uses = self._values, [self._rules[n].use for n in held if n in self._rules]
        if uses:
            touched = np.any(uses, axis=0)
        else:
            least = values.fewest
            if MINIMUM in held:
                least = np.maximum(values.fewest, values.minimum)
            touched = (values.fewest > 0) & (least > values.most)
        if name == PRESENTATION:
            touched = touched & (values.fewest > 0)
        if name == MINIMUM:
            touched = touched & (values.minimum > 1)
        return touched

    def _solved(self, held: Sequence[str], giving: str | None) -> float | None:
        """How far the rule must give; None if the rules held cannot be kept."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        lines, wholes = len(self._values.value), len(self._whole)
        blocks, room, unit = self._rows(held, giving)
        forced = (
            self._values.fewest > 0
            if PRESENTATION in held and giving != PRESENTATION
            else np.zeros(lines)
        )
        least = np.zeros(3 * lines + wholes + 1)
        least[lines : 2 * lines] = forced
        for name, place in self._whole.items():
            least[2 * lines + place] = (forced * (self._rules[name].use > 0)).any()
        most = np.full(len(least), np.inf)
        most[:lines], most[lines : 2 * lines] = self._largest, 1.0
        for name, place in self._whole.items():
            if isinstance(self._rules[name], SupplierMinimum):
                most[2 * lines + place] = 1.0
        gives = slice(2 * lines + wholes, None)
        most[gives] = 0.0 if giving is None else np.inf
        cost = np.zeros(len(least))
        cost[gives] = 1.0
        solved = milp(
            cost,
            constraints=LinearConstraint(blocks, -np.inf, room) if len(room) else (),
            integrality=np.repeat([1, 0], [2 * lines + wholes, lines + 1]),
            bounds=Bounds(least, most),
            options={"time_limit": _SECONDS},
        )
        if solved.status == 2:
            return None
        return 0.0 if solved.x is None else float(f"{solved.fun * unit:.9g}")

    def _rows(
        self, held: Sequence[str], giving: str | None
    ) -> tuple[sparse.csr_array, np.ndarray, float]:
        """Rows over packs, ordered, whole decisions, giving of lines, giving of a rule."""
        values, lines, unit = self._values, len(self._values.value), 1.0
        each = sparse.eye_array(lines, format="csr")
        rows = _Rows(lines, len(self._whole))
        if PRESENTATION in held:
            rows.add(-each, room=-values.fewest, lines=each * (giving == PRESENTATION))
        if LARGEST in held:
            rows.add(each, room=values.most, lines=each * (giving == LARGEST))
        if MINIMUM in held:
            minimum = sparse.diags_array(values.minimum.astype(float))
            rows.add(-each, ordered=minimum, lines=each * (giving == MINIMUM))
            rows.add(each, ordered=-sparse.diags_array(self._largest))
        for name, rule in self._rules.items():
            if name in held:
                scale = rule.use.max(initial=0.0) or 1.0
                gives = float(name == giving)
                unit = scale if name == giving else unit
                self._add_rule(rows, rule, scale, gives)
        return rows.matrix(), rows.room(), unit

    def _add_rule(self, rows: _Rows, rule: Rule, scale: float, gives: float) -> None:
        use = sparse.csr_array(rule.use[None, :] / scale)
        if isinstance(rule, Limit):
            rows.add(use, room=np.array([rule.room / scale]), gives=gives)
            return
        place = self._whole[rule.name]
        if isinstance(rule, Trucks):
            capacity = rule.capacity / scale
            rows.add(use, whole=rows.decision(place, [-capacity]))
            rows.add(-use, whole=rows.decision(place, [capacity * rule.smallest_fill]), gives=gives)
            return
        mine = np.flatnonzero(rule.use > 0)
        rows.add(-use, whole=rows.decision(place, [rule.at_least / scale]), gives=gives)
        rows.add(
            sparse.eye_array(len(rule.use), format="csr")[mine],
            whole=rows.decision(place, -self._largest[mine]),
        )


class _Rows:
    """Rows of a programme, block by block."""

    def __init__(self, lines: int, wholes: int) -> None:
        self._shape = (lines, lines, wholes, lines, 1)
        self._blocks: list[list[sparse.csr_array]] = []
        self._room: list[np.ndarray] = []

    def add(
        self,
        packs: sparse.csr_array,
        *,
        room: np.ndarray | None = None,
        ordered: sparse.csr_array | None = None,
        whole: sparse.csr_array | None = None,
        lines: sparse.csr_array | None = None,
        gives: float = 0.0,
    ) -> None:
        """Adds rows `packs + ordered + whole - lines - gives <= room`."""
        count = packs.shape[0]
        parts = [packs, ordered, whole, None if lines is None else -lines]
        parts.append(sparse.csr_array(np.full((count, 1), -gives)))
        self._blocks.append(
            [
                sparse.csr_array((count, width)) if part is None else part
                for part, width in zip(parts, self._shape, strict=True)
            ]
        )
        self._room.append(np.zeros(count) if room is None else room)

    def decision(self, place: int, numbers: np.ndarray | list[float]) -> sparse.csr_array:
        """One decision's numbers, a row each."""
        rows = len(numbers)
        where = (np.arange(rows), np.full(rows, place))
        return sparse.csr_array((numbers, where), shape=(rows, self._shape[2]))

    def matrix(self) -> sparse.csr_array:
        if not self._blocks:
            return sparse.csr_array((0, sum(self._shape)))
        return sparse.csr_array(sparse.vstack([sparse.hstack(row) for row in self._blocks]))

    def room(self) -> np.ndarray:
        return np.concatenate(self._room) if self._room else np.zeros(0)


def _largest(values: LineValues, rules: Sequence[SupplierMinimum | Trucks]) -> np.ndarray:
    """(lines,) packs that reach any minimum or fill any truck alone; no line needs more."""
    largest = np.maximum(values.minimum, np.maximum(values.fewest, values.most)).astype(float)
    for rule in rules:
        amount = rule.at_least if isinstance(rule, SupplierMinimum) else 2 * rule.capacity
        some = rule.use > 0
        largest[some] = np.maximum(largest[some], np.ceil(amount / rule.use[some]))
    return np.minimum(np.maximum(largest, 1.0), _MOST_PACKS)
