"""What is bought most often, less what came back."""

import pandas as pd
import pytest

from newretail_ml import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.baskets import PersonalFrequency


def known(rows: list[tuple[str, str, str, float]]) -> Interactions:
    return Interactions.from_frame(
        pd.DataFrame(rows, columns=["customer_id", "item_id", "time", "units"])
    )


ROWS = [
    ("ann", "tea", "2026-05-01", 2.0),
    ("ann", "tea", "2026-05-08", 2.0),
    ("ann", "nut", "2026-05-08", 9.0),
    ("ann", "jam", "2026-05-09", 1.0),
    ("bob", "jam", "2026-05-10", 1.0),
    ("eve", "jam", "2026-05-11", 1.0),
    ("eve", "oil", "2026-05-11", 1.0),
]


def test_more_orders_come_first_ties_and_the_rest_go_to_what_is_popular():
    lists = PersonalFrequency().fit(known(ROWS)).recommend(["ann"], k=4)
    assert lists["item_id"].tolist() == ["tea", "jam", "nut", "oil"]
    assert lists["reason"].tolist()[:2] == [
        "bought 2 times, every 7 days, last 4 days ago",
        "bought once, 3 days ago",
    ]
    assert "popular" in lists["reason"].iloc[3]


def test_what_came_back_counts_less():
    back = [("ann", "tea", "2026-05-09", -2.0), ("ann", "tea", "2026-05-10", -2.0)]
    for returned, score in ((0.5, 1.0), (0.0, 0.0), (1.0, 2.0)):
        model = PersonalFrequency(returned=returned).fit(known(ROWS + back))
        table = model.recommend(["ann"], k=3).set_index("item_id")["score"]
        assert table["tea"] == pytest.approx(score, abs=1e-5)
    half = PersonalFrequency(returned=0.0).fit(known(ROWS + back[:1]))
    table = half.recommend(["ann"], k=3).set_index("item_id")["score"]
    assert table["tea"] == pytest.approx(1.0, abs=1e-5)


def test_old_orders_fade_with_a_half_life():
    model = PersonalFrequency(half_life=7.0).fit(known(ROWS))
    table = model.recommend(["ann"], k=3).set_index("item_id")["score"]
    assert table["tea"] == pytest.approx(0.5 ** (11 / 7) + 0.5 ** (4 / 7), abs=1e-5)
    assert table["jam"] == pytest.approx(0.5 ** (3 / 7), abs=1e-5)


@pytest.mark.parametrize("wrong", [{"half_life": 0.0}, {"returned": 2.0}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        PersonalFrequency(**wrong).fit(known(ROWS))
