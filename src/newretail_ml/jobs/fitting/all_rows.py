"""LightGBM on all rows of a chain, which never are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from newretail_ml.errors import DataError
from newretail_ml.forecasting import Forecaster, LightGBMForecaster
from newretail_ml.forecasting.paths import past_origins
from newretail_ml.forecasting.trees.enough import check_history
from newretail_ml.forecasting.trees.recipes import recipe_of
from newretail_ml.forecasting.trees.rows import training_pairs
from newretail_ml.forecasting.trees.training import TrainingRows
from newretail_ml.jobs.fitting.panels import joined, unpacked
from newretail_ml.jobs.fitting.rows import DonorsTask, RowsTask
from newretail_ml.jobs.fitting.survey import Survey, SurveyTask
from newretail_ml.jobs.groups import GroupDemand, groups_in
from newretail_ml.jobs.running import Stage
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.panel import Panel


def fit_on_all(
    model: LightGBMForecaster, series: SeriesOf, stage: Stage
) -> tuple[Forecaster, str, Sequence[Path]]:
    """The model, fitted on rows of all partitions, in words on how much, and the files of these.

    Partitions are read four times: to count series, to add up groups, for the series that are
    looked back on, and for the rows, which are written to files. The driver reads those chunk by
    chunk into LightGBM's bins. Its memory is, in bytes,

        (rows + early) x (3 x features + 70) + donors x periods x 17 + 400 MB

    with rows at most ``model.max_rows``, and early, of which trees are told when to stop, at most
    1.25 million of them: LightGBM keeps bins of one byte a value, those of usable rows once more,
    and these row by row for its histograms; 70 are labels, scores and gradients.
    A worker holds rows / partitions x features x 12 bytes besides its partition; files take
    rows x features x 4 bytes of disk, and may be removed once the model is saved.

    Args:
        model: not fitted yet.
        series: what a series is.
        stage: partitions, and who works on them.

    Raises:
        DataError: history is too short, or there are too many series for so few rows.
    """
    survey = Survey.of(stage.run(SurveyTask(series)).results)
    check_history(survey.panel, model.horizon)
    check_reach(model, survey.panel, survey.n_series)
    recipe = recipe_of(model.recipe, survey.panel).fixed(survey.panel)
    groups = GroupDemand.counted(stage, series, groups_in(recipe))
    donors = _donors(model, series, stage, survey, groups)
    made = stage.run(RowsTask(series, model, recipe, survey.n_series, groups))
    rows = TrainingRows.in_files(made.results, recipe.names)
    model.fit_rows(rows, recipe, donors, survey.n_series)
    words = f"{len(rows.target):,} rows of all {survey.n_series:,} series"
    return model, words, made.results


def check_reach(model: LightGBMForecaster, panel: Panel, n_series: int) -> None:
    """Refuse so few rows that more periods are held out than are left to learn from.

    Args:
        model: says how many rows there may be.
        panel: some of the series.
        n_series: how many there are.

    Raises:
        DataError: of all series together there are too few.
    """
    origins = past_origins(panel, model.horizon, n_series=n_series)
    wanted = min(2 * (panel.cut - int(origins[0])), panel.cut - 1) if len(origins) else 1
    needed = next(
        pairs for pairs in range(1, panel.cut + 1) if _reach(model, panel, pairs) >= wanted
    )
    if model.max_rows < needed * n_series:
        raise DataError(
            f"{model.max_rows:,} rows are too few for {n_series:,} series: {wanted} periods of "
            "each are needed, half of them to see how far forecasts went astray",
            next_step=f"Allow {needed * n_series:,} rows (--fit-rows), or fit on a sample.",
        )


def _reach(model: LightGBMForecaster, panel: Panel, pairs: int) -> int:
    """Periods that the rows of a series go back, if it has so many."""
    targets, _ = training_pairs(
        panel.cut,
        1,
        model.horizon,
        season=panel.periods.season,
        per_period=model.rows_per_period,
        max_rows=pairs,
    )
    return panel.cut - int(targets.min())


def _donors(
    model: LightGBMForecaster,
    series: SeriesOf,
    stage: Stage,
    survey: Survey,
    groups: GroupDemand | None,
) -> Panel:
    task = DonorsTask(series, survey.firsts(), survey.n_series, model.n_donors, model.random_state)
    panel = joined(list(unpacked(stage.run(task).results)))
    return panel if groups is None else replace(panel, group_demand=groups.read())
