"""The command, asked in this process, and chains in databases."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sql
from click.testing import CliRunner

from newretail_ml import tracking
from newretail_ml.cli.main import newretail


@dataclass(frozen=True)
class Told:
    """What a scheduler sees of a command."""

    code: int
    out: str
    err: str


def asked(*words: object, tracker: str = "none") -> Told:
    """Runs a command in this process, untracked unless asked for."""
    done = CliRunner().invoke(newretail, [*map(str, words), "--tracking", tracker])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Told(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    """Runs a command in an empty folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return asked


def champion_of(model: object, name: str, empty_store: Path, folder: Path) -> str:
    """A store with a model whose only version is the champion; its URI."""
    from mlflow import MlflowClient

    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    with tracking.run("models", store=folder) as made:
        made.log_model(model, register=name)
    uri = f"sqlite:///{folder}/mlflow.db"
    MlflowClient(uri).set_registered_model_alias(name, "champion", "1")
    return uri


def into_duckdb(frames: Mapping[str, pd.DataFrame], path: Path) -> str:
    """A chain in a DuckDB file."""
    with duckdb.connect(str(path)) as connection:
        for name, frame in frames.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS FROM frame")
            connection.unregister("frame")
    return str(path)


def into_database(frames: Mapping[str, pd.DataFrame], url: str, schema: str) -> str:
    """A chain in a schema of a PostgreSQL database, and a URL that looks there."""
    engine = sql.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sql.text(f"CREATE SCHEMA {schema}"))
        for name, frame in frames.items():
            frame.to_sql(name, connection, schema=schema, index=False)
    engine.dispose()
    return f"{url}?options=-csearch_path%3D{schema}"


def table_of(url: str, name: str) -> pd.DataFrame:
    """A table of a database, or of a DuckDB file."""
    if url.endswith(".duckdb"):
        with duckdb.connect(url) as connection:
            return connection.table(name).df()
    engine = sql.create_engine(url)
    with engine.connect() as connection:
        found = pd.read_sql_query(sql.text(f"SELECT * FROM {name}"), connection)
    engine.dispose()
    return found
