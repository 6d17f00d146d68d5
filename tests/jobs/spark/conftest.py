"""A Spark session on this machine whose time zone is far from UTC."""

import shutil
from collections.abc import Iterator

import pytest

ADDRESS = "local[2,4]"
TIME_ZONE = "Asia/Shanghai"


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
