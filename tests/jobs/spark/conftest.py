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
    """The last 120 days of two fifths of the sample chain, for all but one of the jobs."""
    folder = tmp_path_factory.mktemp("made") / "chain"
    shutil.copytree(SAMPLE, folder)
    for file in folder.glob("*.parquet"):
        rows = pd.read_parquet(file)
        if "item_id" in rows:
            rows = rows[rows["item_id"].str[-4:].astype(int) % 5 % 3 == 1]
        if file.stem == "orders":
            day = pd.to_datetime(rows["time"]).dt.normalize()
            rows = rows[day > day.max() - pd.Timedelta(days=120)]
        rows.to_parquet(file)
    return folder
