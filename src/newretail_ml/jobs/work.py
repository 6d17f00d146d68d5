"""The folder in which a job keeps what it has done so far."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

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


def remove_folder(folder: Path) -> None:
    """Remove a folder that, for whoever looks at it, is whole or not there at all.

    It becomes hidden first: a job that is killed in between leaves nothing that looks whole.

    Args:
        folder: what to remove; another process may do the same.
    """
    hidden = folder.with_name(f".{folder.name}-{uuid4().hex}")
    with suppress(FileNotFoundError):
        folder.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def remove_others(kept: Path, pattern: str) -> None:
    """Remove what earlier runs left in the place of a file or folder.

    Args:
        kept: stays.
        pattern: of the names beside it that are to go.
    """
    for other in kept.parent.glob(pattern):
        if other == kept:
            continue
        if other.is_dir():
            remove_folder(other)
        else:
            other.unlink(missing_ok=True)


def _unwritable(place: object, error: OSError) -> DataError:
    return DataError(
        f"{place} cannot be read or written ({error.strerror or error})",
        next_step="Name another --work, or make room and give access there.",
    )
