"""A pool of processes on this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_all_start_methods, get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

from newretail_ml.checks import check_whole
from newretail_ml.jobs.engines.base import Engine, WorkerLostError

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")

_READ_BEFORE = ["newretail_ml.jobs.forecast", "newretail_ml.jobs.orders", "pandera.pandas"]
_KILLED = (
    "its worker process was killed, most often for want of memory. Use more partitions or fewer "
    "workers."
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def pool(workers: int) -> Engine:
    """An engine of so many processes on this machine, each with one thread for numbers.

    A worker that is killed costs its own partition alone: it is tried once more by itself, and
    then given as a `WorkerLostError`. Workers stay for the next call, as long as the engine does.

    Args:
        workers: processes.
    """
    return _Pool(check_whole("workers", workers, at_least=1))


class _Pool:
    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._executor: ProcessPoolExecutor | None = None

    def __del__(self) -> None:
        """Waits for the workers' end: an interpreter that ends in between prints a traceback."""
        if self._executor is not None:
            self._executor.shutdown()

    def __call__(
        self, work: Callable[[_Part], _Done], parts: Sequence[_Part]
    ) -> Iterator[_Done | WorkerLostError]:
        waiting = list(reversed(parts))
        with _one_thread_each(), self._ended_on_error():
            while waiting:
                suspects: list[_Part] = []
                yield from self._until_one_dies(work, waiting, suspects)
                for part in suspects:
                    yield from _alone(work, part)

    @contextmanager
    def _ended_on_error(self) -> Iterator[None]:
        """A job that is stopped does not wait for what its workers are at."""
        try:
            yield
        except BaseException:
            executor, self._executor = self._executor, None
            if executor is not None:
                workers = list((executor._processes or {}).values())
                executor.shutdown(wait=False, cancel_futures=True)
                for worker in workers:
                    worker.terminate()
            raise

    def _until_one_dies(
        self, work: Callable[[_Part], _Done], waiting: list[_Part], suspects: list[_Part]
    ) -> Iterator[_Done]:
        """Hands out what waits, never more than there are workers, until one of them dies.

        What was at work then becomes a suspect.
        """
        executor = self._executor = self._executor or _executor(self._workers)
        running: dict[Future[_Done], _Part] = {}
        while running or (waiting and not suspects):
            while waiting and len(running) < self._workers and not suspects:
                part = waiting.pop()
                running[executor.submit(work, part)] = part
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                part = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    suspects.append(part)
                    self._executor = None
                else:
                    yield future.result()


def _alone(work: Callable[[_Part], _Done], part: _Part) -> Iterator[_Done | WorkerLostError]:
    """In a process of its own, so that it is known who dies."""
    with _executor(1) as executor:
        try:
            yield executor.submit(work, part).result()
        except BrokenProcessPool:
            yield WorkerLostError(part, _KILLED)


def _executor(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, _context(), _begin)


def _context() -> Any:
    """Workers begin as copies of a clean process that has read the libraries, where that works."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(_READ_BEFORE)
    return context


def _begin() -> None:
    """A driver that is killed cannot stop its workers: each watches for the end by itself.

    Ctrl-C is for the driver alone, which then stops its workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    driver = parent_process()
    if driver is not None:
        Thread(target=_watch, args=(driver,), daemon=True).start()


def _watch(driver: Any) -> None:
    driver.join()
    os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Workers inherit the environment; libraries read it when they are loaded."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
