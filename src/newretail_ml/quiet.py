"""Keeps words of other libraries, that help nobody, off the streams of a command."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Printed by HiGHS itself, whatever its options, when it repairs a solution.
_STRAY = b"HighsMipSolverData::transformNewIntegerFeasibleSolution"


def ignore_pandas_on_spark() -> None:
    """PySpark warns of pandas 3 wherever it is loaded; no table passes through its pandas here."""
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)


@contextmanager
def without_stray_lines() -> Iterator[None]:
    """Pass on all that is written to the standard output meanwhile, but for HiGHS' stray line.

    What is written is passed on at the end. Without a standard output of the system's, as in
    some notebooks and services, nothing is changed.
    """
    _flush()
    try:
        kept = os.dup(1)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 1)
        try:
            yield
        finally:
            _flush()
            os.dup2(kept, 1)
            os.close(kept)
            written.seek(0)
            lines = [line for line in written if not line.startswith(_STRAY)]
            if lines:
                os.write(1, b"".join(lines))


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()
