"""A policy of orders that answers rows, without MLflow."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment import plan_orders
from newretail_ml.tracking.served import OrderPolicy, ServedOrders

KEYS = pd.DataFrame(
    [(item, shop) for item in ("tea", "milk", "rice") for shop in ("east", "west")],
    columns=["item_id", "location_id"],
)
TERMS = pd.DataFrame(
    {
        "item_id": ["tea", "milk", "rice"],
        "lead_time": [2, 1, 3],
        "review_period": [2, 1, 4],
        "pack_size": [6, 1, 4],
        "unit_cost": [2.0, 0.5, 1.0],
        "unit_price": [4.0, 1.0, 3.0],
        "holding_cost": [0.02, 0.05, 0.01],
    }
)
STATE = KEYS.assign(on_hand=[0, 9, 3, 0, 14, 2])
WORTH = ["units", "packs", "expected_demand", "expected_stock", "expected_profit", "order_value"]


def policy(terms: pd.DataFrame | None = TERMS) -> OrderPolicy:
    paths = np.random.default_rng(3).poisson(4, (len(KEYS), 60, 8)).astype(np.float32)
    return OrderPolicy(
        Forecast(KEYS, Periods.spanning("2026-03-01", "2026-03-08", "D"), paths), terms
    )


SERVED = ServedOrders(policy())
WHOLE = SERVED.predict(STATE)


def test_it_orders_what_the_planner_orders() -> None:
    planned = plan_orders(SERVED.model.forecast, STATE, TERMS, TERMS[["item_id", "holding_cost"]])
    answer = WHOLE.merge(planned.orders, on=["item_id", "location_id"], suffixes=("", "_planned"))
    assert len(answer) == len(KEYS)
    assert WHOLE["units"].gt(0).sum() > 2
    for name in [*WORTH, "why", "arrival"]:
        assert answer[name].tolist() == answer[f"{name}_planned"].tolist()


@settings(max_examples=12)
@given(st.lists(st.integers(0, len(KEYS) - 1), min_size=1, max_size=12))
def test_each_row_depends_on_itself_alone(picked: list[int]) -> None:
    answer = SERVED.predict(STATE.iloc[picked])
    pd.testing.assert_frame_equal(answer, WHOLE.iloc[picked])


def test_terms_of_a_row_come_before_those_of_the_policy() -> None:
    lead_time = [np.nan, 4, np.nan, np.nan, np.nan, np.nan]
    answer = SERVED.predict(STATE.assign(lead_time=lead_time))
    pd.testing.assert_frame_equal(answer.drop(1), WHOLE.drop(1))
    assert answer.loc[1, "arrival"] == pd.Timestamp("2026-03-05")
    alone = ServedOrders(policy(None)).predict(STATE.merge(TERMS, on="item_id"))
    pd.testing.assert_frame_equal(alone, WHOLE)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("on_hand", -1.0, r"model input\.on_hand: 1 values are not numbers .*\(row 12\)"),
        ("on_hand", np.nan, r"model input\.on_hand: 1 values are missing.*\(row 12\)"),
        ("on_hand", "many", r"model input\.on_hand: 1 values are not numbers.*\(row 12\)"),
        ("lead_time", 1.5, r"model input\.lead_time: .* not whole periods.*\(row 12\)"),
        ("lead_time", 8.0, r"lead_time, review_period: .* arrive after the 8 periods .*\(row 12\)"),
        ("pallet_size", 0.5, r"model input\.pallet_size: a pallet of 0.5 .*\(row 12\)"),
        ("item_id", "coffee", r"item_id, location_id: 1 rows belong to a series .*\(row 12\)"),
        ("item_id", None, r"item_id, location_id: 1 rows belong to a series .*\(row 12\)"),
    ],
)
def test_a_wrong_row_is_named(column: str, value: object, said: str) -> None:
    rows = STATE.set_index(STATE.index + 10).astype({"on_hand": float})
    given_values = list(rows[column]) if column in rows else [np.nan] * len(rows)
    given_values[2] = value
    with pytest.raises(DataError, match=said):
        SERVED.predict(rows.assign(**{column: pd.Series(given_values, rows.index)}))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"model input\.on_hand: the column is missing"):
        SERVED.predict(STATE[["item_id", "location_id"]])
    with pytest.raises(DataError, match=r"holding_cost"):
        ServedOrders(policy(TERMS.drop(columns="holding_cost"))).predict(STATE)


def test_unknown_rows_can_be_left_empty() -> None:
    rows = STATE.replace({"item_id": {"milk": "coffee"}})
    answer = SERVED.predict(rows, {"unknown": "missing"})
    known = rows["item_id"] != "coffee"
    assert answer["item_id"].tolist() == rows["item_id"].tolist()
    assert answer.loc[~known, WORTH].isna().all(axis=None)
    pd.testing.assert_frame_equal(answer[known], WHOLE[known])
    nobody = SERVED.predict(rows[~known], {"unknown": "missing"})
    assert nobody["units"].isna().all()


def test_no_rows_give_no_rows() -> None:
    empty = SERVED.predict(STATE.head(0))
    assert empty.dtypes.astype(str)[WORTH].tolist() == WHOLE.dtypes.astype(str)[WORTH].tolist()
    assert empty.columns.tolist() == [one.name for one in SERVED.answered]


def test_what_may_be_left_out_is_in_the_signature_and_the_example_is_answered() -> None:
    needed = [one.name for one in SERVED.asked if one.required]
    assert needed == ["item_id", "location_id", "on_hand"]
    assert len(SERVED.predict(SERVED.example)) == 3


def test_saved_and_read_it_says_the_same_to_the_bit(tmp_path: Path) -> None:
    SERVED.write(tmp_path)
    pd.testing.assert_frame_equal(ServedOrders.read(tmp_path).predict(STATE), WHOLE)


def test_terms_by_what_the_forecast_does_not_know_are_refused() -> None:
    with pytest.raises(DataError, match=r"terms\.channel: the forecast is only by item_id, loca"):
        policy(TERMS.assign(channel="store"))
    with pytest.raises(DataError, match="share item_id"):
        policy(pd.concat([TERMS, TERMS]))
