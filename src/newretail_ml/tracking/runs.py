"""A tracked run, which is an untracked one where there is no tracker."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from newretail_ml.errors import DataError, NewRetailError
from newretail_ml.forecast import DECILES, Forecast
from newretail_ml.forecasting import Forecaster
from newretail_ml.panel import Panel
from newretail_ml.tracking import facts
from newretail_ml.tracking.comparing import Comparing
from newretail_ml.tracking.decisions import new_decision, record_decision
from newretail_ml.tracking.local import LocalModel
from newretail_ml.tracking.recorder import Recorder
from newretail_ml.tracking.served import params_of, served_of
from newretail_ml.tracking.served.making import Loggable
from newretail_ml.tracking.store import (
    BRIEFLY,
    PATIENTLY,
    asking,
    tracking_error,
    without_password,
)

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class Run(Comparing):
    """What a command tells the tracker. Open one with `run`.

    Without a tracker each method checks its arguments and does nothing more. When the tracker
    fails on the way, the first failure is said once and kept in ``problem``, the run is closed
    as failed, and the command goes on: results must not depend on a tracker.

    Attributes:
        problem: why the run is not tracked, or not wholly; None where all is well.
    """

    problem: NewRetailError | None = None

    def __init__(self, recorder: Recorder | None = None, *, required: bool = False) -> None:
        self._recorder = recorder
        self._required = required

    @property
    def run_id(self) -> str | None:
        """MLflow's id of the run; None without a tracker."""
        return self._recorder.run_id if self._recorder else None

    @property
    def link(self) -> str | None:
        """The run's page, or the command that opens it; None without a tracker."""
        return self._recorder.link if self._recorder else None

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Parameters; nested ones get dotted names, long values are cut."""
        flat = facts.flattened(params)
        self._record(lambda recorder: recorder.log(params=flat))

    def log_tags(self, tags: Mapping[str, Any]) -> None:
        """Labels to search runs by."""
        flat = facts.flattened(tags)
        self._record(lambda recorder: recorder.log(tags=flat))

    def log_metrics(self, metrics: Mapping[str, float], *, step: int = 0) -> None:
        """Numbers to compare runs by; what is not a finite number is left out."""
        values = facts.finite_metrics(metrics, step)
        self._record(lambda recorder: recorder.log(metrics=values))

    def log_data(
        self, panel: Panel, *, fingerprint: str | None = None, source: str | Path = ""
    ) -> None:
        """Which data, from when to when: as tags, and as an MLflow dataset.

        Args:
            panel: what the models see.
            fingerprint: of the tables behind it (`RetailTables.fingerprint`); by default a
                digest of the panel.
            source: where the tables came from.
        """

        def record(recorder: Recorder) -> None:
            digest = fingerprint or facts.panel_digest(panel)
            tags = facts.data_facts(panel, digest)
            recorder.log(tags=tags)
            shown = without_password(str(source))
            recorder.log_dataset("panel", digest, shown, facts.data_schema(panel), tags)

        self._record(record)

    def log_model(
        self,
        model: Loggable,
        forecast: Forecast | None = None,
        *,
        name: str | None = None,
        register: str | None = None,
        levels: Sequence[float] = DECILES,
        costs: pd.DataFrame | None = None,
    ) -> str | None:
        """A fitted model, as one that a batch job loads and calls with rows.

        ``mlflow.pyfunc.load_model(uri).predict(rows)`` answers with the very numbers of the model
        here. A forecaster answers rows of series and date with ``forecast``, so that a job and
        this run's tables cannot differ; it and its history lie beside them:
        ``get_raw_model().forecaster``. An `OrderPolicy` answers rows of stock with orders, a
        price model or its response answers prices with units, revenue and profit, a recommender
        answers customers with their lists. `newretail_ml.tracking.local_model` brings it back.

        Args:
            model: fitted.
            forecast: what a forecaster says of the periods that will be asked for.
            name: of the model in MLflow; by default its kind.
            register: name of a registered model, of which this becomes the next version.
            levels: quantiles in the answer of a forecaster.
            costs: unit_cost by any of the keys of a price response, for rows without their own.

        Returns:
            The URI of the model, or of its version where it is registered; None without a
            tracker.

        Raises:
            DataError: it is no such model, or a forecaster without a forecast.
            NotFittedError: it is not fitted.
        """
        served = served_of(model, forecast, levels=levels, costs=costs)
        called = name or served.kind.replace(" ", "_")
        params = facts.flattened(params_of(model))

        def record(recorder: Recorder) -> str:
            uri = recorder.log_model(served, called, params, register)
            if isinstance(model, Forecaster) and hasattr(model, "feature_importance"):
                importance = model.feature_importance()
                recorder.log_json_table(importance, "feature_importance.json")
            return uri

        return self._record(record)

    def log_decision(
        self,
        frame: pd.DataFrame,
        *,
        kind: str | None = None,
        panel: Panel | None = None,
        fingerprint: str | None = None,
        model: LocalModel | str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """What was decided, with what it came from; `newretail_ml.tracking.decision` reads it back.

        Args:
            frame: a forecast's table, orders, a price list or slates.
            kind: forecast, orders, prices or slates; by default what the columns tell.
            panel: the data, if `log_data` does not tell it.
            fingerprint: of the tables behind it; by default a digest of the panel.
            model: that decided: what `newretail_ml.tracking.local_model` gave, or an address in
                this store. An alias is kept as the version that it names now.
            params: of the decision: rules, horizon, seed.

        Raises:
            DataError: it is no decision, has no rows, or there is no such model.
        """
        made = new_decision(frame, kind, panel, fingerprint, params)
        self._record(lambda recorder: record_decision(recorder, made, model))

    def log_table(self, frame: pd.DataFrame, file: str) -> None:
        """A table, by the ending of ``file``: .parquet, .csv, or .json, which MLflow's page shows.

        JSON has no dates: they come back as text.
        """
        suffix = Path(file).suffix
        if suffix not in (".parquet", ".csv", ".json"):
            raise DataError(
                f"a table cannot be written as {file!r}",
                next_step="End its name in .parquet, .csv or .json.",
            )
        if frame.index.name is not None:
            frame = frame.reset_index()
        if suffix == ".json":
            self._record(lambda recorder: recorder.log_json_table(frame, file))
        else:
            write = frame.to_csv if suffix == ".csv" else frame.to_parquet
            self._record(lambda recorder: _record_file(recorder, file, write))

    def log_file(self, path: str | Path, folder: str | None = None) -> None:
        """A file that a command wrote, put into a folder of the run."""
        self._record(lambda recorder: recorder.log_file(Path(path), folder))

    def log_figure(self, figure: Any, file: str) -> None:
        """A matplotlib figure, as .png, .svg or .pdf."""
        self._record(lambda recorder: recorder.log_figure(figure, file))

    def _record(self, record: Callable[[Recorder], _Answer]) -> _Answer | None:
        """What a tracker can do wrong is up to its storage, so any error of its is caught here."""
        if self._recorder is None or self.problem is not None:
            return None
        try:
            with asking(PATIENTLY):
                return record(self._recorder)
        except NewRetailError:
            raise
        except Exception as error:
            self.give_up(error, self._recorder.uri)
            return None

    def give_up(self, error: Exception, uri: str) -> None:
        """Go on without the tracker, unless it is required."""
        problem = tracking_error(error, uri)
        if self._required:
            raise problem from error
        self.problem = problem
        _log.debug("the tracker's own words", exc_info=error)
        _warn_once(f"The run goes on without a tracker. {problem}")

    def end(self, status: str) -> None:
        """Close the run: FINISHED, FAILED or KILLED. `run` does it by itself."""
        if self.problem is None:
            self._record(lambda recorder: recorder.end(status))
        elif self._recorder is not None:
            with suppress(Exception), asking(BRIEFLY):
                self._recorder.end("FAILED")


@cache
def _warn_once(message: str) -> None:
    _log.warning(message)


def _record_file(recorder: Recorder, file: str, write: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(file).name
        write(path)
        parent = Path(file).parent
        recorder.log_file(path, None if parent == Path() else parent.as_posix())
