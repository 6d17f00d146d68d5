"""Where runs are kept, and on what terms a tracker is asked."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from newretail_ml.errors import MissingExtraError, NewRetailError, TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

Store = str | Path | Literal[False] | None
"""A folder, a tracking URI, False for no tracking, or None for what the environment says."""

_SQLITE: Final = "sqlite:///"
_DATABASE: Final = "mlflow.db"
_ARTIFACTS: Final = "mlruns"
_LOCKED_SECONDS = 5.0
_ADDRESS = "MLFLOW_TRACKING_URI"

_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
_BACKOFF = "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR"
_TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
# MLflow prints a run's address to standard output, where a command's own output goes.
_QUIETLY = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
# MLflow asks a dead server for four minutes before it gives up.
BRIEFLY: Final = {**_QUIETLY, _RETRIES: "1", _BACKOFF: "1", _TIMEOUT: "10"}
PATIENTLY: Final = {**_QUIETLY, _RETRIES: "3", _BACKOFF: "1", _TIMEOUT: "60"}


def store_uri(store: Store) -> str | None:
    """The tracking URI of a store; None where nothing is to be tracked.

    A folder gets a SQLite file. Without a word it is the current folder, which is where
    ``mlflow ui`` looks by itself.

    >>> store_uri("http://tracker:5000")
    'http://tracker:5000'
    >>> store_uri(False) is None and store_uri("none") is None
    True
    """
    if store is None:
        store = os.environ.get(_ADDRESS) or Path()
    if store is False or str(store).lower() == "none":
        return None
    if isinstance(store, str) and _is_uri(store):
        return store
    return f"{_SQLITE}{(Path(store).resolve() / _DATABASE).as_posix()}"


def without_password(text: str) -> str:
    """A URI, or words with one in them, as they may be shown.

    >>> without_password("postgresql://ann:secret@host/runs")
    'postgresql://host/runs'
    """
    return re.sub(r"//[^/\s]+@", "//", text)


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite store, None for any other store."""
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


@contextmanager
def asking(terms: Mapping[str, str]) -> Iterator[None]:
    """MLflow's settings while it is asked; what the user has set in the environment stays."""
    added = {name: value for name, value in terms.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def connect(uri: str) -> MlflowClient:
    """A client of a store; a SQLite store is made where there is none."""
    from mlflow import MlflowClient

    file = sqlite_file(uri)
    if file is not None:
        _prepare(file)
    return MlflowClient(uri)


def experiment_id(client: MlflowClient, uri: str, name: str) -> str:
    """The id of an experiment, which is made if need be."""
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(name)
    if experiment is not None:
        return str(experiment.experiment_id)
    try:
        return str(client.create_experiment(name, artifact_location=_artifact_folder(uri, name)))
    except MlflowException:
        # Of two jobs that start at once, one finds it made.
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            raise
        return str(experiment.experiment_id)


def tracking_error(error: Exception, uri: str) -> NewRetailError:
    """What went wrong, in words, and what to do about it."""
    if isinstance(error, ModuleNotFoundError) and error.name == "mlflow":
        return MissingExtraError("mlflow", extra="tracking")
    reason = without_password(" ".join(str(error).split()))
    return TrackingError(
        f"The tracker at {without_password(uri)} failed: {type(error).__name__}: {reason[:300]}",
        next_step="Start it or mend it, set MLFLOW_TRACKING_URI to another one, or switch "
        'tracking off with store="none".',
    )


def _is_uri(store: str) -> bool:
    """A scheme of two letters or more, so that a Windows drive is not one."""
    return store == "databricks" or re.match(r"[a-z][a-z0-9+.\-]+:", store) is not None


def _artifact_folder(uri: str, experiment: str) -> str | None:
    """Beside a SQLite file; MLflow itself would take the folder the process happens to be in."""
    file = sqlite_file(uri)
    if file is None:
        return None
    return (file.resolve().parent / _ARTIFACTS / re.sub(r"\W+", "-", experiment)).as_uri()


def _prepare(file: Path) -> None:
    """See that a SQLite file can be written; MLflow would try for two minutes.

    A new store is made aside and renamed, so that a crash leaves no half of one.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        with closing(sqlite3.connect(file, timeout=_LOCKED_SECONDS)) as database:
            database.execute("BEGIN IMMEDIATE")
        return
    from mlflow import MlflowClient

    # MLflow keeps its file open, so the new store is a copy of it.
    with tempfile.TemporaryDirectory(
        dir=file.parent, prefix=".mlflow-", ignore_cleanup_errors=True
    ) as folder:
        made, copy = Path(folder) / "made.db", Path(folder) / "copy.db"
        MlflowClient(f"{_SQLITE}{made.as_posix()}").search_experiments(max_results=1)
        with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        if not file.exists():
            copy.replace(file)
