"""A Spark session on this machine whose time zone is far from UTC."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

ADDRESS = "local[2,4]"
TIME_ZONE = "Asia/Shanghai"
SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"


@pytest.fixture(scope="session")
def on_spark() -> Iterator[str]:
    """The address of a session that is open."""
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none")
    from newretail_ml.jobs.engines.spark_session import open_session

    session = open_session(ADDRESS)
    session.conf.set("spark.sql.session.timeZone", TIME_ZONE)
    yield ADDRESS
    session.stop()


@pytest.fixture(scope="session")
def last_months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample chain with the last 120 days of its orders, for jobs that take long."""
    folder = tmp_path_factory.mktemp("made") / "chain"
    shutil.copytree(SAMPLE, folder)
    orders = pd.read_parquet(folder / "orders.parquet")
    day = pd.to_datetime(orders["time"]).dt.normalize()
    orders[day > day.max() - pd.Timedelta(days=120)].to_parquet(folder / "orders.parquet")
    return folder
