"""Numbers with all their digits come back to the last bit, whichever pandas reads them."""

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sql

from newretail_ml.errors import DataError
from newretail_ml.tables import RetailTables, SourceMapping
from newretail_ml.tables.exact import to_exact_numbers
from newretail_ml.tables.parsing import to_text
from newretail_ml.tables.pieces import opened
from newretail_ml.tables.sources import read_tables

NUMBERS = np.random.default_rng(8).gamma(2.0, 50.0, 500)


@pytest.mark.parametrize("kind", ["file", "text"])
def test_prices_of_a_csv_file_are_those_written(tmp_path, kind):
    orders = pd.DataFrame(
        {"order_id": range(500), "time": "2026-05-01", "item_id": "a", "units": 1}
    ).assign(unit_price=NUMBERS)
    if kind == "file":
        orders.to_csv(tmp_path / "orders.csv", index=False)
        tables = RetailTables.read(tmp_path)
    else:
        tables = RetailTables.from_frames(orders.astype({"unit_price": str}))
    found = tables.orders.sort_values("order_id", key=lambda ids: ids.astype(int))
    assert np.array_equal(found["unit_price"], NUMBERS)


def test_what_is_no_number_is_missing():
    values = pd.Series(["1", None, "many", " 0.30000000000000004 ", True, 7], dtype=object)
    assert to_exact_numbers(values).fillna(-1).tolist() == [1.0, -1.0, -1.0, 0.1 + 0.2, 1.0, 7.0]
    assert to_exact_numbers(pd.Series([], dtype=object)).dtype == "float64"


def test_the_rows_keep_their_labels():
    values = pd.Series(["2.5", "3.5"], index=[7, 7], name="units")
    pd.testing.assert_series_equal(
        to_exact_numbers(values), pd.Series([2.5, 3.5], index=[7, 7], name="units")
    )


LARGE = [2**53, 2**53 + 1, None]


@pytest.mark.parametrize("name", ["customer_id", "item_id", "order_id", "category", "size"])
def test_large_ids_beside_a_missing_one_stay_apart(tmp_path, orders, name):
    """What is no id, as a size, stays a number."""
    items = pd.DataFrame({"item_id": ["cup", "tea", "pot"], "category": "food"})
    table, frame = ("orders", orders.head(3)) if name in orders else ("items", items)
    orders.to_parquet(tmp_path / "orders.parquet")
    rows = pa.Table.from_pandas(frame.drop(columns=name, errors="ignore"))
    pq.write_table(rows.append_column(name, pa.array(LARGE)), tmp_path / f"{table}.parquet")
    with opened(tmp_path, SourceMapping()) as tables:
        piece = tables.whole(table)
    found = read_tables(tmp_path, SourceMapping())[table]
    for column in (found[name], piece[name]):
        if name == "size":
            assert column.dtype == "float64"
        else:
            assert to_text(column).fillna("").tolist() == [str(2**53), str(2**53 + 1), ""]


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_large_ids_of_a_database_stay_apart_or_are_refused(tmp_path, orders, kind):
    lines = orders.head(3).assign(customer_id=pd.array(LARGE, dtype="Int64"))
    source = f"{'sqlite:///' if kind == 'sqlite' else ''}{tmp_path / f'chain.{kind}'}"
    if kind == "duckdb":
        with duckdb.connect(source) as connection:
            connection.sql("CREATE TABLE orders AS SELECT * FROM lines")
    else:
        engine = sql.create_engine(source)
        lines.to_sql("orders", engine, index=False)
        engine.dispose()

    def pieces() -> pd.DataFrame:
        with opened(source, SourceMapping()) as tables:
            return tables.whole("orders")

    for read in (pieces, lambda: read_tables(source, SourceMapping())["orders"]):
        if kind == "duckdb":
            customers = to_text(read()["customer_id"]).fillna("").tolist()
            assert customers == [str(2**53), str(2**53 + 1), ""]
        else:
            with pytest.raises(DataError, match=r"orders\.customer_id: .*rounded.* a view"):
                read()
