"""Any standard model on a sample of a chain that memory takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from newretail_ml.errors import DataError
from newretail_ml.forecasting import Forecaster
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.together import lines_in, put_together
from newretail_ml.tables import RetailTables
from newretail_ml.tables.whole_folder import hidden_beside


def fit_on_sample(
    model: Forecaster, series: SeriesOf, taken: Sequence[Path], work: Path
) -> tuple[Forecaster, str]:
    """The model, fitted on some partitions together, and in words on how much.

    Args:
        model: not fitted yet.
        series: what a series is.
        taken: the partitions, which memory takes all at once.
        work: folder in which their tables are put together.

    Raises:
        DataError: nothing was sold in them, or history is too short.
    """
    with hidden_beside(work / "sample") as aside:
        folder = taken[0]
        if len(taken) > 1:
            folder = aside / "tables"
            folder.mkdir()
            put_together(taken, folder)
        panel, _ = series.panel(RetailTables.read(folder))
    if panel is None:
        raise DataError(
            "nothing was sold in the sample",
            table="orders",
            next_step="Use fewer partitions, or allow more order lines (--fit-rows).",
        )
    lines = sum(map(lines_in, taken))
    return model.fit(panel), f"{panel.n_series:,} series with {lines:,} order lines"
