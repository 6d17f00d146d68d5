"""Folders that are written whole or not at all: written aside, then renamed.

A run that is killed in the middle of writing may leave a hidden folder beside the output. Nothing
reads it, no later run trips over it, and it may be removed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder to write into, which takes the place of ``folder`` once all went well.

    If anything is raised, what stood at ``folder`` before stays as it was. Whether that may be
    replaced at all is for the caller to check beforehand.
    """
    with hidden_beside(folder) as aside:
        made = aside / "new"
        made.mkdir()
        yield made
        put_in_place(made, folder, earlier=aside / "earlier")


@contextmanager
def hidden_beside(path: Path) -> Iterator[Path]:
    """A hidden folder beside an output: on the same disk, so that a rename is one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{path.name}.", dir=path.parent, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def put_in_place(made: Path, path: Path, *, earlier: Path) -> None:
    """Rename ``made`` to ``path``; what stood there becomes ``earlier``, or comes back.

    Raises:
        OSError: it cannot be renamed; ``path`` is then as it was.
    """
    if path.exists():
        path.rename(earlier)
    try:
        made.rename(path)
    except BaseException:
        if earlier.exists() and not path.exists():
            earlier.rename(path)
        raise
