"""The engine on Spark keeps what every engine promises, and says what keeps Spark from starting."""

import socket
import sys
import time
from pathlib import Path

import pytest

from newretail_ml.errors import DataError, MissingExtraError
from newretail_ml.jobs import WorkerLostError, spark
from newretail_ml.jobs.engines.spark_session import SparkError, open_session
from tests.jobs.core.test_engines import DiesAt


class Refuses:
    def __call__(self, number: int) -> int:
        raise DataError("it is odd", table="orders", rows=[number], next_step="Make it even.")


class Marks:
    """Leaves a file where it begins, and takes its time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, number: int) -> int:
        (self.folder / str(number)).touch()
        time.sleep(0.3)
        return number


class CannotTravel:
    def __reduce__(self):
        return _missing_there, ()


def _missing_there() -> None:
    raise ModuleNotFoundError("No module named 'newretail_ml'")


@pytest.fixture(autouse=True)
def by_value(on_spark):
    """Workers cannot import files of tests."""
    from pyspark import cloudpickle

    modules = [sys.modules[name] for name in (__name__, DiesAt.__module__)]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    yield
    for module in modules:
        cloudpickle.unregister_pickle_by_value(module)


def test_a_worker_that_dies_is_replaced_and_one_that_always_dies_costs_its_part_alone(
    on_spark, tmp_path
):
    engine = spark(on_spark)
    assert sorted(engine(DiesAt(tmp_path / "died"), range(6))) == [0, 10, 20, 30, 40, 50]
    assert (tmp_path / "died").exists()
    always = list(engine(DiesAt(None), range(5)))
    (lost,) = (one for one in always if isinstance(one, WorkerLostError))
    assert lost.part == 3
    assert "Use more partitions" in str(lost)
    assert sorted(one for one in always if one is not lost) == [0, 10, 20, 40]


def test_an_error_of_the_work_comes_whole(on_spark):
    with pytest.raises(DataError, match="orders: it is odd") as raised:
        list(spark(on_spark)(Refuses(), [7]))
    assert (raised.value.rows, raised.value.next_step) == ((7,), "Make it even.")
    assert list(spark(on_spark)(DiesAt(None), [1])) == [10]


def test_whoever_stops_listening_leaves_nothing_at_work(on_spark, tmp_path):
    answers = spark(on_spark)(Marks(tmp_path), range(60))
    next(answers)
    answers.close()
    begun = len(list(tmp_path.iterdir()))
    time.sleep(4)
    # Two at a time would have begun some 26 more; what was on its way to a worker may begin.
    assert len(list(tmp_path.iterdir())) <= begun + 4


def test_a_worker_without_the_library_is_told_as_such(on_spark):
    (lost,) = spark(on_spark)(DiesAt(None), [CannotTravel()])
    assert "No module named 'newretail_ml'). Install this library where" in str(lost)
    assert isinstance(lost, WorkerLostError)


def test_a_session_is_taken_as_it_is_and_another_master_is_refused(on_spark):
    session = open_session()
    assert session.sparkContext.master == on_spark
    assert list(spark(session)(DiesAt(None), [2])) == [20]
    assert list(spark(session)(DiesAt(None), [])) == []
    with pytest.raises(SparkError, match=r"a session on local\[2,4\] is open, and local\[7\]"):
        open_session("local[7]")


def test_a_connect_server_that_does_not_answer():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(SparkError, match=rf"no Spark Connect .* at .*:{port} \(") as raised:
            list(spark(f"sc://127.0.0.1:{port}/;token=secret")(len, ["one"]))
        assert "secret" not in str(raised.value)


@pytest.fixture
def no_session(monkeypatch):
    """Says that no session is open yet."""
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", classmethod(lambda _: None))


@pytest.mark.usefixtures("no_session")
def test_without_java_or_with_an_old_one(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SparkError, match=r"holds no bin/java. Install Java 17"):
        open_session("local[2]")
    (tmp_path / "bin").mkdir()
    java = tmp_path / "bin" / "java"
    java.write_text("#!/bin/sh\necho 'java version \"1.8.0_402\"' >&2\n")
    java.chmod(0o755)
    with pytest.raises(SparkError, match=r"needs Java 17, and .* is Java 8. Install"):
        open_session("local[2]")
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SparkError, match="there is none here"):
        open_session("local[2]")


def test_without_pyspark(monkeypatch):
    monkeypatch.setattr("newretail_ml.jobs.engines.spark_jobs.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"newretail-ml\[spark\]"):
        spark()
