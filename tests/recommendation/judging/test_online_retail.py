"""The protocol on Online Retail, by the published figures of the simplest model."""

import pandas as pd
import pytest

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.judging import evaluate

CUT, END = pd.Timestamp("2011-11-11"), pd.Timestamp("2011-12-09")


@pytest.mark.shared
def test_popularity_of_28_days_has_the_published_digits(shared_data):
    lines = pd.read_parquet(shared_data / "online_retail.parquet")
    lines = lines[lines["CustomerID"].notna() & (lines["Quantity"] > 0)]
    names = {"CustomerID": "customer_id", "StockCode": "item_id", "InvoiceDate": "time"}
    lines = lines.rename(columns=names)[[*names.values(), "InvoiceNo"]]
    lines = lines.drop_duplicates(["customer_id", "item_id", "InvoiceNo"])
    before, after = lines[lines["time"] < CUT], lines[lines["time"].between(CUT, END)]
    history = Interactions.from_frame(before)
    assert (history.n_customers, history.n_items) == (4101, 3630)

    recent = before[before["time"] >= CUT - pd.Timedelta(days=28)]
    order = recent["item_id"].value_counts().index
    best = pd.DataFrame({"item_id": order[:10], "rank": range(1, 11)})
    customers = before[["customer_id"]].drop_duplicates()
    lists = customers.merge(best, how="cross")
    found = evaluate(lists, after, history)
    table = found.table().iloc[0]
    assert table["customers"] == 1326
    assert table[["ndcg", "recall"]].round(3).tolist() == [0.144, 0.060]
    assert found.by_customer["repeat_share"].between(0, 1).all()

    bought = pd.MultiIndex.from_frame(before[["customer_id", "item_id"]])
    many = customers.merge(pd.DataFrame({"item_id": order[:200], "rank": range(200)}), how="cross")
    fresh = many[~pd.MultiIndex.from_frame(many[["customer_id", "item_id"]]).isin(bought)]
    fresh = fresh.assign(rank=fresh.groupby("customer_id").cumcount() + 1)
    table = evaluate(fresh, after, history, view="discovery").table().iloc[0]
    assert table["customers"] == 1215
    # How ties were broken and slots filled was not published: within the standard error.
    assert table["ndcg"] == pytest.approx(0.084, abs=table["ndcg_error"])
    assert table["recall"] == pytest.approx(0.046, abs=table["recall_error"])
