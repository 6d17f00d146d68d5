"""What came of a tracked decision, and how it is kept with its run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.tables.exact import EXACT
from newretail_ml.tracking.asking import asked, known_run
from newretail_ml.tracking.facts import finite_metrics
from newretail_ml.tracking.outcomes.happened import Happened
from newretail_ml.tracking.outcomes.joining import Decided, joined, kind_of
from newretail_ml.tracking.outcomes.result import Outcomes
from newretail_ml.tracking.recorder import Recorder
from newretail_ml.tracking.store import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

_READ = {".parquet": pd.read_parquet, ".csv": partial(pd.read_csv, **EXACT)}
_DECISIONS = "decision"
_LAST_DATE = "data.last_date"
_FREQUENCY = "data.frequency"


def outcomes(
    decision: pd.DataFrame | Forecast | Decided | str,
    happened: Happened,
    *,
    kind: str | None = None,
    decided: str | pd.Timestamp | None = None,
    periods: int | None = None,
    freq: str | None = None,
    file: str | None = None,
    log: bool = False,
    store: Store = None,
) -> Outcomes:
    """Join later sales to a decision: what was forecast, ordered, charged or shown, and what came.

    Days without stock are kept apart: they are no days without demand. See
    `newretail_ml.tracking.outcomes.forecasts` and its neighbours for the tables of each kind.

    Args:
        decision: a forecast (or its table), an order list, a price list, slates, what
            `newretail_ml.tracking.decision` gives, or the id of the tracked run that holds one.
        happened: tables, or a panel of the same series, with the later sales.
        kind: forecast, orders, prices or slates; by default what the columns tell.
        decided: the last day that was known; a tracked run tells it. Not needed of a forecast.
        periods: how many periods after it are looked at (14 for orders, 28 for prices, 28 days
            for slates).
        freq: "D", "W" or "M"; by default what the dates, the panel or the run tell.
        file: which of the run's tables, if it has several.
        log: keep the outcomes with the run: metrics by week, and tables.
        store: a folder or a tracking URI, as in `newretail_ml.tracking.run`.

    Raises:
        DataError: it is no decision, or nothing is known yet of what came of it.
        TrackingError: the store cannot be read or written.

    >>> from newretail_ml.panel import Panel
    >>> days = pd.date_range("2026-01-05", periods=14)
    >>> items = [f"tea {n}" for n in range(6)]
    >>> sold = pd.DataFrame({"item_id": [one for one in items for _ in days],
    ...                      "date": list(days) * 6, "units": [4, 5, 6, 5, 4, 6, 5] * 12})
    >>> forecast = sold[["item_id", "date"]].assign(mean=10.0)
    >>> found = outcomes(forecast, Panel.from_frame(sold))
    >>> found.by_week[["week", "bias", "biased"]].round(2).astype(str).values.tolist()
    [['2026-01-05', '1.0', 'True'], ['2026-01-12', '1.0', 'True']]
    """
    if not isinstance(decision, str):
        if log:
            raise DataError(
                "only outcomes of a tracked run can be logged with it",
                next_step="Pass the run's id, or log them with run.log_outcomes.",
            )
        return joined(decision, happened, kind, decided, periods, freq)
    with asked(store) as client:
        run = known_run(client, decision)
        table = _table(client, decision, kind, file)
        told = run.data.tags
        found = joined(
            table,
            happened,
            kind,
            decided or told.get(_LAST_DATE),
            periods,
            freq or told.get(_FREQUENCY),
        )
        if log:
            recorder = Recorder(client, "", run.info.experiment_id, decision)
            record_outcomes(recorder, found)
    return found


def record_outcomes(recorder: Recorder, found: Outcomes) -> None:
    """Figures as metrics, by week under the number of the week, and the tables."""
    metrics = finite_metrics(found.metrics())
    for week, values in found.metrics_by_week():
        metrics += finite_metrics(values, week)
    recorder.log(metrics=metrics)
    with tempfile.TemporaryDirectory() as folder:
        for name, table in _tables(found).items():
            path = Path(folder) / f"{found.kind}_{name}.parquet"
            table.to_parquet(path, index=False)
            recorder.log_file(path, "outcomes")


def _tables(found: Outcomes) -> Mapping[str, pd.DataFrame]:
    tables = {"table": found.table, "by_week": found.by_week, "lines": found.lines}
    return {name: table for name, table in tables.items() if len(table.columns)}


def _table(client: MlflowClient, run_id: str, kind: str | None, file: str | None) -> pd.DataFrame:
    """The table of the run that holds a decision."""
    files = [file] if file else _files(client, run_id)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in files:
            table = _read(client, run_id, name, folder)
            if file or ((told := kind_of(table)) is not None and kind in (None, told)):
                found[name] = table
    if len(found) == 1:
        return next(iter(found.values()))
    raise DataError(
        f"run {run_id!r} holds several decisions ({', '.join(found)})"
        if found
        else f"run {run_id!r} holds no table of {kind or 'a decision'}",
        next_step="Say which with kind= or file=."
        if found
        else "Log it with run.log_table(table, 'orders.parquet') where it is decided.",
    )


def _files(client: MlflowClient, run_id: str) -> list[str]:
    """Tables that were logged as decisions, or else all that a command wrote."""
    entries = list(client.list_artifacts(run_id))
    folders = [one.path for one in entries if one.is_dir and one.path != "outcomes"]
    if _DECISIONS in folders:
        entries, folders = [], [_DECISIONS]
    for folder in folders:
        entries += client.list_artifacts(run_id, folder)
    return [one.path for one in entries if PurePosixPath(one.path).suffix in _READ]


def _read(client: MlflowClient, run_id: str, file: str, folder: str) -> pd.DataFrame:
    from mlflow.exceptions import MlflowException

    suffix = PurePosixPath(file).suffix
    if suffix not in _READ:
        raise DataError(
            f"{file!r} cannot be read as a table", next_step="Name a .parquet or .csv file."
        )
    try:
        path = client.download_artifacts(run_id, file, folder)
    except (MlflowException, OSError):
        raise DataError(
            f"run {run_id!r} has no file {file!r}",
            next_step=f"Choose from {', '.join(_files(client, run_id)) or 'none: it has none'}.",
        ) from None
    table: pd.DataFrame = _READ[suffix](path)
    return table
