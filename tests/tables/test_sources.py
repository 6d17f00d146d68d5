import sys
from pathlib import Path

import pandas as pd
import pytest

from newretail_ml.errors import DataError, MissingExtraError
from newretail_ml.tables import RetailTables

TABLES = ("orders", "items", "locations", "stock", "prices", "customers", "events")


def write_csv(frames: dict[str, pd.DataFrame], folder: Path) -> Path:
    folder.mkdir()
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def write_parquet(frames: dict[str, pd.DataFrame], folder: Path) -> Path:
    folder.mkdir()
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def write_duckdb(frames: dict[str, pd.DataFrame], path: Path) -> Path:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(path)) as connection:
        for name, frame in frames.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
            connection.unregister("frame")
    return path


def write_sqlite(frames: dict[str, pd.DataFrame], path: Path) -> str:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    url = f"sqlite:///{path}"
    engine = sqlalchemy.create_engine(url)
    for name, frame in frames.items():
        frame.to_sql(name, engine, index=False)
    engine.dispose()
    return url


def test_all_sources_give_equal_tables(tmp_path, frames):
    expected = RetailTables.from_frames(**frames)
    sources = [
        write_csv(frames, tmp_path / "csv"),
        write_parquet(frames, tmp_path / "parquet"),
        write_duckdb(frames, tmp_path / "chain.duckdb"),
        write_sqlite(frames, tmp_path / "chain.db"),
    ]
    for source in sources:
        tables = RetailTables.read(source)
        for name in TABLES:
            found, wanted = getattr(tables, name), getattr(expected, name)
            pd.testing.assert_frame_equal(found, wanted, obj=f"{name} of {source}")
        assert tables.fingerprint == expected.fingerprint
        assert tables.report.to_frame().equals(expected.report.to_frame())


def test_an_engine_is_a_source(tmp_path, frames):
    url = write_sqlite(frames, tmp_path / "chain.db")
    engine = pytest.importorskip("sqlalchemy").create_engine(url)
    assert RetailTables.read(engine).fingerprint == RetailTables.read(url).fingerprint
    engine.dispose()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_one_file_holds_the_orders(tmp_path, orders, suffix):
    path = tmp_path / f"export.{suffix}"
    getattr(orders, f"to_{suffix}")(path, index=False)
    assert len(RetailTables.read(str(path)).orders) == 4


def test_ids_in_csv_are_text(tmp_path, frames):
    tables = RetailTables.read(write_csv(frames, tmp_path / "csv"))
    assert tables.orders["customer_id"].dropna().unique().tolist() == ["00123"]
    assert tables.locations["region"].iloc[0] == "NA"


def test_the_mapping_names_tables_and_files(tmp_path, frames):
    renamed = {"sales": frames["orders"], "articles": frames["items"]}
    mapping = {"orders": {"source": "sales"}, "items": {"source": "articles"}}
    wanted = RetailTables.from_frames(frames["orders"], items=frames["items"]).fingerprint
    for source in (
        write_csv(renamed, tmp_path / "csv"),
        write_duckdb(renamed, tmp_path / "chain.duckdb"),
        write_sqlite(renamed, tmp_path / "chain.db"),
    ):
        assert RetailTables.read(source, mapping=mapping).fingerprint == wanted
        wrong = {**mapping, "stock": {"source": "shelves"}}
        with pytest.raises(DataError, match="shelves"):
            RetailTables.read(source, mapping=wrong)


def test_a_file_name_as_source(tmp_path, orders):
    orders.to_csv(tmp_path / "sales.2024.csv", index=False)
    mapping = {"orders": {"source": "sales.2024.csv"}}
    assert len(RetailTables.read(tmp_path, mapping=mapping).orders) == 4


def test_sources_without_orders_list_what_they_hold(tmp_path, frames):
    others = {"items": frames["items"]}
    for source in (
        write_csv(others, tmp_path / "csv"),
        write_duckdb(others, tmp_path / "chain.duckdb"),
        write_sqlite(others, tmp_path / "chain.db"),
    ):
        with pytest.raises(DataError, match=r"orders; found: items|orders\.csv; found: items"):
            RetailTables.read(source)


def test_two_files_for_one_table(tmp_path, orders):
    orders.to_csv(tmp_path / "orders.csv", index=False)
    orders.to_parquet(tmp_path / "orders.parquet")
    with pytest.raises(DataError, match=r"orders\.parquet and orders\.csv"):
        RetailTables.read(tmp_path)


@pytest.mark.parametrize("name", ["orders.csv", "orders.parquet", "chain.duckdb"])
def test_empty_files(tmp_path, name):
    path = tmp_path / name
    path.touch()
    with pytest.raises(DataError, match=name):
        RetailTables.read(path)


def test_a_csv_with_a_header_alone(tmp_path, orders):
    orders.iloc[:0].to_csv(tmp_path / "orders.csv", index=False)
    with pytest.raises(DataError, match="no rows"):
        RetailTables.read(tmp_path)


def cut_in_half(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def test_files_cut_in_half(tmp_path, frames):
    many = {"orders": pd.concat([frames["orders"]] * 500, ignore_index=True)}
    write_parquet(many, tmp_path / "parquet")
    write_sqlite(many, tmp_path / "chain.db")
    for path, source in (
        (tmp_path / "parquet" / "orders.parquet", tmp_path / "parquet"),
        (write_duckdb(many, tmp_path / "chain.duckdb"), tmp_path / "chain.duckdb"),
        (tmp_path / "chain.db", f"sqlite:///{tmp_path / 'chain.db'}"),
    ):
        cut_in_half(path)
        with pytest.raises(DataError, match=f"{path.name} cannot be read|parquet cannot be read"):
            RetailTables.read(source)


@pytest.mark.parametrize(
    ("ending", "words"),
    [("3,2024-05-04", "middle of a line"), ('3,"2024-05', "cannot be read")],
)
def test_csv_cut_within_a_line(tmp_path, orders, ending, words):
    path = tmp_path / "orders.csv"
    path.write_text(orders.to_csv(index=False) + ending)
    with pytest.raises(DataError, match=words) as caught:
        RetailTables.read(path)
    assert "orders.csv" in str(caught.value)


def test_csv_with_more_cells_than_names(tmp_path, orders):
    header, *lines = orders.to_csv(index=False).splitlines()
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([header, *(f"{line},7" for line in lines)]))
    with pytest.raises(DataError, match="more cells than the header"):
        RetailTables.read(path)


def test_csv_of_another_encoding(tmp_path, orders):
    path = tmp_path / "orders.csv"
    orders.assign(item_id="thé").to_csv(path, index=False, encoding="latin-1")
    with pytest.raises(DataError, match=r"orders\.csv cannot be read"):
        RetailTables.read(path)


def test_what_is_no_source(tmp_path):
    (tmp_path / "orders.xlsx").write_bytes(b"PK")
    for source in (tmp_path / "nowhere", tmp_path / "orders.xlsx", 5):
        with pytest.raises(DataError, match=r"a folder of \.parquet or \.csv tables"):
            RetailTables.read(source)


def test_database_urls_that_lead_nowhere(tmp_path):
    pytest.importorskip("sqlalchemy")
    missing = tmp_path / "chain.db"
    with pytest.raises(DataError, match=r"chain\.db"):
        RetailTables.read(f"sqlite:///{missing}")
    assert not missing.exists()
    for url in ("carrier-pigeon://user:secret@loft/chain", "://secret"):
        with pytest.raises(DataError) as caught:
            RetailTables.read(url)
        assert "secret" not in str(caught.value)


def test_missing_extras_are_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    (tmp_path / "chain.duckdb").write_bytes(b"DUCK")
    with pytest.raises(MissingExtraError, match=r"newretail-ml\[duckdb\]"):
        RetailTables.read(tmp_path / "chain.duckdb")
    with pytest.raises(MissingExtraError, match=r"newretail-ml\[sql\]"):
        RetailTables.read("sqlite:///chain.db")
