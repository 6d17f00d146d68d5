"""The --model option: a standard model by name, or one that was fitted and saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from newretail_ml import forecasting as models_of
from newretail_ml import tracking
from newretail_ml.forecasting.standard import AUTO
from newretail_ml.jobs.models import ALL, EACH, FITS, SAMPLE, SavedModel, StandardModel

MODEL_NAMES = tuple(models_of.standard_models(1))
_TRACKED = ("models:/", "runs:/")


class ModelAddress(click.Choice):
    """The name of a standard model, a file, or an address in the tracker."""

    name = "model"

    def __init__(self) -> None:
        super().__init__(MODEL_NAMES)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002
        """As the help shows it."""
        return f"[{'|'.join(MODEL_NAMES)}|ADDRESS]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text itself, if it may be an address."""
        if value.startswith(_TRACKED) or Path(value).exists():
            return str(value)
        return str(super().convert(value, param, ctx))


one_model = click.option(
    "--model",
    "model_name",
    type=ModelAddress(),
    default=AUTO,
    show_default=True,
    help="auto combines models by their errors in a backtest inside the history. Or the ADDRESS "
    "of a fitted forecaster: a file of model.save, models:/name@champion, models:/m-... or "
    "runs:/...",
)


@dataclass(frozen=True)
class Fit:
    """What a standard model learns from where a job runs over partitions."""

    fit: str | None = None
    fit_rows: int | None = None

    def check(self, *, partitions: bool) -> None:
        """Refuse what does not go together."""
        if not partitions and (self.fit or self.fit_rows):
            raise click.UsageError("Without --partitions a model is fitted on all series, once.")
        if self.fit_rows and self.fit not in (SAMPLE, ALL):
            raise click.UsageError("--fit-rows needs --fit sample or --fit all.")


_FIT_OPTIONS = [
    click.option(
        "--fit",
        type=click.Choice(FITS),
        help="Over partitions, fit a standard model on each by itself; or once, on a sample of "
        "whole series or (lightgbm alone) on rows of all, and forecast every partition by it.  "
        "[default: each]",
    ),
    click.option(
        "--fit-rows",
        type=click.IntRange(min=1),
        metavar="N",
        help="What memory takes: most order lines of a sample [default: 1,000,000], or most rows "
        "that --fit all learns from [default: 10,000,000, which take about 2 GB].",
    ),
]


def fit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a fit over partitions, handed over as one `Fit`."""

    @wraps(command)
    def with_fit(*arguments: Any, fit: str | None, fit_rows: int | None, **given: Any) -> None:
        command(*arguments, fit=Fit(fit, fit_rows), **given)

    decorated: Callable[..., None] = with_fit
    for option in reversed(_FIT_OPTIONS):
        decorated = option(decorated)
    return decorated


def chosen_model(
    address: str, store: str | None, fit: Fit | None = None
) -> SavedModel | StandardModel:
    """The model that --model names.

    Args:
        address: a name, a file, or an address in the tracker.
        store: of the tracker.
        fit: what a standard model learns from, where there are partitions.

    Raises:
        UsageError: a saved model was to be fitted.
        DataError: there is no such saved model, or it is no forecaster.
        TrackingError: the tracker does not hold it.
    """
    fit = fit or Fit()
    if address in MODEL_NAMES:
        return StandardModel(address, fit.fit or EACH, fit.fit_rows)
    if fit.fit is not None:
        raise click.UsageError(f"{address} is fitted already: leave --fit out.")
    if not address.startswith(_TRACKED):
        return SavedModel.of(Path(address), address)
    found = tracking.local_model(address, store, kind="forecaster")
    return SavedModel.of(found.path, found.uri, found.version)
