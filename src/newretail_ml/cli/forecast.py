"""``newretail forecast``: tables in, a table of forecasts out."""

from __future__ import annotations

from pathlib import Path

import click

from newretail_ml import forecasting as models_of
from newretail_ml.cli.options import SOURCE_HELP, Job, job_options, out_file
from newretail_ml.cli.output import check_table_path, write_table
from newretail_ml.forecast import DECILES, Forecast
from newretail_ml.forecasting import Selection, select_model
from newretail_ml.panel import Panel
from newretail_ml.tracking import Run

AUTO = "auto"
MODEL_NAMES = tuple(models_of.standard_models(1))

one_model = click.option(
    "--model",
    "model_name",
    type=click.Choice([AUTO, *MODEL_NAMES]),
    default=AUTO,
    help="auto: the best in a backtest inside the history.",
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
        selection, forecast = made_forecast(job, panel, model_name, run)
        table = forecast.paths_frame() if paths else forecast.to_frame(DECILES)
        write_table(table, out)
        run.log_file(out)
    click.echo(f"{len(table):,} rows in {out}, by {selection.name}: {selection.why}.")


def made_forecast(job: Job, panel: Panel, model_name: str, run: Run) -> tuple[Selection, Forecast]:
    """The model asked for, or the best one, and its forecast; both are tracked."""
    selection = chosen(job, panel, model_name)
    forecast = selection.model.forecast(job.horizon, random_state=job.seed)
    run.log_tags({"model": selection.name, "why": selection.why})
    if selection.backtest is not None:
        run.log_backtest(selection.backtest, models_of.standard_models(job.horizon, job.seed))
    run.log_model(selection.model, forecast)
    return selection, forecast


def chosen(job: Job, panel: Panel, model_name: str) -> Selection:
    """The model asked for, or the best one, fitted."""
    models = models_of.standard_models(job.horizon, job.seed)
    if model_name != AUTO:
        model = models[model_name].fit(panel)
        return Selection(model_name, model, None, "as asked for")
    selection = select_model(
        models, panel, horizon=job.horizon, random_state=job.seed, progress=job.progress
    )
    if selection.backtest is not None:
        for name, reason in selection.backtest.not_run.items():
            job.say(f"{name} was not judged: {reason}")
    return selection
