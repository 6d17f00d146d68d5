"""Runs of judged models, as a tracking server knows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.tracking import comparisons as facts
from newretail_ml.tracking.scores import Better

if TYPE_CHECKING:
    from mlflow import MlflowClient

_PARENT = "mlflow.parentRunId"
_PAGE = 1000
# Parameters that change how a model works, and not what it says.
_NO_MATTER = frozenset({"progress", "n_threads", "n_jobs", "verbose"})


class Ground(NamedTuple):
    """What models were judged on. Only where it is the same can they be set side by side.

    Attributes:
        data: fingerprint of the data; empty where it is not known.
        series: how many, and by what.
        folds: what each fold was, in words.
        digest: of the folds, whose words may have been cut short.
        alone: the run that it belongs to, where the data are not known.
    """

    data: str
    series: str
    folds: str
    digest: str
    alone: str

    def difference(self, other: Ground) -> str:
        """Why models judged here and models judged on the other cannot be compared."""
        if self == other:
            return ""
        if not self.data:
            return "its data are not known: the run has no data.fingerprint"
        if not other.data:
            return "the data it is to be set beside are not known"
        for what in ("data", "series", "folds"):
            mine, theirs = getattr(self, what), getattr(other, what)
            if mine != theirs:
                return f"other {what}: {mine or 'unknown'} instead of {theirs or 'unknown'}"
        return "other folds under the same words"


@dataclass(frozen=True, eq=False)
class JudgedModel:
    """A run that judged one model.

    Attributes:
        run: as MLflow gives it.
        around: tags of the run it lies below, and its own.
    """

    run: Any
    around: Mapping[str, str]

    @property
    def run_id(self) -> str:
        """MLflow's id of the run."""
        return str(self.run.info.run_id)

    @property
    def started(self) -> int:
        """Milliseconds since 1970."""
        return int(self.run.info.start_time or 0)

    @property
    def comparison(self) -> str:
        """Id of the run that compared it with others: the one it lies below, or itself."""
        return str(self.run.data.tags.get(_PARENT, self.run_id))

    @property
    def model(self) -> str:
        """Name of the model."""
        return str(self.run.data.tags.get(c.MODEL) or self.run.info.run_name)

    @property
    def params(self) -> dict[str, str]:
        """Parameters of the model."""
        return dict(self.run.data.params)

    @property
    def metrics(self) -> list[str]:
        """Metrics that are known by fold."""
        names = [name for name in self.run.data.metrics if name.startswith(facts.BY_FOLD)]
        return sorted(name.removeprefix(facts.BY_FOLD) for name in names)

    @property
    def is_bound(self) -> bool:
        """Whether the model knows what nobody can know."""
        return facts.BOUND in self.run.data.tags

    @cached_property
    def ground(self) -> Ground:
        """What it was judged on."""
        tags = self.around
        data = tags.get(facts.FINGERPRINT, "")
        words = (tags.get("data.series"), tags.get("data.series_by"), tags.get("data.frequency"))
        folds = tags.get(facts.FOLDS) or tags.get("backtest.cuts", "")
        series = " by ".join(one for one in words if one)
        digest = tags.get(facts.FOLDS_DIGEST, "")
        return Ground(data, series, folds, digest, "" if data else self.comparison)

    @property
    def decides(self) -> str | None:
        """The metric that decides."""
        return self.around.get(facts.DECIDES)

    @property
    def better(self) -> dict[str, Better]:
        """Which values of a metric are good ones."""
        said: dict[str, Better] = json.loads(self.around.get(facts.BETTER, "{}"))
        return said

    @property
    def in_time(self) -> bool:
        """Whether folds are cuts in time, and not draws that have nothing to do with each other."""
        return self.around.get(facts.FOLDS_ARE, facts.TIMES) == facts.TIMES

    @property
    def trouble(self) -> str:
        """Why the run says nothing of the model; empty where it does."""
        if facts.NOT_RUN in self.run.data.tags:
            return f"not judged: {self.run.data.tags[facts.NOT_RUN]}"
        if self.run.info.status != "FINISHED":
            return f"the run is {self.run.info.status.lower()}"
        return "" if self.metrics else "it has no metrics by fold"

    def values(self, client: MlflowClient, metric: str) -> dict[int, float]:
        """Values of a metric by fold; of values given twice the newest."""
        history = client.get_metric_history(self.run_id, f"{facts.BY_FOLD}{metric}")
        newest = sorted(history, key=lambda value: value.timestamp)
        return {int(value.step): float(value.value) for value in newest}


def identity(params: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """The parameters that make a model what it is.

    >>> identity({"window": "28", "progress": "True"})
    frozenset({('window', '28')})
    """
    return frozenset((name, value) for name, value in params.items() if name not in _NO_MATTER)


def judged_models(client: MlflowClient, experiment: str) -> list[JudgedModel]:
    """All runs of an experiment that judged a model, the newest first.

    Raises:
        DataError: there is no such experiment, or it holds no judged model.
    """
    found = client.get_experiment_by_name(experiment)
    if found is None:
        known = ", ".join(experiments(client))
        raise DataError(
            f"there is no experiment {experiment!r}",
            next_step=f"Choose from {known}." if known else "The store has no runs yet.",
        )
    runs = {run.info.run_id: run for run in _all_runs(client, found.experiment_id)}
    judged = [_with_parent(run, runs) for run in runs.values() if _judges(run)]
    if not judged:
        raise DataError(
            f"experiment {experiment!r} has {len(runs):,} runs, none of which judged a model",
            next_step="Run `newretail backtest`, or log one with run.log_comparison.",
        )
    return sorted(judged, key=lambda one: one.started, reverse=True)


def experiments(client: MlflowClient) -> list[str]:
    """Names of the experiments that have runs."""
    found = client.search_experiments(max_results=_PAGE)
    return sorted(
        str(one.name) for one in found if client.search_runs([one.experiment_id], max_results=1)
    )


def _judges(run: Any) -> bool:
    tags = run.data.tags
    below = c.MODEL in tags and _PARENT in tags
    return below or any(name.startswith(facts.BY_FOLD) for name in run.data.metrics)


def _with_parent(run: Any, runs: Mapping[str, Any]) -> JudgedModel:
    parent = runs.get(run.data.tags.get(_PARENT, ""))
    above = parent.data.tags if parent is not None else {}
    return JudgedModel(run, {**above, **run.data.tags})


def _all_runs(client: MlflowClient, experiment_id: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment_id], max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
