"""The door to a tracked run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from newretail_ml.errors import TrackingError
from newretail_ml.tracking.recorder import Recorder
from newretail_ml.tracking.runs import Run
from newretail_ml.tracking.store import BRIEFLY, Store, asking, store_uri


@contextmanager
def run(
    experiment: str = "demand",
    *,
    name: str | None = None,
    store: Store = None,
    tags: Mapping[str, str] | None = None,
    required: bool = False,
) -> Iterator[Run]:
    """Open a run, and close it as finished, or as failed when an error goes through.

    Args:
        experiment: where it belongs; made if need be.
        name: of the run; by default MLflow invents one.
        store: a folder (runs go to mlflow.db and mlruns in it), a tracking URI, or False or
            "none" for no tracking. By default ``MLFLOW_TRACKING_URI``, and else the current
            folder.
        tags: labels to search runs by.
        required: an error of the tracker is an error of the command.

    Raises:
        TrackingError: the tracker fails, and it is required.
        MissingExtraError: MLflow is not installed, and it is required.

    >>> with run(store=False) as untracked:
    ...     untracked.log_params({"horizon": 28})
    >>> print(untracked.run_id)
    None
    """
    tracked = _opened(experiment, name, store_uri(store), dict(tags or {}), required)
    try:
        yield tracked
    except BaseException as error:
        with suppress(TrackingError):
            tracked.end("FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    tracked.end("FINISHED")


def _opened(
    experiment: str, name: str | None, uri: str | None, tags: dict[str, str], required: bool
) -> Run:
    if uri is None:
        return Run()
    try:
        with asking(BRIEFLY):
            return Run(Recorder.begin(uri, experiment, name, tags), required=required)
    except Exception as error:
        untracked = Run(required=required)
        untracked.give_up(error, uri)
        return untracked
