"""A standard model that is fitted once for all partitions, and found again by the next run."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from newretail_ml.forecasting import Forecaster, LightGBMForecaster
from newretail_ml.jobs.fitting.all_rows import fit_on_all
from newretail_ml.jobs.fitting.sample import fit_on_sample
from newretail_ml.jobs.manifest import digest_of
from newretail_ml.jobs.models import SAMPLE, SavedModel, StandardModel
from newretail_ml.jobs.running import Stage
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.together import first_of, lines_in
from newretail_ml.jobs.work import remove_folder
from newretail_ml.tables.whole_folder import whole_folder

_MODEL, _WORDS = "model.pkl", "fitted.txt"


def fitted_once(
    model: StandardModel, series: SeriesOf, horizon: int, seed: int, stage: Stage
) -> SavedModel:
    """The model, fitted on a sample or on all rows, in the work folder.

    The model of the same partitions and arguments is taken from where an earlier run left it.

    Args:
        model: which, and what it learns from.
        series: what a series is.
        horizon: periods.
        seed: of the model.
        stage: partitions, and who works on them.

    Raises:
        DataError: there is too little to learn from.
    """
    parts = list(stage.partitions)
    if model.fit == SAMPLE:
        taken = set(first_of([part.folder for part in parts], model.rows))
        parts = [part for part in parts if part.folder in taken]
    asked = (version("newretail-ml"), model.facts(), series.facts(), horizon, seed)
    key = digest_of(*asked, [part.digest for part in parts])
    place = stage.work / "model" / f"{model.name}-{key}"
    if not place.is_dir():
        made = model.make(horizon, seed)
        folders = [part.folder for part in parts]
        learned, words, used = _fitted(model, made, series, folders, stage)
        total = sum(lines_in(part.folder) for part in stage.partitions)
        with whole_folder(place) as folder:
            learned.save(folder / _MODEL)
            (folder / _WORDS).write_text(f"once, on {words}, of {total:,} order lines")
        for file in used:
            remove_folder(file.parent)
    words = (place / _WORDS).read_text()
    return SavedModel(place / _MODEL, model.name, None, key, fitted=words)


def _fitted(
    model: StandardModel, made: Forecaster, series: SeriesOf, taken: list[Path], stage: Stage
) -> tuple[Forecaster, str, Sequence[Path]]:
    """The model, in words on how much it was fitted, and files that it needs no longer."""
    if model.fit == SAMPLE:
        return *fit_on_sample(made, series, taken, stage.work), ()
    assert isinstance(made, LightGBMForecaster)  # noqa: S101
    made.max_rows = model.rows
    return fit_on_all(made, series, stage)
