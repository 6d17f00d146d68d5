"""``newretail forecast``: tables in, a table of forecasts out."""

from __future__ import annotations

from pathlib import Path

import click

from newretail_ml import forecasting as models_of
from newretail_ml.cli.options import SOURCE_HELP, Job, job_options, out_file
from newretail_ml.cli.output import check_table_path, write_table
from newretail_ml.forecast import DECILES, Forecast
from newretail_ml.forecasting import AutoForecaster, Forecaster
from newretail_ml.forecasting.standard import AUTO
from newretail_ml.panel import Panel
from newretail_ml.tracking import Run

MODEL_NAMES = tuple(models_of.standard_models(1))

one_model = click.option(
    "--model",
    "model_name",
    type=click.Choice(MODEL_NAMES),
    default=AUTO,
    show_default=True,
    help="auto combines models by their errors in a backtest inside the history.",
)


@click.command("forecast", epilog=SOURCE_HELP)
@job_options
@one_model
@click.option("--paths", is_flag=True, help="Write every sample path instead of quantiles.")
@out_file("Table of forecasts: .csv, .parquet or .json.")
def forecast_command(job: Job, model_name: str, paths: bool, out: Path) -> None:
    """Forecast demand, with its quantiles. One row for each series and period."""
    check_table_path(out)
    tables = job.tables()
    panel = job.panel(tables)
    with job.tracked("forecast", panel, tables, model=model_name) as run:
        model, forecast = made_forecast(job, panel, model_name, run)
        table = forecast.paths_frame() if paths else forecast.to_frame(DECILES)
        write_table(table, out)
        run.log_file(out)
    click.echo(f"{len(table):,} rows in {out}, by {model_words(model_name, model)}.")


def made_forecast(job: Job, panel: Panel, model_name: str, run: Run) -> tuple[Forecaster, Forecast]:
    """The fitted model and its forecast; both are tracked."""
    model = models_of.standard_models(job.horizon, job.seed, progress=job.progress)[model_name].fit(
        panel
    )
    forecast = model.forecast(job.horizon, random_state=job.seed)
    run.log_tags({"model": model_name, "why": model_words(model_name, model)})
    run.log_model(model, forecast)
    return model, forecast


def model_words(name: str, model: Forecaster) -> str:
    """The model by name, and what it has to say about itself."""
    notes = model.notes_ if isinstance(model, AutoForecaster) else []
    return ": ".join([name, *(["; ".join(notes)] if notes else [])])
