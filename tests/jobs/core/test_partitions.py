"""A chain in partitions is the same chain, whatever it was read from."""

import shutil

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sql

from newretail_ml import Panel, RetailTables
from newretail_ml.errors import DataError
from newretail_ml.jobs import partitions as splitting
from newretail_ml.jobs import split
from newretail_ml.tables import pieces


def panels(made) -> list[Panel]:
    sold = [part for part in made.partitions if not only_returned(part)]
    return [Panel.from_tables(RetailTables.read(part.folder)) for part in sold]


def only_returned(part) -> bool:
    return RetailTables.read(part.folder).demand_lines().empty


def fingerprints(made) -> dict[int, str]:
    return {part.number: RetailTables.read(part.folder).fingerprint for part in made.partitions}


@pytest.fixture(scope="module")
def made(chain, tmp_path_factory):
    return split(chain, tmp_path_factory.mktemp("parts"), "item_id", 2)


def test_series_of_partitions_are_those_of_the_chain(made, whole, frames):
    parts = panels(made)
    keys = pd.concat([part.keys for part in parts], ignore_index=True)
    order = keys.sort_values(["item_id", "location_id"]).index
    pd.testing.assert_frame_equal(keys.loc[order].reset_index(drop=True), whole.keys)
    for name in ("units", "censored", "launch", "delisting"):
        joined = np.concatenate([getattr(part, name) for part in parts])[order]
        assert np.array_equal(joined, getattr(whole, name)), name
    for name, plan in whole.plans.items():
        joined = np.concatenate([part.plans[name] for part in parts])[order]
        assert np.array_equal(joined, plan, equal_nan=True), name
    assert made.rows == sum(part.rows for part in made.partitions) == len(frames["orders"])


def test_read_in_pieces_it_is_the_same(made, chain, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE", 97)
    monkeypatch.setattr(pieces.opened.__wrapped__, "__defaults__", (97,))
    again = split(chain, tmp_path, "item_id", 2)
    assert [part.digest for part in again.partitions] == [part.digest for part in made.partitions]


def as_csv(frames, folder):
    chain = folder / "csv"
    chain.mkdir()
    for name, frame in frames.items():
        frame.to_csv(chain / f"{name}.csv", index=False)
    return chain


def as_duckdb(frames, folder):
    with duckdb.connect(str(folder / "chain.duckdb")) as connection:
        for name, frame in frames.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS FROM frame")
            connection.unregister("frame")
    return folder / "chain.duckdb"


def as_sqlite(frames, folder):
    engine = sql.create_engine(f"sqlite:///{folder / 'chain.db'}")
    with engine.begin() as connection:
        for name, frame in frames.items():
            frame.to_sql(name, connection, index=False)
    engine.dispose()
    return f"sqlite:///{folder / 'chain.db'}"


def test_an_item_to_be_launched_is_in_a_partition_that_has_orders(chain, frames, tmp_path):
    source = tmp_path / "chain"
    shutil.copytree(chain, source)
    orders = frames["orders"]
    orders[orders["item_id"] == orders["item_id"].iloc[0]].to_parquet(source / "orders.parquet")
    made = split(source, tmp_path / "parts", "item_id", 40)
    assert len(made.partitions) == 1
    assert len(RetailTables.read(made.partitions[0].folder).items) == len(frames["items"])


@pytest.mark.parametrize("kind", [as_csv, as_duckdb, as_sqlite])
def test_from_any_source(kind, made, frames, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces.opened.__wrapped__, "__defaults__", (2_000,))
    again = split(kind(frames, tmp_path), tmp_path / "parts", "item_id", 2)
    assert fingerprints(again) == fingerprints(made)


def test_by_a_mapping(frames, tmp_path):
    names = {"item_id": "article", "units": "qty", "time": "sold_at"}
    orders = frames["orders"].drop(columns=["channel"]).rename(columns=names)
    orders["article"] = orders["article"].str.removeprefix("item_")
    orders.loc[5, "order_id"] = "C1"
    orders.loc[7, "article"] = "POSTAGE"
    orders.to_parquet(tmp_path / "export.parquet")
    mapping = {
        "orders": {"columns": names},
        "cleaning": {"cancelled": "^C", "item_pattern": "[0-9]", "duplicates": "keep"},
    }
    made = split(tmp_path / "export.parquet", tmp_path / "parts", "item_id", 2, mapping)
    read = [RetailTables.read(part.folder) for part in made.partitions]
    whole = RetailTables.read(tmp_path / "export.parquet", mapping=mapping)
    assert sum(len(part.orders) for part in read) == len(whole.orders)
    assert sum(len(part.demand_lines()) for part in read) == len(whole.demand_lines())
    assert made.rows == len(orders)
    dropped = {action["what"]: action["rows"] for action in made.actions}
    lost = sum(made.left_out.values())
    assert (
        dropped.get("codes that are no items", 0) + lost == 1 + orders["article"].eq("none").sum()
    )


def test_categories_and_customers_stay_together(chain, frames, tmp_path):
    by_category = split(chain, tmp_path / "categories", "category", 2)
    tables = [RetailTables.read(part.folder) for part in by_category.partitions]
    seen = [set(one.items["category"]) for one in tables]
    assert sum(map(len, seen)) == len(set().union(*seen)) == frames["items"]["category"].nunique()
    by_customer = split(chain, tmp_path / "customers", "customer_id", 2, leave_out=("prices",))
    tables = [RetailTables.read(part.folder) for part in by_customer.partitions]
    seen = [set(one.orders["customer_id"]) for one in tables]
    assert (
        sum(map(len, seen)) == len(set().union(*seen)) == frames["orders"]["customer_id"].nunique()
    )
    assert all(len(one.items) == len(frames["items"]) for one in tables)
    assert all(one.prices is None for one in tables)
    strangers = int(frames["orders"]["customer_id"].isna().sum())
    assert by_customer.left_out == {"they name no customer_id": strangers}
    assert by_customer.rows == len(frames["orders"])


def test_a_source_that_did_not_change_is_not_split_again(chain, tmp_path, monkeypatch):
    source = tmp_path / "chain"
    shutil.copytree(chain, source)
    first = split(source, tmp_path / "parts", "item_id", 2)
    with monkeypatch.context() as patched:
        patched.setattr(splitting, "all_answers", None)
        assert split(source, tmp_path / "parts", "item_id", 2) == first
    orders = pd.read_parquet(source / "orders.parquet")
    orders.head(-1).to_parquet(source / "orders.parquet")
    other = split(source, tmp_path / "parts", "item_id", 2)
    assert other.rows == first.rows - 1
    (place,) = (tmp_path / "parts").iterdir()
    assert {part.folder.parent for part in other.partitions} == {place}


def test_errors_name_the_rows_of_the_source(frames, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces.opened.__wrapped__, "__defaults__", (100,))
    orders = frames["orders"].astype({"units": "object"}).reset_index(drop=True)
    orders.loc[333, "units"] = "many"
    orders.to_csv(tmp_path / "orders.csv", index=False)
    with pytest.raises(DataError, match=r"orders.units: .*'many'.*\(row 333\)"):
        split(tmp_path / "orders.csv", tmp_path / "parts", "item_id", 3)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda orders: orders.drop(columns="item_id"), "missing columns: item_id"),
        (lambda orders: orders.head(0), "the table has no rows"),
        (lambda orders: orders.assign(item_id="unknown"), "not in the items table"),
    ],
)
def test_tables_that_cannot_be_used(spoil, words, chain, frames, tmp_path):
    source = tmp_path / "chain"
    shutil.copytree(chain, source)
    spoil(frames["orders"]).to_parquet(source / "orders.parquet")
    with pytest.raises(DataError, match=words):
        split(source, tmp_path / "parts", "item_id", 3)


def test_sources_that_are_none(tmp_path):
    (tmp_path / "orders.parquet").write_text("no Parquet")
    (tmp_path / "empty.csv").touch()
    for source, words in {
        "nowhere": "there is no nowhere",
        tmp_path / "orders.parquet": "cannot be read",
        tmp_path / "empty.csv": "is empty",
        "sqlite:///nowhere.db": "there is no file nowhere.db",
    }.items():
        with pytest.raises(DataError, match=words):
            split(source, tmp_path / "parts", "item_id", 3)
