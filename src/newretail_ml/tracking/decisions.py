"""Decisions that can be traced: the table, and which data, model and parameters it came from."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.tracking.asking import asked, known_run
from newretail_ml.tracking.facts import flattened, panel_digest
from newretail_ml.tracking.local import LocalModel, resolved
from newretail_ml.tracking.outcomes.joining import kind_of
from newretail_ml.tracking.outcomes.result import KINDS
from newretail_ml.tracking.recorder import Recorder
from newretail_ml.tracking.store import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

FOLDER: Final = "decision"
_FINGERPRINT: Final = "data.fingerprint"
_LAST_DATE: Final = "data.last_date"
_DECISION: Final = "decision"
_TAGGED: Final = ("kind", "model", "model_version", "model_run")
_TABLE: Final = "table"


@dataclass(frozen=True, eq=False)
class Decision:
    """What was decided, and what it came from.

    Attributes:
        kind: forecast, orders, prices or slates.
        table: what was decided.
        fingerprint: of the data; None where the run does not tell.
        decided: last day of the data; None where the run does not tell.
        model: address of the very version; None where no saved model decided.
        model_version: number in the registry, or id of the model.
        model_run: the run that made the model.
        params: of the decision, nested ones as they were given.
        run_id: the run that logged it.
    """

    kind: str
    table: pd.DataFrame = field(repr=False)
    fingerprint: str | None = None
    decided: str | None = None
    model: str | None = None
    model_version: str | None = None
    model_run: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    run_id: str | None = None

    @property
    def words(self) -> str:
        """Where it came from, in a sentence."""
        by = f"by {self.model}" if self.model else "by no saved model"
        return (
            f"{self.kind}: {len(self.table):,} rows {by} on data {self.fingerprint or 'unknown'}"
            f" until {self.decided or 'an unknown day'} (run {self.run_id})"
        )


def new_decision(
    frame: pd.DataFrame,
    kind: str | None,
    panel: Panel | None,
    fingerprint: str | None,
    params: Mapping[str, Any] | None,
) -> Decision:
    """A decision that is about to be logged.

    Raises:
        DataError: it is no table, has no rows, or nobody says what it decides.
    """
    if not isinstance(frame, pd.DataFrame) or not len(frame):
        raise DataError("there is no decision to log", next_step="Pass a table with rows.")
    told = kind or kind_of(frame)
    if told not in KINDS:
        raise DataError(
            f"{told!r} is no kind of decision"
            if told
            else "the columns do not tell what it decides",
            next_step=f"Pass kind= one of {', '.join(KINDS)}.",
        )
    if panel is not None:
        fingerprint = fingerprint or panel_digest(panel)
    decided = None if panel is None else str(panel.last_date.date())
    return Decision(told, frame, fingerprint, decided, params=dict(params or {}))


def record_decision(recorder: Recorder, made: Decision, model: LocalModel | str | None) -> None:
    """The table, what it came from beside it, and tags to search runs by."""
    told = recorder.client.get_run(recorder.run_id).data.tags
    by = resolved(recorder.client, model) if isinstance(model, str) else model
    made = replace(
        made,
        fingerprint=made.fingerprint or told.get(_FINGERPRINT),
        decided=made.decided or told.get(_LAST_DATE),
        model=by.uri if by else None,
        model_version=by.version if by else None,
        model_run=by.run_id if by else None,
        run_id=recorder.run_id,
    )
    with tempfile.TemporaryDirectory() as folder:
        table, sheet = Path(folder) / f"{made.kind}.parquet", Path(folder) / f"{made.kind}.json"
        made.table.to_parquet(table)
        sheet.write_text(json.dumps(_facts(made), default=str, indent=1))
        recorder.log_file(table, FOLDER)
        recorder.log_file(sheet, FOLDER)
    recorder.log(tags=_tags(made))


def _facts(made: Decision) -> dict[str, Any]:
    """All but the table."""
    facts = {one.name: getattr(made, one.name) for one in fields(made)}
    return {name: value for name, value in facts.items() if name != _TABLE and value is not None}


def _tags(made: Decision) -> dict[str, str]:
    facts = _facts(made)
    own = {name: facts[name] for name in _TAGGED if name in facts}
    data = {_FINGERPRINT: made.fingerprint, _LAST_DATE: made.decided}
    return {
        **flattened({_DECISION: {**own, "params": dict(made.params)}}),
        **{name: value for name, value in data.items() if value is not None},
    }


def decision(run_id: str, *, kind: str | None = None, store: Store = None) -> Decision:
    """A decision that `Run.log_decision` logged, with what it came from.

    Args:
        run_id: the run.
        kind: forecast, orders, prices or slates, if the run logged several.
        store: a folder or a tracking URI, as in `newretail_ml.tracking.run`.

    Raises:
        DataError: there is no such run, or it logged no such decision; those that there are are
            named.
        TrackingError: the store cannot be read.
    """
    with asked(store) as client, tempfile.TemporaryDirectory() as folder:
        chosen = _chosen(run_id, _kinds(client, run_id), kind)
        file = f"{FOLDER}/{chosen}"
        table = pd.read_parquet(client.download_artifacts(run_id, f"{file}.parquet", folder))
        sheet = Path(client.download_artifacts(run_id, f"{file}.json", folder))
        facts = json.loads(sheet.read_text())
    known = {one.name for one in fields(Decision)} - {_TABLE}
    return Decision(table=table, **{name: facts[name] for name in known if name in facts})


def _chosen(run_id: str, logged: list[str], kind: str | None) -> str:
    if kind is None and len(logged) == 1:
        return logged[0]
    if kind in logged:
        return str(kind)
    raise DataError(
        f"run {run_id!r} logged {'no decision' if not logged else 'several decisions'}"
        if kind is None
        else f"run {run_id!r} logged no decision of kind {kind!r}",
        next_step=f"Choose from {', '.join(logged)} with kind=."
        if logged
        else "Log one with run.log_decision where it is made.",
    )


def _kinds(client: MlflowClient, run_id: str) -> list[str]:
    """Kinds of the decisions of a run."""
    known_run(client, run_id)
    files = [Path(one.path) for one in client.list_artifacts(run_id, FOLDER)]
    return sorted(file.stem for file in files if file.suffix == ".parquet")
