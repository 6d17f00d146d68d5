"""Whether a file or folder can be written, and errors that say what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newretail_ml.errors import DataError


def check_parent(path: Path) -> None:
    """Raise an OSError if nothing can be written beside a path.

    The folder itself may still have to be made: the nearest one that is there decides.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(None, f"{folder} is a file, not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(None, f"no permission to write into {folder}")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns an error of the file system into one that names the output and the next step."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error})",
            next_step="Name another --out, or make room and give access there.",
        ) from error
