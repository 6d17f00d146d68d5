"""The folder in which a job keeps what it has done so far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newretail_ml.errors import DataError

try:
    import fcntl
except ImportError:  # no such locks on Windows: two jobs there have to keep apart by themselves
    fcntl = None  # type: ignore[assignment]


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """The folder, for one job alone; a job that is killed lets go of it.

    Raises:
        DataError: it cannot be made, or another job is at work in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise _unwritable(folder, error) from error
    with lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise DataError(
                    f"another job is at work in {folder}",
                    next_step="Wait for its end, or name another --work.",
                ) from error
        with _told(folder):
            yield folder


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(error.filename or folder, error) from error


def _unwritable(place: object, error: OSError) -> DataError:
    return DataError(
        f"{place} cannot be read or written ({error.strerror or error})",
        next_step="Name another --work, or make room and give access there.",
    )
