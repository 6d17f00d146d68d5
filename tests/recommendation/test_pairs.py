"""Pairs of customers and items against what can be counted by hand."""

import numpy as np
import pandas as pd

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.pairs import Pairs

ORDERS = pd.DataFrame(
    {
        "customer_id": ["ann", "ann", "ann", "bob", "bob", "bob"],
        "item_id": ["tea", "tea", "jam", "tea", "jam", "jam"],
        "time": pd.date_range("2026-05-01", periods=6),
        "units": [3, 1, 2, 1, 1, -4],
    }
)


def test_what_came_back_is_a_share_of_all_that_was_bought_and_at_most_all():
    back = ORDERS.iloc[[0]].assign(units=-1, time=pd.Timestamp("2026-05-07"))
    known = Interactions.from_frame(pd.concat([ORDERS, back]))
    pairs = Pairs.of(known)
    rows, items = known.rows_of(["ann", "ann", "bob", "bob"]), ["tea", "jam", "tea", "jam"]
    entry = pairs.find(rows, known.columns_of(items))
    assert pairs.share_returned(known)[entry].tolist() == [0.25, 0.0, 0.0, 1.0]


def test_pairs_of_the_unknown_are_not_found():
    known = Interactions.from_frame(ORDERS)
    pairs = Pairs.of(known)
    rows, items = np.array([-1, 1, 0, 1]), np.array([0, -1, -1, 1])
    assert pairs.find(rows, items).tolist() == [-1, -1, -1, 3]
