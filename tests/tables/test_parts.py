"""Tables that are folders of part files, as Spark and warehouses write them."""

import os
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newretail_ml.errors import DataError
from newretail_ml.tables import RetailTables, SourceMapping
from newretail_ml.tables.pieces import opened


def in_parts(frame: pd.DataFrame, folder: Path, suffix: str = "parquet") -> Path:
    """One row a part, among what Spark leaves beside them."""
    folder.mkdir(parents=True)
    for number in range(len(frame)):
        part = folder / f"part-{number:05}-c000.{suffix}"
        getattr(frame.iloc[number : number + 1], f"to_{suffix}")(part, index=False)
        (folder / f".{part.name}.crc").write_bytes(b"crc")
    (folder / "_SUCCESS").touch()
    (folder / "_temporary" / "0").mkdir(parents=True)
    (folder / "_temporary" / "0" / f"half.{suffix}").write_text("half")
    return folder


def write(path: Path, frame: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)


def pieces_of(source: Path, table: str, rows: int = 2) -> pd.DataFrame:
    with opened(source, SourceMapping(), rows) as tables:
        return pd.concat(tables.pieces(table))


@pytest.mark.parametrize(
    ("suffix", "ending"), [("parquet", ""), ("csv", ""), ("parquet", ".parquet")]
)
def test_parts_are_the_table(tmp_path, frames, suffix, ending):
    for name, frame in frames.items():
        in_parts(frame, tmp_path / "chain" / f"{name}{ending}", suffix)
    expected, tables = RetailTables.from_frames(**frames), RetailTables.read(tmp_path / "chain")
    assert tables.fingerprint == expected.fingerprint
    assert tables.report.to_frame().equals(expected.report.to_frame())
    assert pieces_of(tmp_path / "chain", "orders")["order_id"].tolist() == ["1", "1", "2", "3"]


def test_one_folder_of_parts_holds_the_orders(tmp_path, orders):
    in_parts(orders, tmp_path / "export.parquet")
    assert len(RetailTables.read(tmp_path / "export.parquet").orders) == 4
    assert len(pieces_of(tmp_path / "export.parquet", "orders")) == 4


def test_the_mapping_names_a_folder_of_parts(tmp_path, orders):
    in_parts(orders, tmp_path / "warehouse" / "sales")
    mapping = {"orders": {"source": "warehouse/sales"}}
    assert len(RetailTables.read(tmp_path, mapping=mapping).orders) == 4


def test_rows_stand_in_the_order_of_paths(tmp_path, orders):
    paths = ["day=2/a.parquet", "day=10/b.parquet", "day=10/a.parquet", "day=1/z.parquet"]
    for number, name in enumerate(paths):
        write(tmp_path / "orders" / name, orders.iloc[[number]].assign(line=number))
    for found in (pieces_of(tmp_path, "orders", rows=10), pieces_of(tmp_path, "orders", rows=1)):
        assert found["line"].tolist() == [3, 2, 1, 0]
        assert found["day"].tolist() == ["1", "10", "10", "2"]
        assert found.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_columns_come_back_from_the_names_of_folders(tmp_path, frames, suffix):
    stock = frames["stock"].assign(item_id=["a tea/7", "b", "c=d", "007"])
    frames = {"orders": frames["orders"], "stock": stock}
    for (day, item), rows in stock.groupby(["date", "item_id"]):
        name = {"a tea/7": "a%20tea%2F7", "c=d": "c%3Dd"}.get(item, item)
        folder = tmp_path / "stock" / f"date={day:%Y-%m-%d}" / f"item_id={name}"
        folder.mkdir(parents=True)
        rest = rows.drop(columns=["date", "item_id"])
        getattr(rest, f"to_{suffix}")(folder / f"part.{suffix}", index=False)
    in_parts(frames["orders"], tmp_path / "orders")
    expected = RetailTables.from_frames(**frames)
    tables = RetailTables.read(tmp_path)
    pd.testing.assert_frame_equal(tables.stock, expected.stock)
    found = pieces_of(tmp_path, "stock")
    assert set(found["item_id"]) == set(stock["item_id"])


def test_as_pandas_writes_partitions_and_a_missing_key(tmp_path, orders):
    orders.to_parquet(tmp_path / "orders", partition_cols=["customer_id"])
    assert any("__HIVE_DEFAULT" in str(path) for path in (tmp_path / "orders").iterdir())
    found = RetailTables.read(tmp_path)
    assert found.fingerprint == RetailTables.from_frames(orders).fingerprint


def test_parts_agree_on_a_type_that_holds_all_values(tmp_path, orders):
    """Where a part has no customer, or no cents, pandas writes it so."""
    folder = tmp_path / "orders"
    folder.mkdir()
    nobody = orders.head(1).assign(customer_id=None, unit_price=[2])
    named = orders.tail(3).assign(time=lambda frame: frame["time"].astype("datetime64[ns]"))
    nobody.to_parquet(folder / "0.parquet", index=False)
    pq.write_table(
        pa.Table.from_pandas(named).set_column(
            0, "order_id", pa.array(named["order_id"]).dictionary_encode()
        ),
        folder / "1.parquet",
    )
    expected = RetailTables.from_frames(pd.concat([nobody, named]))
    assert RetailTables.read(tmp_path).fingerprint == expected.fingerprint
    found = pieces_of(tmp_path, "orders", rows=1)
    assert found["unit_price"].tolist() == [2.0, 4.0, 2.4, 4.0]
    assert found["customer_id"].isna().tolist() == [True, False, True, False]


def test_what_looks_like_numbers_in_one_csv_part_alone_is_text(tmp_path, frames):
    items = frames["items"].assign(size=["10", "XL"])
    in_parts(frames["orders"], tmp_path / "orders", "csv")
    in_parts(items, tmp_path / "items", "csv")
    assert RetailTables.read(tmp_path).items["size"].tolist() == ["10", "XL"]


def other_types(folder, orders):
    write(folder / "orders/c.parquet", orders.assign(units=["many"] * 4))


def other_columns(folder, orders):
    write(folder / "orders/c.parquet", orders.drop(columns="units").assign(pieces=1))


def keys_in_some(folder, orders):
    write(folder / "orders/date=2024-05-01/c.parquet", orders)


def not_even_a_table(folder, _):
    (folder / "orders/c.parquet").write_text("no Parquet")


def both_kinds(folder, orders):
    orders.to_csv(folder / "orders/c.csv", index=False)


def something_else(folder, _):
    (folder / "orders/readme.txt").write_text("words")


def without_names(folder, orders):
    write(folder / "orders/2024/c.parquet", orders)


def twice(folder, orders):
    write(folder / "orders.parquet", orders)


def with_a_log(folder, _):
    (folder / "orders/_delta_log").mkdir()


def a_key_twice(folder, orders):
    for part in (folder / "orders").iterdir():
        part.unlink()
    write(folder / "orders/item_id=a/item_id=b/c.parquet", orders.drop(columns="item_id"))


def numbers_that_fractions_would_round(folder, orders):
    for name, units in (("a", [1, 2, 3, 4]), ("b", [2**53 + 1] * 4), ("c", [0.5] * 4)):
        write(folder / f"orders/{name}.parquet", orders.assign(units=units))


def empty_part(folder, _):
    (folder / "orders/c.parquet").touch()


def no_part(folder, _):
    for part in (folder / "orders").iterdir():
        part.rename(part.with_name(f"_{part.name}"))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (other_types, r"orders\.units: .*orders/a\.parquet and .*orders/c\.parquet .* double"),
        (
            other_columns,
            r"a\.parquet and .*c\.parquet .*c\.parquet lacks units and .* lacks pieces",
        ),
        (keys_in_some, r"orders/a\.parquet lacks date"),
        (not_even_a_table, r"c\.parquet cannot be read"),
        (both_kinds, r"both a\.parquet and c\.csv"),
        (something_else, r"holds readme\.txt"),
        (without_names, "in 2024, which names no column"),
        (twice, "orders.parquet and orders"),
        (with_a_log, "Delta Lake"),
        (a_key_twice, r"in item_id=a/item_id=b, which names item_id twice\. Move the parts"),
        (
            numbers_that_fractions_would_round,
            r"orders\.units: .*orders/c\.parquet and .*orders/b\.parquet .* double, .* int64",
        ),
        (empty_part, r"c\.parquet is empty"),
        (no_part, "holds no parts"),
    ],
)
def test_folders_that_are_no_table(tmp_path, orders, spoil, words):
    write(tmp_path / "orders/a.parquet", orders)
    write(tmp_path / "orders/b.parquet", orders.assign(units=[1, 2, 3, 4]))
    spoil(tmp_path, orders)
    with pytest.raises(DataError, match=words):
        RetailTables.read(tmp_path)
    with pytest.raises(DataError, match=words):
        pieces_of(tmp_path, "orders")


def test_csv_parts_with_other_columns(tmp_path, orders):
    in_parts(orders, tmp_path / "orders", "csv")
    orders.drop(columns="units").to_csv(tmp_path / "orders" / "z.csv", index=False)
    words = re.escape("part-00000-c000.csv") + r" and .*z\.csv do not agree: .*z\.csv lacks units"
    for read in (RetailTables.read, lambda folder: pieces_of(folder, "orders")):
        with pytest.raises(DataError, match=words):
            read(tmp_path)


def test_the_stamp_covers_all_parts(tmp_path, orders):
    in_parts(orders, tmp_path / "orders")

    def stamp() -> str | None:
        with opened(tmp_path, SourceMapping()) as tables:
            return tables.stamp

    first = stamp()
    assert stamp() == first
    part = tmp_path / "orders" / "part-00002-c000.parquet"
    os.utime(part, ns=(0, 0))
    second = stamp()
    part.unlink()
    assert len({first, second, stamp()}) == 3
