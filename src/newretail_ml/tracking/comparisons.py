"""How a comparison is kept by a tracker, so that it can be read from the tracker alone.

A run holds the question, the folds and which values are good ones; a run below it for each model
holds its means, and its values under ``by_fold/<metric>`` with the fold as the step.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting.judging.backtest import METRIC, VALUE
from newretail_ml.tracking.facts import MetricValue, finite_metrics, flattened
from newretail_ml.tracking.recorder import Recorder
from newretail_ml.tracking.scores import Scores

QUESTION: Final = "comparison.question"
DECIDES: Final = "comparison.metric"
BETTER: Final = "comparison.better"
FOLDS: Final = "comparison.folds"
FOLDS_DIGEST: Final = "comparison.folds_digest"
FOLDS_ARE: Final = "comparison.folds_are"
TIMES: Final = "times"
DRAWS: Final = "draws"
BEST: Final = "best_model"
BOUND: Final = "bound"
NOT_RUN: Final = "not_run"
BY_FOLD: Final = "by_fold/"
FINGERPRINT: Final = "data.fingerprint"
PAIRED_FILE: Final = "by_unit.parquet"
_LONGEST_WORDS = 2000


def comparison_facts(scores: Scores, question: str) -> dict[str, str]:
    """Question, folds, which values are good ones, and the best model, as tags."""
    words = [f"{number}: {label}" for number, label in scores.folds.items()]
    digest = hashlib.blake2b("\n".join(words).encode(), digest_size=8).hexdigest()
    usable = [name for name in scores.means().index if name not in scores.bounds]
    return {
        QUESTION: question[:_LONGEST_WORDS],
        DECIDES: scores.metric,
        BETTER: json.dumps(dict(scores.better)),
        FOLDS: ", ".join(scores.folds.values())[:_LONGEST_WORDS],
        FOLDS_DIGEST: digest,
        FOLDS_ARE: TIMES if scores.in_time else DRAWS,
        **({BEST: str(usable[0])} if usable else {}),
    }


def model_metrics(scores: Scores, model: str) -> list[MetricValue]:
    """The means of a model, and its values by fold; what is not known is left out."""
    rows = scores.by_fold[scores.by_fold[c.MODEL] == model]
    rows = rows[np.isfinite(rows[VALUE])]
    by_fold = [
        MetricValue(f"{BY_FOLD}{name}", float(value), int(fold))
        for name, value, fold in zip(rows[METRIC], rows[VALUE], rows[c.FOLD], strict=True)
    ]
    return [*finite_metrics(scores.means().loc[model].to_dict()), *by_fold]


def params_by_name(models: Mapping[str, Any] | None) -> dict[str, dict[str, str]]:
    """Parameters of models, or of mappings of them, as a tracker takes them."""
    return {name: _params_of(model) for name, model in (models or {}).items()}


def record_models(
    recorder: Recorder, scores: Scores, params: Mapping[str, Mapping[str, str]]
) -> None:
    """A run for each model below the run of the recorder."""
    for name in scores.means().index:
        child = recorder.begin_child(name)
        tags = {c.MODEL: name, **({BOUND: "true"} if name in scores.bounds else {})}
        child.log(params=params.get(name, {}), tags=tags, metrics=model_metrics(scores, name))
        child.end("FINISHED")
    for name, reason in scores.not_run.items():
        child = recorder.begin_child(name)
        child.log(params=params.get(name, {}), tags={c.MODEL: name, NOT_RUN: reason})
        child.end("FAILED")


def record_units(recorder: Recorder, scores: Scores) -> None:
    """Values of single series or customers, for tests of pairs over them."""
    if scores.paired.empty:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PAIRED_FILE
        scores.paired.to_parquet(path, index=False)
        recorder.log_file(path)


def record_comparison(
    recorder: Recorder,
    scores: Scores,
    question: str,
    params: Mapping[str, Mapping[str, str]],
    data: str | None,
) -> None:
    """All of a comparison; the run gets the means of the best model, and the leaderboard."""
    facts = comparison_facts(scores, question)
    record_models(recorder, scores, params)
    record_units(recorder, scores)
    board = scores.means()
    best = finite_metrics(board.loc[facts[BEST]].to_dict()) if BEST in facts else []
    tags = facts if data is None else {**facts, FINGERPRINT: data}
    recorder.log(tags=tags, metrics=best)
    recorder.log_json_table(board.reset_index(), "leaderboard.json")


def _params_of(model: object) -> dict[str, str]:
    if isinstance(model, Mapping):
        return flattened(model)
    read = getattr(model, "get_params", None)
    if not callable(read):
        raise DataError(
            f"a {type(model).__name__} tells no parameters",
            table="models",
            next_step="Pass a model with get_params, or a mapping of its parameters.",
        )
    return flattened(read())
