"""Conflicts of rules: irreducible, and cured by what is missing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from newretail_ml.errors import InfeasibleError
from newretail_ml.replenishment.planning.programme import (
    Limit,
    LineValues,
    SupplierMinimum,
    Trucks,
    solve,
)
from newretail_ml.replenishment.planning.programme.conflicts import conflict

LOOSE = 260
LINE_RULES = {
    "presentation minimum": "fewest",
    "largest order": "most",
    "minimum order quantity": "minimum",
}


def lines(fewest, most, minimum=None):
    count = len(fewest)
    minimum = [0] * count if minimum is None else minimum
    return LineValues(np.zeros((count, LOOSE + 1)), fewest, most, minimum, np.zeros(count))


def with_rules(case, names, cure=None, by=0.0):
    """The case with these rules alone, one of them loosened."""
    values, *kinds = case
    loose = {"fewest": 0, "most": LOOSE, "minimum": 0}
    for name, part in LINE_RULES.items():
        if name not in names or name == cure:
            values = replace(values, **{part: np.full(len(values.value), loose[part])})
    kept = []
    for kind in kinds:
        kind = [one for one in kind if one.name in names]
        if cure in names and by:
            kind = [_loosened(one, by) if one.name == cure else one for one in kind]
        kept.append([one for one in kind if by or one.name != cure])
    return values, *kept


def _loosened(rule, by):
    if isinstance(rule, Limit):
        return replace(rule, at_most=rule.at_most + by)
    return replace(rule, at_least=rule.at_least - by)


def feasible(case):
    try:
        solve(*case)
    except InfeasibleError:
        return False
    return True


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_irreducible_and_cured_by_what_is_missing(seed):
    draw = np.random.default_rng(seed)

    def use(share):
        return np.where(draw.random(4) < share, draw.integers(1, 60, 4) / 10, 0.0)

    case = (
        lines(draw.integers(0, 4, 4), draw.integers(2, 6, 4), draw.integers(0, 5, 4)),
        [Limit(f"limit {n}", use(0.8), draw.integers(10, 400) / 10) for n in range(3)],
        [SupplierMinimum(f"supplier {n}", use(0.5), draw.integers(0, 250) / 10) for n in range(2)],
        [],
    )
    assume(not feasible(case))
    with pytest.raises(InfeasibleError) as raised:
        solve(*case)
    table = raised.value.conflicts
    names = table["rule"].tolist()
    assert not feasible(with_rules(case, names))
    for row in table.itertuples():
        assert row.missing_by > 0
        assert abs(row.needed - row.limit) == pytest.approx(row.missing_by)
        assert feasible(with_rules(case, names, cure=row.rule))
        if row.rule not in LINE_RULES:
            assert feasible(with_rules(case, names, row.rule, row.missing_by * 1.0001))
            assert not feasible(with_rules(case, names, row.rule, row.missing_by * 0.99))


def conflict_of(values, limits=(), minimums=(), trucks=()):
    with pytest.raises(InfeasibleError) as raised:
        solve(values, limits, minimums, trucks)
    return str(raised.value), raised.value.conflicts.set_index("rule")


def test_presentation_minimum_beyond_the_budget():
    other = Limit("volume", np.ones(3), 100.0)
    budget = Limit("budget", np.array([1_000.0, 900.0, 10.0]), 4_000.0)
    text, table = conflict_of(lines([4, 1, 0], [9, 9, 9]), [other, budget])
    assert text.startswith(
        "the presentation minimum of 2 lines needs 4,900 and the budget allows 4,000: "
        "900 are missing. Loosen"
    )
    assert table.loc["budget"].tolist() == [4_000.0, 4_900.0, 900.0, "money"]
    assert table.loc["presentation minimum"].tolist() == [5.0, 4.0, 1.0, "packs"]
    assert len(table) == 2


def test_presentation_minimum_beyond_the_shelf():
    text, table = conflict_of(lines([4, 1, 6], [3, 9, 2]))
    assert text.startswith(
        "the presentation minimum of 2 lines needs 10 and the largest order of 2 lines allows 5: "
        "5 are missing"
    )
    assert table["missing_by"].tolist() == [5.0, 5.0]


def test_supplier_minimum_out_of_reach_of_a_forced_order():
    supplier = SupplierMinimum("minimum value of S1", np.array([10.0, 5.0]), 100.0)
    text, table = conflict_of(lines([1, 0], [4, 4]), [], [supplier])
    assert "the minimum value of S1 and the presentation minimum of 1 line need" in text
    assert table.loc["minimum value of S1", "needed"] == 60.0
    assert table.loc["largest order", "missing_by"] == 4.0


def test_room_that_is_used_already():
    text, table = conflict_of(lines([0], [4]), [Limit("volume at S1", np.ones(1), 50.0, 60.0)])
    assert text.startswith("the volume at S1 allows 50 and 60 are used already: 10 are missing")
    assert table.loc["volume at S1", "needed"] == 60.0


def test_trucks_that_cannot_be_filled():
    trucks = Trucks("trucks of S1", np.array([1.0]), capacity=10.0, smallest_fill=0.8)
    text, table = conflict_of(lines([2], [5]), trucks=[trucks])
    assert "trucks of S1" in text
    assert table.loc["trucks of S1"].tolist() == [8.0, 5.0, 3.0, "volume"]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("budget", "money"),
        ("units", "units"),
        ("units at volume 7", "units"),
        ("volume at S1", "volume"),
        ("minimum value of units", "money"),
        ("minimum units of S1 to S2", "units"),
        ("pallets", ""),
    ],
)
def test_amounts_say_what_they_count(name, unit):
    one = SupplierMinimum(name, np.ones(1), 9.0)
    if not name.startswith("minimum"):
        one = Limit(name, np.ones(1), 1.0)
    values = lines([2], [4])
    is_limit = isinstance(one, Limit)
    _, table = conflict_of(values, [one] if is_limit else [], [] if is_limit else [one])
    assert table.loc[name, "unit"] == unit


def test_many_lines_in_seconds():
    draw = np.random.default_rng(0)
    count = 2_000
    values = lines((draw.random(count) < 0.1).astype(int), np.full(count, 12))
    money = draw.uniform(1, 9, count)
    limits = [Limit("budget", money, 0.5 * money @ values.fewest)]
    limits += [Limit(f"room {n}", np.roll(money, n), 1e6) for n in range(20)]
    error = conflict(values, limits, [], [])
    assert error.conflicts["rule"].tolist() == ["budget", "presentation minimum"]
    assert error.conflicts["missing_by"][0] == pytest.approx(0.5 * money @ values.fewest)
