"""Available to promise: a textbook's figures, a search over all promises, and wrong tables."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.panel.periods import Periods
from newretail_ml.replenishment.omnichannel import available_to_promise, promises

few = st.lists(st.integers(0, 5), min_size=5, max_size=5)


def test_master_schedule_of_the_textbook():
    """Stevenson (2018), Operations Management, 13th edition, chapter 11: industrial pumps."""
    due = np.array([[0, 0, 70, 0, 70, 0, 70, 70]])
    orders = np.array([[33, 20, 10, 4, 2, 0, 0, 0]])
    found = promises(np.array([64]), due, orders)
    assert found.discrete[0].tolist() == [11, 0, 56, 0, 68, 0, 70, 70]
    assert found.cumulative[0].tolist() == [11, 11, 67, 67, 135, 135, 205, 275]


def textbook(on_hand, due, orders):
    """Delivery by delivery, each less the orders until the next; shortfalls go to those before."""
    starts = [0] + [t for t in range(1, len(due)) if due[t] > 0]
    left = [
        due[a] - sum(orders[a:b]) + (on_hand if a == 0 else 0)
        for a, b in pairwise([*starts, len(due)])
    ]
    for k in range(len(left) - 1, 0, -1):
        if left[k] < 0:
            left[k - 1], left[k] = left[k - 1] + left[k], 0
    discrete = [0] * len(due)
    for start, units in zip(starts, left, strict=True):
        discrete[start] = max(units, 0)
    return discrete


def most_by_trial(on_hand, due, orders, period):
    """The largest further promise for a period that leaves no period short."""
    units = 0
    while True:
        extra = list(orders)
        extra[period] += units + 1
        if (on_hand + np.cumsum(due) - np.cumsum(extra))[period:].min() < 0:
            return units
        units += 1


@given(st.integers(0, 9), few, few)
@settings(max_examples=100, deadline=None)
def test_textbook_rule_and_trial(on_hand, due, orders):
    found = promises(np.array([on_hand]), np.array([due]), np.array([orders]))
    for period in range(len(due)):
        assert found.cumulative[0, period] == most_by_trial(on_hand, due, orders, period)
    if (on_hand + np.cumsum(due) - np.cumsum(orders)).min() >= 0:
        assert found.discrete[0].tolist() == textbook(on_hand, due, orders)


STOCK = pd.DataFrame({"item_id": ["a", "b"], "location_id": "s", "on_hand": [10, 3]})
NONE = pd.DataFrame({"item_id": [], "location_id": [], "date": [], "units": []})
DAYS = Periods.spanning("2026-01-01", "2026-01-03", "D")


def lines(item, date, units):
    return pd.DataFrame({"item_id": [item], "location_id": ["s"], "date": [date], "units": [units]})


def test_overdue_orders_are_owed_and_late_ones_looked_ahead_to():
    owed = pd.concat([lines("a", "2025-12-30", 2), lines("a", "2026-01-09", 5)])
    found = available_to_promise(STOCK, NONE, owed, DAYS)
    assert found["units"].tolist() == [3, 3, 3, 3, 3, 3]
    assert found["projected"].tolist() == [8, 8, 8, 3, 3, 3]


def test_kept_for_the_counter():
    stock = STOCK.assign(protected=[2, 9])
    found = available_to_promise(stock, NONE, NONE, DAYS, counter_share=0.5)
    assert found["kept_back"].tolist() == [5, 5, 5, 3, 3, 3]
    assert found["units"].tolist() == [5, 5, 5, 0, 0, 0]


def test_overpromised():
    found = available_to_promise(STOCK, NONE, lines("b", "2026-01-02", 5), DAYS)
    assert found["overpromised"].tolist() == [0, 0, 0, 0, 2, 2]


@pytest.mark.parametrize(
    ("stock", "due", "promised", "column"),
    [
        (STOCK.assign(on_hand=-1), NONE, NONE, "on_hand"),
        (STOCK.drop(columns="on_hand"), NONE, NONE, "on_hand"),
        (pd.concat([STOCK, STOCK]), NONE, NONE, None),
        (STOCK, lines("a", "2025-12-30", 2), NONE, "date"),
        (STOCK, lines("a", "soon", 2), NONE, "date"),
        (STOCK, lines("a", "02.01.2026", 2), NONE, "date"),
        (STOCK, NONE, lines("a", None, 2), "date"),
        (STOCK, lines("a", "2026-01-01", np.nan), NONE, "units"),
        (STOCK, NONE, lines("z", "2026-01-01", 2), None),
        (STOCK, NONE, NONE.drop(columns="date"), "date"),
    ],
)
def test_wrong_tables(stock, due, promised, column):
    with pytest.raises(DataError) as raised:
        available_to_promise(stock, due, promised, DAYS)
    assert raised.value.column == column


def test_wrong_arrays():
    with pytest.raises(DataError):
        promises(np.array([1]), np.array([[1, 2]]), np.array([[1]]))
    with pytest.raises(DataError):
        promises(np.array([np.nan]), np.array([[1]]), np.array([[1]]))
    with pytest.raises(DataError):
        available_to_promise(STOCK, NONE, NONE, DAYS, counter_share=1.0)
