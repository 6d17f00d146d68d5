"""Versions in the registry of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
