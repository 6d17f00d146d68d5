"""A model of the tracker, or of a folder or file, as a local folder that workers can read."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from newretail_ml.errors import DataError
from newretail_ml.tracking.asking import asked
from newretail_ml.tracking.served.kinds import check_kind, digest_of, kind_in
from newretail_ml.tracking.store import Store, store_uri
from newretail_ml.tracking.versions import version_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

REGISTERED: Final = "models:/"
OF_RUN: Final = "runs:/"
_FORMS: Final = (
    "Write models:/name@alias, models:/name/3, models:/m-..., runs:/<id>/name, or the path of a "
    "folder or file."
)


@dataclass(frozen=True)
class LocalModel:
    """A fitted model on this machine.

    Attributes:
        path: a folder that mlflow saved, or the file of a pickled model. What pickle reads from
            it does not need mlflow.
        kind: "forecaster", "order policy", "price response" or "recommender".
        version: number in the registry; else the model's or run's id; of a file a digest.
        uri: that names this very version, even if an alias moves on.
        run_id: the run that made it; None where none is known.
    """

    path: Path
    kind: str
    version: str
    uri: str
    run_id: str | None = None


@dataclass(frozen=True)
class Resolved:
    """What a store says of a model.

    Attributes:
        source: where its files lie.
        version, uri, run_id: as in `LocalModel`.
        model_id: of the logged model; None where an old MLflow gave it none.
    """

    source: str
    version: str
    uri: str
    run_id: str | None
    model_id: str | None = None


def local_model(
    address: str | Path,
    store: Store = None,
    *,
    kind: str | None = None,
) -> LocalModel:
    """Bring a model to this machine, and say which version it is.

    Files that lie on this machine already are read where they are; others go into a folder that
    is removed when this process ends.

    Args:
        address: ``models:/name@champion``, ``models:/name/3``, ``models:/m-...``,
            ``runs:/<id>/name``, a folder that mlflow saved, or a file of ``Forecaster.save``.
        store: a folder or a tracking URI, as in `newretail_ml.tracking.run`.
        kind: that it must have: "forecaster", "order policy", "price response", "recommender".

    Raises:
        DataError: there is no such model, version, alias, run, folder or file; those that there
            are are named; or it is of another kind.
        TrackingError: the store cannot be read.
        MissingExtraError: MLflow is not installed, and the address is the tracker's.
    """
    text = str(address)
    if not text.startswith((REGISTERED, OF_RUN)):
        return _of_path(Path(address), kind)
    with asked(store) as client:
        found = resolved(client, text)
        path = _downloaded(found.source, str(store_uri(store)))
    told = kind_in(path, text)
    check_kind(told, kind, text)
    return LocalModel(path, told, found.version, found.uri, found.run_id)


def _of_path(path: Path, kind: str | None) -> LocalModel:
    if not path.exists():
        raise DataError(f"there is no model {path}", next_step=_FORMS)
    told = kind_in(path, str(path))
    check_kind(told, kind, str(path))
    return LocalModel(path, told, digest_of(path), path.resolve().as_uri())


def resolved(client: MlflowClient, address: str) -> Resolved:
    """The very model that an address of the tracker names now.

    Raises:
        DataError: there is none; those that there are are named.
    """
    if address.startswith(OF_RUN):
        run_id, _, name = address.removeprefix(OF_RUN).partition("/")
        return _of_run(client, run_id, name.strip("/"))
    name = address.removeprefix(REGISTERED)
    if name.startswith("m-") and "/" not in name and "@" not in name:
        return _logged(_logged_model(client, name))
    name, separator, version = _parts(name)
    if not (name and version):
        raise DataError(f"{address!r} names no version of a model", next_step=_FORMS)
    return _of_registry(client, name, version if separator == "/" else f"@{version}")


def _parts(text: str) -> tuple[str, str, str]:
    """Name, separator, and version or alias."""
    return text.rpartition("@") if "@" in text else text.rpartition("/")


def _of_registry(client: MlflowClient, name: str, version: str) -> Resolved:
    found = version_of(client, name, version).found
    uri = f"{REGISTERED}{name}/{found.version}"
    model_id = getattr(found, "model_id", None) or None
    if model_id:
        source = str(_logged_model(client, model_id).artifact_location)
    else:
        source = client.get_model_version_download_uri(name, str(found.version))
    return Resolved(source, str(found.version), uri, found.run_id or None, model_id)


def _logged_model(client: MlflowClient, model_id: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_logged_model(model_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        known = [one.model_id for one in _logged_models(client, None)]
        raise DataError(
            f"the store has no model {model_id}", next_step=_choose(known, "Log one first.")
        ) from None


def _of_run(client: MlflowClient, run_id: str, name: str) -> Resolved:
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise DataError(
            f"there is no run {run_id!r}", next_step="Pass the id that MLflow's page shows."
        ) from None
    made = _logged_models(client, run.info.experiment_id, f"source_run_id = '{run_id}'")
    named = [one for one in made if one.name == name]
    if named:
        return _logged(max(named, key=lambda one: one.creation_timestamp))
    if name and any(one.path.endswith("/MLmodel") for one in client.list_artifacts(run_id, name)):
        uri = f"{OF_RUN}{run_id}/{name}"
        return Resolved(f"{run.info.artifact_uri}/{name}", run_id, uri, run_id)
    known = [f"{OF_RUN}{run_id}/{one.name}" for one in made]
    raise DataError(
        f"run {run_id!r} has no model {name!r}",
        next_step=_choose(known, "Log one with run.log_model."),
    )


def _logged(model: Any) -> Resolved:
    run_id = model.source_run_id or None
    source, model_id = str(model.artifact_location), str(model.model_id)
    return Resolved(source, model_id, str(model.model_uri), run_id, model_id)


def _logged_models(
    client: MlflowClient, experiment: str | None, where: str | None = None
) -> list[Any]:
    """Models in an experiment, or in any; the newest 100."""
    every = [experiment] if experiment else _experiments(client)
    return list(client.search_logged_models(every, filter_string=where, max_results=100))


def _experiments(client: MlflowClient) -> list[str]:
    return [one.experiment_id for one in client.search_experiments(max_results=100)]


def _choose(names: list[str], otherwise: str, most: int = 8) -> str:
    if not names:
        return otherwise
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"Choose from {', '.join(names[:most])}{more}."


def _downloaded(source: str, uri: str) -> Path:
    """The local folder of a model's files."""
    from mlflow.artifacts import download_artifacts

    away = ("://" in source and not source.startswith("file:")) or source.startswith("mlflow-")
    to = _passing_folder() if away else None
    return Path(download_artifacts(source, dst_path=to, tracking_uri=uri))


def _passing_folder() -> str:
    """A folder that is removed when this process ends, not when one that it forked does."""
    folder = tempfile.mkdtemp(prefix="newretail-model-")
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
