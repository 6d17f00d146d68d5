"""The leaderboard of tracked runs, from the tracking server alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.tracking.asking import asked
from newretail_ml.tracking.comparisons import QUESTION
from newretail_ml.tracking.judged import (
    Ground,
    JudgedModel,
    experiments,
    identity,
    judged_models,
)
from newretail_ml.tracking.leaderboard import RUN, Leaderboard, ranked
from newretail_ml.tracking.scores import Better, check_better
from newretail_ml.tracking.store import Store
from newretail_ml.tracking.units import OverUnits, Units

if TYPE_CHECKING:
    from mlflow import MlflowClient

STARTED = "started"
_Apart = list[tuple[JudgedModel, str]]


def compare(
    experiment: str,
    *,
    metric: str | None = None,
    better: Better | None = None,
    run: str | None = None,
    store: Store = None,
) -> Leaderboard:
    """Tracked models side by side: mean, error over folds, paired difference to the best.

    Side by side are those that were judged on the same data (by fingerprint and series) and on
    the same folds, whichever comparison they belong to; of a model that was judged again with
    the same parameters, the newest run. All others are listed apart, with the reason.

    Args:
        experiment: whose runs.
        metric: to rank by; by default the one that decides in the newest comparison.
        better: "lower", "higher", or the number to be near to, if the runs do not tell.
        run: id of a comparison, or of a model's run, whose data and folds are asked for; by
            default the newest.
        store: a folder or a tracking URI, as in `newretail_ml.tracking.run`.

    Raises:
        DataError: there is no such experiment, run, metric, or nothing to compare.
        TrackingError: the store cannot be read.
    """
    with asked(store) as client:
        return _board(client, experiment, judged_models(client, experiment), metric, better, run)


def compare_all(
    *, metric: str | None = None, better: Better | None = None, store: Store = None
) -> list[Leaderboard]:
    """The leaderboard of each experiment that has one; the arguments are those of `compare`.

    Raises:
        DataError: no experiment has a leaderboard; the reason of each is said.
    """
    found, reasons = [], {}
    with asked(store) as client:
        for name in experiments(client):
            try:
                found.append(
                    _board(client, name, judged_models(client, name), metric, better, None)
                )
            except DataError as error:
                reasons[name] = str(error)
    if not found:
        told = " ".join(reasons.values()) or "It has no runs."
        raise DataError(
            "the store has nothing to compare",
            next_step=f"Run `newretail backtest`, or name another store. {told}",
        )
    return found


def _board(
    client: MlflowClient,
    experiment: str,
    judged: Sequence[JudgedModel],
    metric: str | None,
    better: Better | None,
    run: str | None,
) -> Leaderboard:
    asked_of = _newest(judged, metric, run)
    chosen = metric or _deciding(asked_of)
    together, apart = _sorted_out(judged, asked_of.ground, chosen)
    values = _values(client, together, chosen)
    number = values.notna().sum(axis=1)
    partly = {name: f"{n} of {values.shape[1]} folds have {chosen}" for name, n in number.items()}
    whole = number[number == values.shape[1]].index
    apart += [(one, partly[name]) for name, one in together.items() if name not in whole]
    good = _better(chosen, better, asked_of)
    by_fold = ranked(values.loc[whole], good)
    return Leaderboard(
        experiment=experiment,
        question=asked_of.around.get(QUESTION, "which model is best?"),
        metric=chosen,
        better=good,
        in_time=asked_of.in_time,
        data=asked_of.ground.data,
        folds=asked_of.ground.folds,
        by_fold=by_fold,
        runs={name: one.run_id for name, one in together.items()},
        bounds=tuple(name for name, one in together.items() if one.is_bound),
        over_units=_over_units(Units(client, chosen, good), together, list(by_fold.index)),
        apart=_apart_table(apart),
    )


def _newest(judged: Sequence[JudgedModel], metric: str | None, run: str | None) -> JudgedModel:
    """The newest model that was judged by the metric, of the comparison that is asked for."""
    of_run = [one for one in judged if run is None or run in (one.run_id, one.comparison)]
    if not of_run:
        raise DataError(
            f"run {run!r} judged no model of this experiment",
            next_step="Pass the id of a comparison, as MLflow's page or the table tells it.",
        )
    sound = [one for one in of_run if not one.trouble]
    if not sound:
        told = "; ".join(f"{one.model}: {one.trouble}" for one in of_run[:3])
        raise DataError(
            f"no run can be compared ({told})",
            next_step="Judge models on folds with `newretail backtest`, or log them with "
            "run.log_comparison.",
        )
    known = [one for one in sound if metric is None or metric in one.metrics]
    if not known:
        names = sorted({name for one in sound for name in one.metrics})
        raise DataError(
            f"no run has {metric!r} by fold", next_step=f"Choose from {', '.join(names)}."
        )
    return known[0]


def _deciding(judged: JudgedModel) -> str:
    if judged.decides is None:
        raise DataError(
            "the runs do not say which metric decides",
            next_step=f"Name one with --metric: {', '.join(judged.metrics)}.",
        )
    return judged.decides


def _better(metric: str, better: Better | None, judged: JudgedModel) -> Better:
    if better is None:
        better = judged.better.get(metric)
    if better is None:
        raise DataError(
            f"the runs do not say which values of {metric} are good ones",
            next_step="Say it with --better (better= in Python): lower, higher, or the number to "
            "be near to.",
        )
    check_better(metric, better)
    return better


def _sorted_out(
    judged: Iterable[JudgedModel], ground: Ground, metric: str
) -> tuple[dict[str, JudgedModel], _Apart]:
    """Those that can be set side by side, by name, and the others with the reason."""
    together: list[JudgedModel] = []
    apart: _Apart = []
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for one in judged:
        same = (one.model, identity(one.params))
        reason = one.ground.difference(ground) or _not_usable(one, metric)
        if not reason and same in seen:
            reason = "the same model was judged again later"
        if reason:
            apart.append((one, reason))
        else:
            seen.add(same)
            together.append(one)
    often = Counter(one.model for one in together)
    return {
        one.model if often[one.model] == 1 else f"{one.model} ({one.run_id[:8]})": one
        for one in together
    }, apart


def _not_usable(judged: JudgedModel, metric: str) -> str:
    if judged.trouble or metric in judged.metrics:
        return judged.trouble
    return f"it has no {metric} by fold"


def _values(client: MlflowClient, judged: dict[str, JudgedModel], metric: str) -> pd.DataFrame:
    rows = {name: one.values(client, metric) for name, one in judged.items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table[sorted(table.columns)]


def _over_units(
    units: Units, judged: dict[str, JudgedModel], names: list[str]
) -> dict[str, OverUnits]:
    """Each model against the best one that is no bound."""
    usable = [name for name in names if not judged[name].is_bound]
    return {name: units.compared(judged[name], judged[usable[0]]) for name in usable[1:]}


def _apart_table(apart: _Apart) -> pd.DataFrame:
    rows = [
        (one.model, one.run_id, pd.Timestamp(one.started, unit="ms"), reason)
        for one, reason in apart
    ]
    return pd.DataFrame(rows, columns=[c.MODEL, RUN, STARTED, c.REASON])
