"""What a tracked run is told of comparisons, and of what came of decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pandas as pd

from newretail_ml.forecasting import Backtest, Forecaster
from newretail_ml.tracking import comparisons, facts
from newretail_ml.tracking.outcomes import Outcomes
from newretail_ml.tracking.outcomes.asking import record_outcomes
from newretail_ml.tracking.recorder import Recorder
from newretail_ml.tracking.scores import Better
from newretail_ml.tracking.scores_of import Comparable, scores_of

_Answer = TypeVar("_Answer")


class Comparing:
    """The part of a `Run` that logs comparisons of models, and outcomes."""

    def _record(self, record: Callable[[Recorder], _Answer]) -> _Answer | None:
        """Tell the tracker, if there is one."""
        raise NotImplementedError

    def log_backtest(
        self, backtest: Backtest, models: Mapping[str, Forecaster] | None = None
    ) -> None:
        """A run below this one for each model, with the same names of metrics, to compare.

        Each holds the means of its metrics, and under ``by_fold/`` their values by fold. A model
        that could not be judged gets a failed run with the reason. This run gets the leaderboard
        as a table, and the means of the best model.

        Args:
            backtest: what it found.
            models: the models by name, for their parameters.
        """
        scores = scores_of(backtest)
        params = comparisons.params_by_name(models)

        def record(recorder: Recorder) -> None:
            comparisons.record_comparison(recorder, scores, "Which forecast is best?", params, None)
            recorder.log(tags=facts.backtest_facts(backtest))

        self._record(record)

    def log_comparison(
        self,
        scores: Comparable,
        *,
        question: str,
        better: Mapping[str, Better] | None = None,
        models: Mapping[str, Any] | None = None,
        paired: pd.DataFrame | None = None,
        bounds: Sequence[str] = (),
        data: str | None = None,
    ) -> None:
        """Any comparison of models on the same folds: a run below this one for each model.

        `newretail_ml.tracking.compare` reads the leaderboard from them.

        Args:
            scores: a table of model, fold, metric, value (and cut: what the fold is, a date or
                words); or a Backtest, a PriceBacktest, a Judgement of recommenders, a Replay, or
                replays by name on the same demand. A fold is a cut in time, the seed of a world,
                a path of demand: what all models are judged on.
            question: that it answers, in a sentence.
            better: by metric "lower", "higher", or the number to be near to; the first decides.
                Only for a table.
            models: by name, for their parameters: models, or mappings of parameters.
            paired: model, fold, unit (a series, a customer), metric, value, and weight if they
                differ: sum(value) / sum(weight) is the value of a fold. Only for a table.
            bounds: models that know what nobody can know, shown and never the best.
            data: fingerprint of the data, if `log_data` does not tell it. Comparisons are set
                side by side where it and the folds are the same.

        Raises:
            DataError: the table, or what is said of it, is wrong.
        """
        found = scores_of(scores, better, paired, bounds)
        params = comparisons.params_by_name(models)
        self._record(
            lambda recorder: comparisons.record_comparison(recorder, found, question, params, data)
        )

    def log_outcomes(self, found: Outcomes) -> None:
        """What came of a decision: metrics by week under ``outcomes/``, and the tables."""
        self._record(lambda recorder: record_outcomes(recorder, found))
