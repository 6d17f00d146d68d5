"""The --model option: a standard model by name, or one that was fitted and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from newretail_ml import forecasting as models_of
from newretail_ml import tracking
from newretail_ml.forecasting.standard import AUTO
from newretail_ml.jobs.models import SavedModel, StandardModel

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
    "runs:/... Over partitions, a standard model is fitted on each partition by itself.",
)


def chosen_model(address: str, store: str | None) -> SavedModel | StandardModel:
    """The model that --model names.

    Raises:
        DataError: there is no such saved model, or it is no forecaster.
        TrackingError: the tracker does not hold it.
    """
    if address in MODEL_NAMES:
        return StandardModel(address)
    if not address.startswith(_TRACKED):
        return SavedModel.of(Path(address), address)
    found = tracking.local_model(address, store, kind="forecaster")
    return SavedModel.of(found.path, found.uri, found.version)
