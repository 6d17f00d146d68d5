"""Results in DuckDB, SQLite and PostgreSQL: one transaction, no duplicates, nobody's secrets."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from uuid import uuid4

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sql

from newretail_ml.errors import DataError
from newretail_ml.jobs.targets import check_target, shown_target, write_result
from tests.postgres import PASSWORD


@dataclass(frozen=True)
class Database:
    """A database under test."""

    target: str

    @contextmanager
    def _open(self) -> Iterator:
        if self.target.endswith(".duckdb"):
            with duckdb.connect(self.target) as connection:
                yield lambda text: connection.execute(text)
            return
        engine = sql.create_engine(self.target)
        with engine.begin() as connection:
            yield lambda text: connection.execute(sql.text(text))
        engine.dispose()

    def do(self, text: str) -> None:
        with self._open() as execute:
            execute(text)

    def table(self, name: str) -> pd.DataFrame:
        if self.target.endswith(".duckdb"):
            with duckdb.connect(self.target) as connection:
                return connection.table(name).df()
        engine = sql.create_engine(self.target)
        with engine.connect() as connection:
            back = pd.read_sql_table(name, connection)
        engine.dispose()
        return back

    def has(self, name: str) -> bool:
        try:
            self.do(f"SELECT 1 FROM {name} LIMIT 1")
        except (duckdb.Error, sql.exc.SQLAlchemyError):
            return False
        return True


@pytest.fixture(params=["duckdb", "sqlite", "postgresql"])
def database(request, tmp_path) -> Database:
    if request.param == "duckdb":
        return Database(str(tmp_path / "chain.duckdb"))
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path}/chain.db")
    return Database(request.getfixturevalue("postgres").url())


@pytest.fixture
def table() -> str:
    """Another name for each test: the server is shared."""
    return f"prices_{uuid4().hex[:8]}"


def written(parts, database, table, run_id="run-1"):
    return write_result(parts, database.target, run_id=run_id, table=table)


def test_reads_back_as_it_was(database, table, parts, result):
    check_target(database.target)
    assert written(parts, database, table) == 3
    back = database.table(table)
    expected = result.assign(run_id="run-1")
    assert list(back) == list(expected)
    for name in expected:
        assert [None if pd.isna(value) else value for value in back[name]] == [
            None if pd.isna(value) else value for value in expected[name]
        ], name
    assert back["time"].dtype.kind == "M"


def test_the_same_run_again_leaves_no_duplicates_and_other_runs_stay(
    database, table, parts, save, result
):
    written(parts, database, table)
    written(save([result.iloc[:1]]), database, table, run_id="run-2")
    written(save([result.iloc[:2]]), database, table)
    assert database.table(table)["run_id"].value_counts().to_dict() == {"run-1": 2, "run-2": 1}


def test_a_table_named_in_the_target_is_used(database, table, parts):
    write_result(parts, f"{database.target}::{table}", run_id="run-1", table="unused")
    assert len(database.table(table)) == 3
    assert not database.has("unused")


def test_columns_that_are_empty_today_fit_into_the_table_of_yesterday(
    database, table, parts, save, result
):
    written(parts, database, table)
    blank = result.iloc[:1].assign(units=None, date=None, packs=None, identified=None)
    written(save([blank]), database, table, run_id="run-2")
    assert len(database.table(table)) == 4


def test_a_table_of_another_shape_is_refused_by_name(database, table, parts):
    written(parts, database, "x" + table)
    database.do(f"CREATE TABLE {table} (item_id INTEGER, run_id TEXT, price DOUBLE PRECISION)")
    with pytest.raises(DataError) as told:
        written(parts, database, table)
    assert "it lacks units, packs, identified, date, time, why" in str(told.value)
    assert "the result lacks price" in str(told.value)
    assert "item_id holds whole numbers there and text in the result" in str(told.value)
    assert database.table(table).empty


def test_broken_numbers_do_not_go_into_whole_ones(database, table, save):
    written(save([pd.DataFrame({"units": [1]})]), database, table)
    with pytest.raises(DataError, match="units holds whole numbers there and numbers"):
        written(save([pd.DataFrame({"units": [0.5]})]), database, table, run_id="run-2")
    assert database.table(table)["units"].tolist() == [1]


def test_a_crash_in_the_middle_changes_nothing(database, table, parts, save, result):
    written(parts, database, table)
    more = save([result.iloc[:1], result.iloc[1:]])
    broken = more[-1].read_bytes()
    more[-1].write_bytes(broken[:4] + b"\0" * 40 + broken[44:])
    with pytest.raises(DataError, match="cannot be read"):
        written(more, database, table)
    with pytest.raises(DataError, match="cannot be read"):
        written(more, database, table + "_new")
    assert len(database.table(table)) == 3
    assert not database.has(table + "_new")


def test_a_crash_while_a_file_is_made_leaves_no_file(parts, tmp_path):
    broken = parts[-1].read_bytes()
    parts[-1].write_bytes(broken[:4] + b"\0" * 40 + broken[44:])
    for target in (tmp_path / "new.duckdb", f"sqlite:///{tmp_path}/new.db"):
        with pytest.raises(DataError, match="cannot be read"):
            write_result(parts, target, run_id="run-1", table="prices")
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]


def test_a_schema_can_be_named(postgres, parts, tmp_path):
    Database(postgres.url()).do("CREATE SCHEMA IF NOT EXISTS planning")
    write_result(parts, f"{postgres.url()}::planning.prices", run_id="run-1", table="x")
    Database(postgres.url()).do("SELECT 1 FROM planning.prices")
    target = tmp_path / "chain.duckdb"
    write_result(parts, f"{target}::planning.prices", run_id="run-1", table="x")
    with duckdb.connect(str(target)) as connection:
        assert connection.execute("SELECT count(*) FROM planning.prices").fetchone() == (3,)


def test_a_wrong_password_is_told_and_not_shown(postgres):
    with pytest.raises(DataError, match="password authentication failed") as told:
        check_target(postgres.url(password="hunter2"))
    assert "hunter2" not in str(told.value)
    assert PASSWORD not in str(told.value)


def test_a_dead_database_is_told_without_the_password(postgres, parts):
    with pytest.raises(DataError, match="cannot be written") as told:
        write_result(parts, postgres.url(port=9), run_id="run-1", table="prices")
    assert PASSWORD not in str(told.value)
    assert "s3cret" not in str(told.value)


def test_a_password_among_the_options_is_not_shown(postgres):
    address = f"postgresql+psycopg://ann@127.0.0.1:{postgres.port}/postgres?password=hunter2"
    with pytest.raises(DataError) as told:
        check_target(address)
    assert "hunter2" not in str(told.value)
    assert "hunter2" not in shown_target(address + "::prices")


def test_a_user_who_may_not_write_is_told(postgres, parts):
    admin = Database(postgres.url())
    admin.do("DROP TABLE IF EXISTS closed")
    admin.do("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    url = sql.make_url(postgres.url()).set(username="reader", password="reader")
    target = url.render_as_string(hide_password=False)
    with pytest.raises(DataError, match="permission denied"):
        write_result(parts, target, run_id="run-1", table="closed")
    assert not admin.has("closed")


def test_a_duckdb_file_that_is_open_elsewhere_or_damaged_is_told(tmp_path, parts):
    damaged = tmp_path / "chain.duckdb"
    damaged.write_bytes(b"no database " * 1000)
    with pytest.raises(DataError, match="cannot be written"):
        check_target(damaged)
    with pytest.raises(DataError, match="cannot be written"):
        write_result(parts, damaged, run_id="run-1", table="prices")
    assert damaged.read_bytes() == b"no database " * 1000


def test_a_locked_sqlite_file_is_told(tmp_path, parts, monkeypatch):
    import sqlite3

    path = tmp_path / "chain.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE x (y)")
        other.execute("BEGIN EXCLUSIVE")
        target = f"sqlite:///{path}?timeout=0.1"
        with pytest.raises(DataError, match="locked"):
            write_result(parts, target, run_id="run-1", table="prices")
