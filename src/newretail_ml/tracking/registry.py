"""Versions in the registry of models, and the aliases that point to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from newretail_ml.errors import DataError
from newretail_ml.tracking.asking import asked
from newretail_ml.tracking.local import OF_RUN, resolved
from newretail_ml.tracking.store import Store
from newretail_ml.tracking.versions import version_of, versions_of

if TYPE_CHECKING:
    from mlflow import MlflowClient


def new_version(client: MlflowClient, name: str, model: Any) -> str:
    """Make a logged model the next version of a registered one, which is made if need be.

    Returns:
        The version's address, ``models:/name/3``.
    """
    _see_to(client, name)
    # Of models:/m-... MLflow would ask the store that the process is set to, not the client's.
    made = client.create_model_version(
        name, str(model.artifact_location), model.source_run_id, model_id=model.model_id
    )
    return f"models:/{name}/{made.version}"


def _see_to(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        # Made before, or by another job that started at once.
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def register(model: str, name: str, *, store: Store = None) -> str:
    """Make a logged model the next version of a registered one, which is made if need be.

    Args:
        model: its address, ``models:/m-...`` or ``runs:/<id>/name``, or the id of a run that
            logged one model.
        name: of the registered model.
        store: a folder or a tracking URI, as in `newretail_ml.tracking.run`.

    Returns:
        The number of the version.

    Raises:
        DataError: there is no such model, or the run logged several.
        TrackingError: the store cannot be written.
    """
    with asked(store) as client:
        address = model if ":/" in model else _only_one_of(client, model)
        found = resolved(client, address)
        model_id = found.model_id
        if model_id is None:
            raise DataError(
                f"{address} was logged by an MLflow that gave models no id",
                next_step="Log the model again with run.log_model(model, register=name).",
            )
        return new_version(client, name, client.get_logged_model(model_id)).rpartition("/")[2]


def aliases(name: str, *, store: Store = None) -> dict[str, str]:
    """The version that each alias of a registered model names.

    Raises:
        DataError: there is no such model; those that there are are named.
        TrackingError: the store cannot be read.
    """
    with asked(store) as client:
        versions_of(client, name)
        found = client.get_registered_model(name).aliases
        return {alias: str(version) for alias, version in sorted(found.items())}


def set_alias(name: str, alias: str, version: str | int, *, store: Store = None) -> None:
    """Let an alias name a version, whatever it named before.

    `newretail_ml.tracking.promote` moves the champion only for a reason.

    Raises:
        DataError: there is no such model or version, or the alias cannot be one.
        TrackingError: the store cannot be written.
    """
    if not re.fullmatch(r"[A-Za-z][\w\-]*", alias) or alias.lower() == "latest":
        raise DataError(
            f"{alias!r} cannot be an alias",
            next_step="Begin with a letter; letters, digits, - and _ may follow. MLflow keeps "
            '"latest" for itself.',
        )
    with asked(store) as client:
        client.set_registered_model_alias(name, alias, version_of(client, name, version).number)


def _only_one_of(client: MlflowClient, run_id: str) -> str:
    """The address of the one model of a run; the error of `resolved` names several."""
    from mlflow.exceptions import MlflowException

    try:
        made = client.get_run(run_id).outputs
    except MlflowException:
        made = None
    models = [] if made is None else made.model_outputs
    return f"models:/{models[0].model_id}" if len(models) == 1 else f"{OF_RUN}{run_id}"
