"""One run in MLflow, and the calls that fill it.

Everything goes through a client of its own, with the run named in each call: MLflow's global
tracking URI, experiment and active run stay as the user has set them.
"""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from newretail_ml.tracking.facts import MetricValue
from newretail_ml.tracking.flavour import LOADER, requirements, signature
from newretail_ml.tracking.registry import new_version
from newretail_ml.tracking.served import Served, save_served
from newretail_ml.tracking.store import connect, experiment_id, sqlite_file, without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

# What MLflow takes in one request: 100 parameters, 100 tags, 1,000 entries in all.
_MOST_NAMES = 100
_MOST_METRICS = 800


@dataclass(frozen=True)
class Recorder:
    """A run that is open in MLflow.

    Attributes:
        client: a client of the store.
        uri: the store.
        experiment_id: where the run belongs.
        run_id: the run.
    """

    client: MlflowClient
    uri: str
    experiment_id: str
    run_id: str

    @classmethod
    def begin(cls, uri: str, experiment: str, name: str | None, tags: Mapping[str, str]) -> Self:
        """Open a run, and make the store and the experiment if need be."""
        client = connect(uri)
        experiment_of_run = experiment_id(client, uri, experiment)
        return cls(client, uri, experiment_of_run, _created(client, experiment_of_run, name, tags))

    def begin_child(self, name: str) -> Self:
        """Open a run below this one."""
        tags = {"mlflow.parentRunId": self.run_id}
        return replace(self, run_id=_created(self.client, self.experiment_id, name, tags))

    def end(self, status: str) -> None:
        """Close the run: FINISHED, FAILED or KILLED."""
        self.client.set_terminated(self.run_id, status)

    @property
    def link(self) -> str:
        """The run's page, or how to open it."""
        page = f"#/experiments/{self.experiment_id}/runs/{self.run_id}"
        if self.uri.startswith("http"):
            return f"{without_password(self.uri).rstrip('/')}/{page}"
        if sqlite_file(self.uri) is not None:
            return f"mlflow ui --backend-store-uri {shlex.quote(self.uri)}"
        return f"run {self.run_id} in {without_password(self.uri)}"

    def log(
        self,
        *,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        metrics: Sequence[MetricValue] = (),
    ) -> None:
        """Parameters, tags and metrics, in as few requests as MLflow allows."""
        from mlflow.entities import Metric, Param, RunTag

        now = int(time.time() * 1000)
        values = [Metric(name, value, now, step) for name, value, step in metrics]
        pairs = [Param(name, value) for name, value in (params or {}).items()]
        labels = [RunTag(name, value) for name, value in (tags or {}).items()]
        while values or pairs or labels:
            self.client.log_batch(
                self.run_id,
                metrics=values[:_MOST_METRICS],
                params=pairs[:_MOST_NAMES],
                tags=labels[:_MOST_NAMES],
            )
            del values[:_MOST_METRICS], pairs[:_MOST_NAMES], labels[:_MOST_NAMES]

    def log_dataset(
        self, name: str, digest: str, source: str, schema: str, profile: Mapping[str, Any]
    ) -> None:
        """An input of the run, with a digest of our own: MLflow's covers 10,000 rows."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(
            name, digest, "local", json.dumps({"uri": source}), schema, json.dumps(profile)
        )
        context = InputTag("mlflow.data.context", "training")
        self.client.log_inputs(self.run_id, [DatasetInput(dataset, [context])])

    def log_file(self, file: Path, folder: str | None = None) -> None:
        """A file, as it is."""
        self.client.log_artifact(self.run_id, str(file), folder)

    def log_json_table(self, frame: pd.DataFrame, file: str) -> None:
        """A table that MLflow's page shows and compares."""
        self.client.log_table(self.run_id, frame, file)

    def log_figure(self, figure: Any, file: str) -> None:
        """A matplotlib figure."""
        self.client.log_figure(self.run_id, figure, file)

    def log_model(
        self, served: Served, name: str, params: Mapping[str, str], register: str | None = None
    ) -> str:
        """A model, and its URI: that of its version where it is registered under a name."""
        from mlflow.entities import LoggedModelOutput

        model = self.client.create_logged_model(
            self.experiment_id, name, self.run_id, params=dict(params), model_type=served.kind
        )
        self.client.log_outputs(self.run_id, [LoggedModelOutput(model.model_id, step=0)])
        with tempfile.TemporaryDirectory() as folder:
            data, path = Path(folder) / name, Path(folder) / ".model"
            save_served(served, data)
            self._save(served, data, path, model)
            self.client.log_model_artifacts(model.model_id, str(path))
        self.client.finalize_logged_model(model.model_id, "READY")
        return new_version(self.client, register, model) if register else str(model.model_uri)

    def _save(self, served: Served, data: Path, path: Path, model: LoggedModel) -> None:
        """Write what ``mlflow.pyfunc.load_model`` reads."""
        import mlflow
        from mlflow.models import Model

        mlflow.pyfunc.save_model(
            path,
            loader_module=LOADER,
            data_path=str(data),
            signature=signature(served),
            input_example=served.example,
            pip_requirements=requirements(),
            mlflow_model=Model(
                artifact_path=model.artifact_location,
                run_id=self.run_id,
                model_uuid=model.model_id,
                model_id=model.model_id,
            ),
        )


def _created(
    client: MlflowClient, experiment: str, name: str | None, tags: Mapping[str, str]
) -> str:
    """The id of a new run, with the tags that MLflow gives each run: user, source, commit."""
    from mlflow.tracking.context.registry import resolve_tags

    run = client.create_run(experiment, tags=resolve_tags(dict(tags)), run_name=name)
    return str(run.info.run_id)
