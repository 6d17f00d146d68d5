"""Popularity by group: windows, smoothing, days out of stock and new items."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml.interactions import Interactions, Shelf
from newretail_ml.recommendation import Popularity
from newretail_ml.recommendation.lists.rates import popularity_rates


def orders(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["customer_id", "item_id", "time", "location_id"])


WEEK = orders(
    [(f"c{day}", "tea", f"2026-05-{day:02}", "north") for day in range(1, 15)]
    + [(f"d{day}", "jam", f"2026-05-{day:02}", "south") for day in range(8, 15)]
)


def test_the_window_counts_and_the_rest_does_not():
    known = Interactions.from_frame(WEEK)
    rate = popularity_rates(known, 7.0, by_group=False).rate[0]
    tea, jam = known.columns_of(["tea", "jam"])
    assert rate[tea] == pytest.approx(7 / 21)
    assert rate[jam] == pytest.approx(7 / 21)
    assert popularity_rates(known, 1e9, by_group=False).rate[0][tea] == pytest.approx(14 / 21)


def test_a_window_without_sales_gives_way_to_the_whole_history():
    later = Interactions.from_frame(WEEK)
    later = replace(later, cut=np.datetime64("2026-12-01", "s"))
    assert popularity_rates(later, 7.0).rate.max() > 0


def test_groups_are_means_of_themselves_and_the_chain():
    known = Interactions.from_frame(WEEK)
    rates = popularity_rates(known, 7.0, weight=14.0)
    tea = known.columns_of(["tea"])[0]
    south = rates.names.index("at south")
    # 7 of 7 events in the south are jam; 7 of 14 of the chain, which counts for 14 events.
    assert rates.rate[south, tea] / rates.rate[south].sum() == pytest.approx(7 / 21)


def test_days_out_of_stock_make_no_item_unpopular():
    known = Interactions.from_frame(WEEK)
    on_hand = np.full((14, 2, 2), np.nan, np.float32)
    tea, jam = known.columns_of(["tea", "jam"])
    on_hand[:, tea, 0], on_hand[:, jam, 0] = 5, 5
    on_hand[7:10, jam, 0] = 0
    shelf = Shelf(np.datetime64("2026-05-01"), on_hand)
    rate = popularity_rates(replace(known, shelf=shelf), 7.0, by_group=False).rate[0]
    assert rate[jam] / rate[tea] == pytest.approx(7 / 4)


def test_a_new_item_starts_with_half_of_its_category():
    items = pd.DataFrame(
        {
            "item_id": ["tea", "jam", "mint tea", "old tea"],
            "category": ["drinks", "food", "drinks", "drinks"],
            "launch_date": pd.to_datetime([None, None, "2026-05-13", "2020-01-01"]),
        }
    )
    known = Interactions.from_frame(WEEK, items=items)
    rate = popularity_rates(known, 7.0, by_group=False).rate[0]
    place = dict(zip(known.items["item_id"], rate, strict=True))
    assert place["mint tea"] == pytest.approx(place["tea"] / 2)
    assert place["old tea"] == 0
    last = Popularity(days=7).fit(known).recommend(["c1"], k=4)["item_id"].tolist()
    assert last[2:] == ["mint tea", "old tea"]
