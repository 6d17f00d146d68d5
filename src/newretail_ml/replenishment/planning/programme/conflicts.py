"""Which rules contradict one another, and by how much.

An irreducible set of conflicting rules is one that becomes feasible as soon as any of them is
dropped. It is found by halving (Junker 2004, QuickXplain: preferred explanations and relaxations
for over-constrained problems); how far each of its rules must give is an elastic programme
(Chinneck 2008, Feasibility and Infeasibility in Optimization, chapters 6 and 7).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.errors import InfeasibleError
from newretail_ml.replenishment.planning.programme.elastic import (
    LARGEST,
    MINIMUM,
    PRESENTATION,
    Elastic,
)
from newretail_ml.replenishment.planning.programme.rules import (
    Limit,
    LineValues,
    SupplierMinimum,
    Trucks,
    joined,
)

_SECONDS = 10.0
_MOST_NAMED = 4
_NEXT_STEP = "Loosen one of them by what is missing; the attribute `conflicts` lists all."


def conflict(
    values: LineValues,
    limits: Sequence[Limit],
    minimums: Sequence[SupplierMinimum],
    trucks: Sequence[Trucks],
) -> InfeasibleError:
    """The error that names an irreducible set of rules that no plan keeps together.

    Rules of lines are one rule a kind: the presentation minimum, the largest order, the minimum
    order quantity. `conflicts` of the error has a row for each rule of the set: what it says
    (`limit`), what it would have to say if only it gave (`needed`), the difference, and what
    these count (`unit`: money, packs, units or volume; empty where the rule's name does not tell).
    Once these can be kept, another conflict may show. A conflict of very many rules may be cut
    short: then it is not reduced to the end, or has missing numbers.

    Args:
        values: the lines; only their own rules matter.
        limits: sums that must not be exceeded.
        minimums: of suppliers.
        trucks: whole trucks.

    >>> lines = LineValues(np.zeros((2, 9)), [5, 3], [8, 8], [0, 0], [0.0, 0.0])
    >>> error = conflict(lines, [Limit("budget", np.array([10.0, 20.0]), 90.0)], [], [])
    >>> print(error)
    the presentation minimum of 2 lines needs 110 and the budget allows 90: 20 are missing.
    Loosen one of them by what is missing; the attribute `conflicts` lists all.
    >>> error.conflicts
                       rule  limit  needed  missing_by   unit
    0                budget   90.0   110.0        20.0  money
    1  presentation minimum    8.0     7.0         1.0  packs
    """
    model = Elastic(values, limits, minimums, trucks)
    names = [one.name for one in joined(limits, trucks, minimums)]
    names += [LARGEST, MINIMUM, PRESENTATION]
    found = _Reduction(model, time.monotonic() + _SECONDS).of([], [], model.suspects(names))
    rows, end = [], time.monotonic() + _SECONDS
    for name in sorted(found, key=names.index):
        limit, direction = model.says(name, found)
        missing = model.missing(name, found) if time.monotonic() < end else np.nan
        rows.append((name, limit, limit + direction * missing, missing, model.unit(name)))
    table = pd.DataFrame(rows, columns=["rule", "limit", "needed", "missing_by", "unit"])
    return InfeasibleError(_sentence(table, model, limits), next_step=_NEXT_STEP, conflicts=table)


@dataclass(frozen=True)
class _Reduction:
    """Drops rules from a conflict until none can be dropped, or time is up."""

    model: Elastic
    end: float

    def of(self, held: list[str], added: list[str], rules: list[str]) -> list[str]:
        """The rules that conflict given those held; `added` are the last of these."""
        if added and time.monotonic() < self.end and not self.model.feasible(held):
            return []
        if len(rules) == 1:
            return rules
        first, second = rules[: len(rules) // 2], rules[len(rules) // 2 :]
        late = self.of(held + first, first, second)
        early = self.of(held + late, late, first)
        return early + late


def _sentence(table: pd.DataFrame, model: Elastic, limits: Sequence[Limit]) -> str:
    """The conflict from the side of the first limit in it, or else of the largest orders."""
    names = table["rule"].tolist()
    used = {one.name: one.used_already for one in limits}
    tops = [name for name in names if name in used] or [name for name in names if name == LARGEST]
    top = tops[0] if tops else names[0]
    row = table[table["rule"] == top].iloc[0]
    others = [model.told(name, names) for name in names if name != top]
    missing = f"{_number(row['missing_by'])} {'is' if row['missing_by'] == 1 else 'are'} missing"
    allows = f"the {model.told(top, names)} allows {_number(row['limit'])}"
    already = f"{_number(used.get(top, 0.0))} are used already"
    if not others:
        return f"{allows} and {already}: {missing}"
    if not tops:
        return f"{_listed([model.told(top, names), *others])} cannot be kept together"
    need = "need" if len(others) > 1 else "needs"
    after = f", of which {already}" if used.get(top, 0.0) else ""
    return f"{_listed(others)} {need} {_number(row['needed'])} and {allows}{after}: {missing}"


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    named = names if more <= 0 else names[-_MOST_NAMED:]
    rest = f" and {more} other rule{'s' if more > 1 else ''}" if more > 0 else ""
    return "the " + " and the ".join(named) + rest


def _number(number: float) -> str:
    """With two decimals where it has any."""
    return f"{number:,.2f}".rstrip("0").rstrip(".")
