"""The served forecast, without MLflow."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import LightGBMForecaster
from newretail_ml.panel import Panel, Periods
from newretail_ml.tracking.served import ServedForecast, _load_pyfunc, load_served, save_served

ITEMS, HORIZON = ("tea", "milk", "rice"), 4
MISSING = {"unknown": "missing"}


def served(freq: str = "D") -> ServedForecast:
    keys = pd.DataFrame({"item_id": sorted(ITEMS), "location_id": "store 1"})
    periods = Periods.spanning("2026-01-05", "2026-01-05", freq).resized(HORIZON)
    paths = np.random.default_rng(0).poisson(5, (len(keys), 20, HORIZON)).astype(np.float32)
    return ServedForecast(Forecast(keys, periods, paths).to_frame(), periods)


def rows(model: ServedForecast) -> pd.DataFrame:
    return model.table[[*model.keys, "date"]]


@given(st.lists(st.integers(0, len(ITEMS) * HORIZON - 1), max_size=30))
def test_each_row_depends_on_itself_alone(picked: list[int]) -> None:
    model = served()
    asked = rows(model).iloc[picked]
    expected = model.table.iloc[picked]
    pd.testing.assert_frame_equal(model.predict(asked), expected, check_dtype=False)


def test_the_order_of_columns_and_further_columns_do_not_matter() -> None:
    model = served()
    asked = rows(model).assign(note="x")[["note", "date", "location_id", "item_id"]]
    pd.testing.assert_frame_equal(model.predict(asked), model.table)


def test_unknown_series_and_dates_are_refused_by_row() -> None:
    model = served()
    asked = rows(model).head(3).set_index(pd.Index([10, 11, 12]))
    asked.loc[11, "item_id"] = "coffee"
    with pytest.raises(DataError, match=r"1 rows belong to a series .*\(row 11\)"):
        model.predict(asked)
    asked = rows(model).head(3).assign(date=pd.Timestamp("2026-01-09"))
    with pytest.raises(DataError, match=r"3 rows lie outside the forecast, 2026-01-05 to 2026-01"):
        model.predict(asked)


@pytest.mark.parametrize("date", ["2026-01-04", "2026-01-09", "1900-01-01", None])
def test_unknown_rows_can_be_left_empty(date: str | None) -> None:
    model = served()
    asked = rows(model).head(4).copy()
    asked.loc[1, "item_id"] = "coffee"
    asked.loc[2, "date"] = pd.Timestamp(date) if date else pd.NaT
    asked.loc[3, "item_id"] = None
    answer = model.predict(asked, MISSING)
    assert answer[model.answers].isna().all(axis=1).tolist() == [False, True, True, True]
    pd.testing.assert_frame_equal(answer.head(1), model.table.head(1))


def test_no_rows_give_no_rows() -> None:
    model = served()
    assert model.predict(rows(model).head(0)).columns.tolist() == model.table.columns.tolist()


def test_a_missing_column_is_named() -> None:
    model = served()
    with pytest.raises(DataError, match=r"location_id: the column is missing"):
        model.predict(rows(model).drop(columns="location_id"))


def test_a_date_stands_for_the_week_that_holds_it() -> None:
    model = served("W")
    asked = rows(model).assign(date=rows(model)["date"] + pd.Timedelta(days=6))
    answer = model.predict(asked)
    assert answer["date"].tolist() == asked["date"].tolist()
    assert answer["mean"].tolist() == model.table["mean"].tolist()


@pytest.mark.parametrize("dtype", [object, "category", "string"])
def test_text_of_any_kind_is_read(dtype: object) -> None:
    model = served()
    answer = model.predict(rows(model).astype({"item_id": dtype}))
    assert answer["mean"].tolist() == model.table["mean"].tolist()


def test_saved_and_loaded_it_says_the_same_to_the_bit(
    tmp_path: Path, panel: Panel, fitted: LightGBMForecaster
) -> None:
    forecast = fitted.forecast(7)
    saved = ServedForecast.of(fitted, forecast, (0.1, 0.9))
    save_served(saved, tmp_path / "model")
    loaded = _load_pyfunc(str(tmp_path / "model"))
    assert loaded.periods == forecast.periods
    pd.testing.assert_frame_equal(loaded.predict(rows(saved)), saved.table, check_exact=True)
    again = loaded.forecaster.forecast(7)
    assert np.array_equal(again.paths, forecast.paths)
    assert np.array_equal(loaded.forecaster.panel_.units, panel.units)


def test_without_a_folder_there_is_no_forecaster() -> None:
    with pytest.raises(DataError, match="no forecaster is stored"):
        _ = served().forecaster


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    for kind in (None, "not json", '{"kind": "magic"}', '{"kind": "recommender"}'):
        if kind is not None:
            (tmp_path / "kind.json").write_text(kind)
        with pytest.raises(DataError, match=r"holds no (served )?model"):
            load_served(tmp_path)
