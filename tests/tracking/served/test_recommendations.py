"""A recommender that answers rows, without MLflow."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation import PersonalFrequency, Recommender
from newretail_ml.tracking.served import ServedRecommender

N_CUSTOMERS, K = 8, 4


def recommender() -> Recommender:
    rng = np.random.default_rng(4)
    order = np.repeat(np.arange(60), 3)
    bought = pd.DataFrame(
        {
            "customer_id": [f"member {number % N_CUSTOMERS}" for number in order],
            "order_id": order,
            "item_id": [f"item {item}" for item in rng.integers(0, 12, len(order))],
            "time": pd.Timestamp("2026-05-01") + pd.to_timedelta(order, "D"),
        }
    )
    events = bought.drop_duplicates(["order_id", "item_id"])
    return PersonalFrequency().fit(Interactions.from_frame(events))


SERVED = ServedRecommender(recommender())
CUSTOMERS = pd.DataFrame({"customer_id": [f"member {number}" for number in range(N_CUSTOMERS)]})
WHOLE = SERVED.predict(CUSTOMERS, {"k": K})


def test_it_answers_as_the_recommender_does() -> None:
    pd.testing.assert_frame_equal(WHOLE, SERVED.model.recommend(CUSTOMERS["customer_id"], K))
    assert len(SERVED.predict(CUSTOMERS)) == 10 * N_CUSTOMERS
    assert WHOLE.columns.tolist() == [one.name for one in SERVED.answered]


@settings(max_examples=12)
@given(st.lists(st.integers(0, N_CUSTOMERS - 1), min_size=1, max_size=10))
def test_each_row_depends_on_itself_alone(picked: list[int]) -> None:
    answer = SERVED.predict(CUSTOMERS.iloc[picked], {"k": K})
    expected = pd.concat([WHOLE.iloc[row * K : (row + 1) * K] for row in picked])
    pd.testing.assert_frame_equal(answer, expected.reset_index(drop=True))


def test_slots_of_one_kind_can_be_asked_for() -> None:
    for params in ({"kind": "discovery"}, {"exclude_bought": True}):
        answer = SERVED.predict(CUSTOMERS, {"k": 3, **params})
        assert set(answer["slot"]) == {"discovery"}
        expected = SERVED.model.recommend(CUSTOMERS["customer_id"], 3, exclude_bought=True)
        pd.testing.assert_frame_equal(answer, expected[expected["slot"] == "discovery"])
    repeats = SERVED.predict(CUSTOMERS, {"k": 3, "kind": "repeat"})
    assert set(repeats["slot"]) == {"repeat"}
    assert repeats.groupby("customer_id").size().max() == 3


@pytest.mark.parametrize("nobody", ["stranger", None, ""])
def test_unknown_customers_are_refused_left_out_or_get_what_is_popular(nobody: str | None) -> None:
    rows = CUSTOMERS.set_index(CUSTOMERS.index + 10).copy()
    rows.loc[12, "customer_id"] = nobody
    with pytest.raises(DataError, match=r"model input\.customer_id: 1 rows .*\(row 12\)"):
        SERVED.predict(rows)
    without = WHOLE[WHOLE["customer_id"] != "member 2"].reset_index(drop=True)
    left_out = SERVED.predict(rows, {"k": K, "unknown": "missing"})
    pd.testing.assert_frame_equal(left_out, without)
    popular = SERVED.predict(rows, {"k": K, "unknown": "popular"})
    others = popular[popular["customer_id"] != "stranger"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, without)
    assert len(popular) - len(others) == (K if nobody == "stranger" else 0)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"k": 0}, "k is 0"),
        ({"kind": "any kind"}, "no kind of slot 'any kind'. Choose from any, repeat, discovery"),
        ({"kind": "repeat", "exclude_bought": True}, "cannot leave out what was bought"),
        ({"unknown": "guess"}, "unknown is 'guess'. Choose from raise, missing, popular"),
        ({"n": 3}, "no parameter 'n'. Choose from k, exclude_bought, kind, unknown"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(params: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        SERVED.predict(CUSTOMERS, params)


def test_a_missing_column_is_named_and_no_rows_give_no_rows() -> None:
    with pytest.raises(DataError, match=r"model input\.customer_id: the column is missing"):
        SERVED.predict(CUSTOMERS.rename(columns={"customer_id": "member"}))
    empty = SERVED.predict(CUSTOMERS.head(0))
    assert (len(empty), empty.columns.tolist()) == (0, WHOLE.columns.tolist())


def test_saved_and_read_it_says_the_same_to_the_bit(tmp_path: Path) -> None:
    SERVED.write(tmp_path)
    again = ServedRecommender.read(tmp_path)
    pd.testing.assert_frame_equal(again.predict(CUSTOMERS, {"k": K}), WHOLE, check_exact=True)
    assert again.predict(again.example)["customer_id"].nunique() == 3
