"""Whether some of the rules can be kept together, and how far one of them must give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from newretail_ml.replenishment.planning.programme.rules import (
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

# What the planner's rules count, by the word that their names begin with after "minimum".
_UNITS = {"budget": "money", "value": "money", "units": "units", "volume": "volume"}

_SECONDS = 4.0
_NUMERICAL = 1e-7
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
        """Whether a plan keeps the rules held; undecided within seconds counts as yes."""
        return self._solved(held, None) is not None

    def suspects(self, names: Sequence[str]) -> list[str]:
        """Rules among which there is a conflict: all, or those in a proof by linear programming.

        The rules whose rows have dual values when the sum of all violations is minimised cannot
        be kept together, whatever the others.
        """
        from scipy.optimize import linprog

        rows, _ = self._rows(names, None)
        matrix, room = rows.matrix(), rows.room()
        least, most = self._bounds(names, None)
        count = len(room)
        solved = linprog(
            np.r_[np.zeros(len(least)), np.ones(count)],
            A_ub=sparse.hstack([matrix, -sparse.eye_array(count)]),
            b_ub=room,
            bounds=np.column_stack(
                [np.r_[least, np.zeros(count)], np.r_[most, np.full(count, np.inf)]]
            ),
            method="highs-ds",
        )
        if solved.x is None or solved.fun < _NUMERICAL:
            return list(names)
        proof = {rows.names[row] for row in np.flatnonzero(solved.ineqlin.marginals < -_NUMERICAL)}
        return [name for name in names if name in proof | {PRESENTATION}]

    def missing(self, name: str, held: Sequence[str]) -> float:
        """How far one rule must give so that the others held can be kept; NaN if not found."""
        found = self._solved(held, name)
        return np.nan if found is None else found

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

    def unit(self, name: str) -> str:
        """What the numbers of a rule count; empty for a rule with a name of one's own."""
        if name in (PRESENTATION, LARGEST, MINIMUM):
            return "packs"
        if isinstance(self._rules[name], Trucks):
            return "volume"
        return _UNITS.get(name.removeprefix("minimum ").partition(" ")[0], "")

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
        """How far the rule must give; None if the rules held cannot be kept, NaN if undecided."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        lines, wholes = len(self._values.value), len(self._whole)
        rows, unit = self._rows(held, giving)
        least, most = self._bounds(held, giving)
        cost = np.r_[np.zeros(2 * lines + wholes), np.ones(lines + 1)]
        room = rows.room()
        solved = milp(
            cost,
            constraints=LinearConstraint(rows.matrix(), -np.inf, room) if len(room) else (),
            integrality=np.repeat([1, 0], [2 * lines + wholes, lines + 1]),
            bounds=Bounds(least, most),
            options={"time_limit": _SECONDS},
        )
        if solved.status == 2:
            return None
        return np.nan if solved.x is None else float(f"{solved.fun * unit:.9g}")

    def _bounds(self, held: Sequence[str], giving: str | None) -> tuple[np.ndarray, np.ndarray]:
        """Of packs, ordered, whole decisions, giving of lines, giving of a rule."""
        values, lines = self._values, len(self._values.value)
        keeps = PRESENTATION in held and giving != PRESENTATION
        forced = (values.fewest > 0) & keeps
        places = self._whole.items()
        started = [bool((forced & (self._rules[name].use > 0)).any()) for name, _ in places]
        single = [isinstance(self._rules[name], SupplierMinimum) for name, _ in places]
        give = np.full(lines + 1, 0.0 if giving is None else np.inf)
        least = np.r_[np.zeros(lines), forced, started, np.zeros(lines + 1)]
        most = np.r_[self._largest, np.ones(lines), np.where(single, 1.0, np.inf), give]
        return least.astype(float), most

    def _rows(self, held: Sequence[str], giving: str | None) -> tuple[_Rows, float]:
        """Rows of the rules held, and the unit in which a rule gives."""
        values, lines, unit = self._values, len(self._values.value), 1.0
        each = sparse.eye_array(lines, format="csr")
        rows = _Rows(lines, len(self._whole))
        if PRESENTATION in held:
            gives = each * (giving == PRESENTATION)
            rows.add(PRESENTATION, -each, room=-values.fewest, lines=gives)
        if LARGEST in held:
            rows.add(LARGEST, each, room=values.most, lines=each * (giving == LARGEST))
        if MINIMUM in held:
            minimum = sparse.diags_array(values.minimum.astype(float))
            gives = each * (giving == MINIMUM)
            rows.add(MINIMUM, -each, ordered=minimum, lines=gives)
            rows.add(MINIMUM, each, ordered=-sparse.diags_array(self._largest))
        for name, rule in self._rules.items():
            if name in held:
                scale = rule.use.max(initial=0.0) or 1.0
                unit = scale if name == giving else unit
                self._add_rule(rows, rule, scale, float(name == giving))
        return rows, unit

    def _add_rule(self, rows: _Rows, rule: Rule, scale: float, gives: float) -> None:
        use = sparse.csr_array(rule.use[None, :] / scale)
        if isinstance(rule, Limit):
            rows.add(rule.name, use, room=np.array([rule.room / scale]), gives=gives)
            return
        place = self._whole[rule.name]
        if isinstance(rule, Trucks):
            capacity = rule.capacity / scale
            rows.add(rule.name, use, whole=rows.decision(place, [-capacity]))
            rows.add(
                rule.name,
                -use,
                whole=rows.decision(place, [capacity * rule.smallest_fill]),
                gives=gives,
            )
            return
        mine = np.flatnonzero(rule.use > 0)
        rows.add(rule.name, -use, whole=rows.decision(place, [rule.at_least / scale]), gives=gives)
        rows.add(
            rule.name,
            sparse.eye_array(len(rule.use), format="csr")[mine],
            whole=rows.decision(place, -self._largest[mine]),
        )


class _Rows:
    """Rows of a programme, block by block."""

    def __init__(self, lines: int, wholes: int) -> None:
        self._shape = (lines, lines, wholes, lines, 1)
        self.names: list[str] = []
        self._blocks: list[list[sparse.csr_array]] = []
        self._room: list[np.ndarray] = []

    def add(
        self,
        name: str,
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
        self.names += [name] * count
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
