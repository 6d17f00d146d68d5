"""Kinds of customers by what was known of them."""

import pandas as pd

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.judging import customer_labels


def test_kinds_are_by_orders_and_by_days_since_the_last_one():
    rows = [("once", 1, ["2026-03-30"]), ("old", 1, ["2025-01-01"])]
    rows += [("some", 2, ["2026-03-01", "2026-03-10"])]
    rows += [("more", 3, ["2026-01-01", "2026-01-10", "2026-01-20"])]
    rows += [("most", 5, pd.date_range("2026-02-01", "2026-02-05"))]
    orders = pd.DataFrame(
        [(name, time, item) for name, _, times in rows for time in times for item in ("x", "y")],
        columns=["customer_id", "time", "item_id"],
    )
    orders["time"] = pd.to_datetime(orders["time"])
    customers = pd.DataFrame({"customer_id": ["joined", "some"], "segment": ["a", "b"]})
    customers["joined"] = pd.Timestamp("2026-01-01")
    known = Interactions.from_frame(orders, customers=customers).until("2026-03-31")
    labels = customer_labels(known).set_index("customer_id")
    # Two items in one order are one order; of 2, 3 and 5 orders the median is 3.
    assert labels["activity"].to_dict() == {
        "joined": "new",
        "once": "new",
        "old": "new",
        "some": "light",
        "more": "light",
        "most": "heavy",
    }
    assert labels["recency"].to_dict() == {
        "joined": "never",
        "once": "up to 2 weeks",
        "some": "2 to 6 weeks",
        "most": "6 to 13 weeks",
        "more": "6 to 13 weeks",
        "old": "13 weeks and more",
    }
    assert labels.loc["some", "segment"] == "b"
    assert list(labels["activity"].cat.categories) == ["new", "light", "heavy"]
