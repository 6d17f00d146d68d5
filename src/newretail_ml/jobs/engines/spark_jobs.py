"""Spark: on this machine, on a cluster, or behind a Spark Connect server.

Each part is a Spark job of one task. Only the function, the part and what it gives travel, as
pickles, so that neither batches of rows nor the time zone of a session can touch a table; and a
worker that is lost for good costs its own part alone.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import suppress
from importlib.util import find_spec
from threading import Event, Lock
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

from newretail_ml.errors import MissingExtraError
from newretail_ml.jobs.engines.base import Engine, WorkerLostError
from newretail_ml.jobs.engines.spark_session import first_line, is_connect, open_session

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")

_MOST_AT_ONCE = 1_000
_SECONDS_TO_STOP, _SECONDS_BETWEEN = 60, 0.2
# Each thread opens a connection to Java at its first call, and Java refuses many at a moment.
_FIRST_CALL = Lock()
_DONE = "done"
_INSTALL = (
    "Install this library where Spark's workers run, in the same version, and set PYSPARK_PYTHON "
    "to the Python that has it."
)
_PYTHON_ERROR = re.compile(r"^\s*((?:\w+\.)*\w*(?:Error|Exception): .+)$", re.MULTILINE)
_CRASH = re.compile(r"Python worker exited unexpectedly|ExecutorLostFailure|Container killed")


def spark(where: Any = None) -> Engine:
    """An engine on Spark, which decides how many parts are at work at a time.

    Workers need this library, in the same version, and see the folders of the job under the same
    paths. Spark tries again what fails, as often as it is set to: ``local[2]`` never does,
    ``local[2,4]`` and clusters do. The session stays open.

    Args:
        where: a Spark session; a master, as ``local[2,4]`` or ``spark://host:7077``; the address
            of a Spark Connect server, as ``sc://host:15002``; or None for the session that is
            open, or one that Spark's own configuration describes.

    Raises:
        MissingExtraError: PySpark is not installed.
        SparkError: there is no Java, or nobody answers at the address; when work begins.
    """
    if find_spec("pyspark") is None:
        raise MissingExtraError("pyspark", extra="spark")

    def engine(
        work: Callable[[_Part], _Done], parts: Sequence[_Part]
    ) -> Iterator[_Done | WorkerLostError]:
        jobs = _Jobs(open_session(where))
        # One thread waits for each job: Spark is to know of all of them, and shares itself out.
        threads = ThreadPoolExecutor(max(1, min(len(parts), _MOST_AT_ONCE)))
        waiting: list[Future[Any]] = []
        try:
            waiting += (threads.submit(jobs.run, work, part) for part in parts)
            for job in as_completed(waiting):
                yield job.result()
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            jobs.stop(waiting)
            raise
        finally:
            threads.shutdown(wait=False)

    return engine


class _Jobs:
    """The Spark jobs of one call of the engine."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._tag = f"newretail-{uuid4().hex}"
        self._stopped = Event()

    def run(self, work: Callable[[_Part], _Done], part: _Part) -> Any:
        """What the work gives; an error of its own is raised here, as in every other engine."""
        try:
            with _FIRST_CALL:
                self._mark()
            if self._stopped.is_set():
                return None
            made = self._session.range(0, 1, 1, 1).mapInArrow(
                _one_row(work, part), f"{_DONE} binary"
            )
            answer, error = pickle.loads(bytes(made.collect()[0][_DONE]))  # noqa: S301
        except Exception as lost:  # of Spark, which has a class for each of its ways to fail
            return WorkerLostError(part, _reason(lost))
        if error is not None:
            raise error
        return answer

    def stop(self, waiting: Sequence[Future[Any]]) -> None:
        """Leave nothing at work: a thread may have been about to begin its job."""
        self._stopped.set()
        deadline = monotonic() + _SECONDS_TO_STOP
        while not all(job.done() for job in waiting) and monotonic() < deadline:
            with suppress(Exception):  # where Spark itself has died
                self._cancel()
            wait(waiting, timeout=_SECONDS_BETWEEN)

    def _mark(self) -> None:
        if is_connect(self._session):
            self._session.addTag(self._tag)
        else:
            self._session.sparkContext.addJobTag(self._tag)

    def _cancel(self) -> None:
        if is_connect(self._session):
            self._session.interruptTag(self._tag)
        else:
            self._session.sparkContext.cancelJobsWithTag(self._tag)


def _one_row(work: Callable[[_Part], _Done], part: _Part) -> Callable[[Iterator[Any]], Any]:
    def run(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        for _ in (batch for batch in batches if batch.num_rows):
            answer: tuple[Any, Exception | None]
            try:
                answer = work(part), None
            except Exception as error:  # whatever it is, the driver is to know
                answer = None, error
            yield pa.RecordBatch.from_pydict({_DONE: [pickle.dumps(answer)]})

    return run


def _reason(lost: Exception) -> str:
    text = str(lost)
    if _CRASH.search(text):
        return (
            "a Spark worker died of it, as often as Spark tried, most often for want of memory. "
            "Use more partitions, or give workers more memory."
        )
    raised = _PYTHON_ERROR.findall(text)
    said = raised[-1].strip().rstrip(".") if raised else first_line(lost)
    next_step = _INSTALL if "No module named" in said else "Look into the log of Spark."
    return f"no Spark worker could do it ({said}). {next_step}"
