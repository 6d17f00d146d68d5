"""A folder of CSV or Parquet, a DuckDB file and a database answer alike; foreign names do too."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

QUICK = ("--model", "moving-average", "--horizon", 7, "--quiet")


def as_csv(frames: dict[str, pd.DataFrame]) -> str:
    Path("tables").mkdir()
    for name, frame in frames.items():
        frame.to_csv(f"tables/{name}.csv", index=False)
    return "tables"


def as_duckdb(frames: dict[str, pd.DataFrame]) -> str:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect("chain.duckdb") as connection:
        for name, frame in frames.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
    return "chain.duckdb"


def as_sqlite(frames: dict[str, pd.DataFrame]) -> str:
    with closing(sqlite3.connect("chain.db")) as connection:
        for name, frame in frames.items():
            frame.to_sql(name, connection, index=False)
    return "sqlite:///chain.db"


@pytest.mark.parametrize("command", ["forecast", "orders"])
@pytest.mark.parametrize("written", [as_csv, as_duckdb, as_sqlite])
def test_all_sources_make_the_same_table(written, command, ask, chain, frames, work):
    assert ask(command, chain, *QUICK, "--out", "expected.csv").code == 0
    answer = ask(command, written(frames), *QUICK, "--out", "out.csv")
    assert answer.code == 0
    assert Path("out.csv").read_bytes() == Path("expected.csv").read_bytes()


def test_orders_alone_are_enough(ask, chain, work):
    answer = ask("forecast", chain / "orders.parquet", *QUICK[:-1], "--out", "out.csv")
    assert answer.code == 0
    assert "no stock table: " in answer.err
    assert len(pd.read_csv("out.csv")) == 84


def online_retail() -> pd.DataFrame:
    """Forty days of a mug that sells three a day, among what else such a file holds."""
    days = pd.date_range("2011-01-03 10:00", periods=40)
    mugs = pd.DataFrame(
        {
            "InvoiceNo": [str(536_000 + day) for day in range(40)],
            "StockCode": "85123A",
            "Description": "WHITE MUG",
            "Quantity": 3,
            "InvoiceDate": days,
            "UnitPrice": 2.55,
            "CustomerID": 17850.0,
            "Country": "United Kingdom",
        }
    )
    postage = mugs.head(5).assign(StockCode="POST", Quantity=1, UnitPrice=18.0)
    cancelled = mugs.tail(1).assign(InvoiceNo="C536100", Quantity=-3)
    samples = mugs.head(1).assign(InvoiceNo="536101", StockCode="22423", UnitPrice=0.0)
    return pd.concat([mugs, postage, cancelled, samples])


@pytest.mark.parametrize("name", ["online_retail.csv", "sales of 2011.csv"])
def test_the_shipped_mapping_reads_foreign_names(name, ask, work):
    online_retail().to_csv(name, index=False)
    answer = ask("forecast", name, *QUICK[:-1], "--mapping", "online_retail", "--out", "out.csv")
    assert answer.code == 0
    for words in ("codes that are no items", "free lines", "cancelled lines"):
        assert words in answer.err
    table = pd.read_csv("out.csv")
    assert set(table["item_id"]) == {"85123A"}
    assert set(table["location_id"]) == {"online shop"}
    assert table["mean"].tolist() == pytest.approx([3] * 7, rel=0.15)


def test_the_shipped_mapping_finds_its_file_in_a_folder(ask, work):
    (work / "shop").mkdir()
    online_retail().to_csv("shop/online_retail.csv", index=False)
    answer = ask("forecast", "shop", *QUICK, "--mapping", "online_retail", "--out", "out.csv")
    assert answer.code == 0
    assert len(pd.read_csv("out.csv")) == 7


def test_a_mapping_of_ones_own(ask, chain, frames, work):
    assert ask("forecast", chain, *QUICK, "--out", "expected.csv").code == 0
    foreign = {**frames, "orders": frames["orders"].rename(columns={"units": "Menge"})}
    (work / "own.toml").write_text('[orders.columns]\nunits = "Menge"\n')
    source = as_csv(foreign)
    answer = ask("forecast", source, *QUICK, "--mapping", "own.toml", "--out", "out.csv")
    assert answer.code == 0
    assert Path("out.csv").read_bytes() == Path("expected.csv").read_bytes()
