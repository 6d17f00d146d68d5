"""A response to prices that answers rows, without MLflow."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.pricing import ConstantElasticity, DemandResponse, Evidence, Linear, what_if
from newretail_ml.tracking.served import ServedPrices

N, DRAWS = 6, 40
KEYS = pd.DataFrame({"item_id": [f"item {n}" for n in range(N)]})
COSTS = KEYS.assign(unit_cost=np.linspace(0.5, 1.5, N))
RANDOM = np.random.default_rng(8)
OWN = -RANDOM.uniform(1.2, 3.0, N)
EVIDENCE = Evidence(
    np.arange(N) != 4,
    np.where(np.arange(N) == 4, "the price never moved", "").astype(object),
    np.full(N, 1.8),
    np.full(N, 2.2),
)


def alone() -> DemandResponse:
    """Products whose demand depends on their own price."""
    draws = OWN + RANDOM.normal(0, 0.3, (DRAWS, N))
    units, prices = np.linspace(20, 90, N), np.full(N, 2.0)
    return ConstantElasticity(
        units, prices, OWN, draws=draws, level_error=0.1, keys=KEYS, evidence=EVIDENCE
    )


def together() -> DemandResponse:
    """Products that take demand from one another."""
    cross = np.diag(OWN * 8) + RANDOM.uniform(0, 2, (N, N)) * (1 - np.eye(N))
    return Linear(np.linspace(20, 90, N), np.full(N, 2.0), cross, level_error=0.1, keys=KEYS)


MODELS = {
    "alone": ServedPrices(alone(), COSTS, n_draws=DRAWS),
    "together": ServedPrices(together(), COSTS, n_draws=DRAWS),
}
ROWS = KEYS.merge(pd.DataFrame({"price": [1.0, 1.9, 2.4]}), how="cross")
each_model = pytest.mark.parametrize("name", list(MODELS))


@each_model
def test_it_answers_as_what_if_does(name: str) -> None:
    served = MODELS[name]
    curve = what_if(served.model, COSTS, shares=[0.9, 1.0, 1.3], n_draws=DRAWS)
    answer = served.predict(curve[["item_id", "price"]])
    names = [f"{what}{end}" for what in ("units", "revenue") for end in ("", "_lower", "_upper")]
    for column in [*names, "profit"]:
        assert answer[column].to_numpy() == pytest.approx(curve[column].to_numpy())
    assert answer["beyond_data"].tolist() == curve["beyond_data"].tolist()
    assert (answer["units_lower"] < answer["units_upper"]).all()


@each_model
@settings(max_examples=12)
@given(picked=st.lists(st.integers(0, 3 * N - 1), max_size=12))
def test_each_row_depends_on_itself_alone(name: str, picked: list[int]) -> None:
    served = MODELS[name]
    whole = served.predict(ROWS)
    pd.testing.assert_frame_equal(
        served.predict(ROWS.iloc[picked]), whole.iloc[picked], check_exact=False, rtol=1e-12
    )


def test_a_price_moves_alone() -> None:
    response = MODELS["together"].model
    (answer,) = MODELS["together"].predict(ROWS.iloc[[0]])["units"]
    prices = np.full(N, 2.0)
    prices[0] = 1.0
    assert answer == pytest.approx(response.units(prices)[0])


def test_what_the_data_cannot_tell_is_said() -> None:
    answer = MODELS["alone"].predict(KEYS.assign(price=[2.0] * (N - 1) + [3.0]))
    assert answer["identified"].tolist() == [True] * 4 + [False, True]
    assert answer["reason"].tolist() == [""] * 4 + ["the price never moved", ""]
    assert answer["beyond_data"].tolist() == [False] * (N - 1) + [True]


def test_costs_of_a_row_come_first_and_without_any_profit_is_empty() -> None:
    rows = ROWS.head(2).assign(unit_cost=[0.0, np.nan])
    answer = MODELS["alone"].predict(rows)
    assert answer.loc[0, "profit"] == pytest.approx(answer.loc[0, "revenue"])
    assert answer.loc[1, "profit"] == MODELS["alone"].predict(ROWS).loc[1, "profit"]
    bare = ServedPrices(MODELS["alone"].model, n_draws=DRAWS).predict(ROWS)
    assert bare[["profit", "profit_lower", "profit_upper"]].isna().all(axis=None)
    assert bare["revenue"].notna().all()


def test_below_cost_the_worst_profit_is_that_of_most_units() -> None:
    answer = MODELS["alone"].predict(ROWS.head(1).assign(unit_cost=5.0))
    assert (answer["profit_lower"] < answer["profit"]).all()
    assert (answer["profit"] < answer["profit_upper"]).all()
    assert answer["profit_lower"][0] == pytest.approx(-4.0 * answer["units_upper"][0])


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("price", 0.0, r"model input\.price: 1 values are not finite prices .*\(row 12\)"),
        ("price", np.nan, r"model input\.price: 1 values are not finite prices .*\(row 12\)"),
        ("price", "dear", r"model input\.price: 1 values are not numbers.*\(row 12\)"),
        ("unit_cost", -1.0, r"model input\.unit_cost: 1 values .*\(row 12\)"),
        ("item_id", "coffee", r"model input\.item_id: 1 rows belong to a product .*\(row 12\)"),
    ],
)
def test_a_wrong_row_is_named(column: str, value: object, said: str) -> None:
    rows = ROWS.set_index(ROWS.index + 10)
    values = list(rows[column]) if column in rows else [1.0] * len(rows)
    values[2] = value
    with pytest.raises(DataError, match=said):
        MODELS["alone"].predict(rows.assign(**{column: pd.Series(values, rows.index)}))


def test_unknown_rows_can_be_left_empty() -> None:
    rows = ROWS.replace({"item_id": {"item 1": "coffee"}})
    answer = MODELS["alone"].predict(rows, {"unknown": "missing"})
    unknown = rows["item_id"] == "coffee"
    assert answer.loc[unknown, ["units", "profit_lower", "identified"]].isna().all(axis=None)
    known = MODELS["alone"].predict(rows[~unknown])
    pd.testing.assert_frame_equal(answer[~unknown], known, check_dtype=False)
    assert len(MODELS["alone"].predict(rows[unknown], {"unknown": "missing"})) == unknown.sum()


def test_no_rows_give_no_rows() -> None:
    answer = MODELS["alone"].predict(ROWS.head(0))
    assert answer.columns.tolist() == [one.name for one in MODELS["alone"].answered]
    assert answer.dtypes.astype(str)["units"] == "float64"


def test_costs_that_repeat_or_are_missing_are_refused() -> None:
    with pytest.raises(DataError, match="share item_id"):
        ServedPrices(MODELS["alone"].model, pd.concat([COSTS, COSTS]))
    with pytest.raises(DataError, match=r"costs\.unit_cost: the column is missing"):
        ServedPrices(MODELS["alone"].model, KEYS)


@each_model
def test_saved_and_read_it_says_the_same_to_the_bit(name: str, tmp_path: Path) -> None:
    served = MODELS[name]
    served.write(tmp_path)
    again = ServedPrices.read(tmp_path)
    pd.testing.assert_frame_equal(again.predict(ROWS), served.predict(ROWS), check_exact=True)
    assert len(again.predict(again.example)) == 3
