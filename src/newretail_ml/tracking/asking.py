"""Questions to a store of runs, whose failures are told in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from newretail_ml.errors import DataError, NewRetailError
from newretail_ml.tracking.store import (
    BRIEFLY,
    Store,
    asking,
    connect,
    sqlite_file,
    store_uri,
    tracking_error,
    without_password,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

_NEXT = "Name the store with --tracking (store= in Python), or set MLFLOW_TRACKING_URI."


@contextmanager
def asked(store: Store) -> Iterator[MlflowClient]:
    """A client of a store that is there; what goes wrong with it becomes a TrackingError.

    Raises:
        DataError: there is no store at the place.
        TrackingError: the store cannot be read.
        MissingExtraError: MLflow is not installed.
    """
    uri = store_uri(store)
    if uri is None:
        raise DataError("nothing is tracked without a store", next_step=_NEXT)
    file = sqlite_file(uri)
    if file is not None and not file.is_file():
        raise DataError(f"there are no tracked runs at {file}", next_step=_NEXT)
    try:
        with asking(BRIEFLY):
            yield connect(uri)
    except NewRetailError:
        raise
    except Exception as error:
        raise tracking_error(error, without_password(uri)) from error


def known_run(client: MlflowClient, run_id: str) -> Any:
    """The run as MLflow gives it.

    Raises:
        DataError: there is no such run.
    """
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise DataError(
            f"there is no run {run_id!r}",
            next_step="Pass the id of the run that logged the decision.",
        ) from None
