"""``newretail forecast``: tables in, a table of forecasts out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from newretail_ml.cli.batch import Parts, batch_options, run_tracked, told
from newretail_ml.cli.models import MODEL_NAMES, Fit, chosen_model, fit_options, one_model
from newretail_ml.cli.options import SOURCE_HELP, Job, job_options, target_option
from newretail_ml.cli.output import check_table_path, write_table
from newretail_ml.forecast import DECILES, Forecast
from newretail_ml.forecasting import AutoForecaster, Forecaster
from newretail_ml.jobs import Batch, Manifest
from newretail_ml.jobs.blocks import blocks_of
from newretail_ml.jobs.demand import Demand
from newretail_ml.jobs.forecast import ForecastTask
from newretail_ml.jobs.models import StandardModel
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.targets import shown_target
from newretail_ml.panel import Panel
from newretail_ml.tracking import Run

__all__ = ["MODEL_NAMES", "forecast_command", "made_forecast", "model_words", "one_model"]


@click.command("forecast", epilog=SOURCE_HELP)
@job_options
@one_model
@fit_options
@click.option("--paths", is_flag=True, help="Write every sample path instead of quantiles.")
@batch_options
@target_option("Table of forecasts: .csv, .parquet or .json")
def forecast_command(
    job: Job, model_name: str, fit: Fit, paths: bool, parts: Parts, out: str
) -> None:
    """Forecast demand, with its quantiles. One row for each series and period."""
    fit.check(partitions=parts.wanted(out))
    if parts.wanted(out):
        _over_partitions(job, model_name, fit, paths, parts, out)
        return
    file = Path(out)
    check_table_path(file)
    tables = job.tables()
    panel = job.panel(tables)
    with job.tracked("forecast", panel, tables, model=model_name) as run:
        model, forecast = made_forecast(job, panel, model_name, run)
        table = forecast.paths_frame() if paths else forecast.to_frame(DECILES)
        write_table(table, file)
        run.log_file(file)
        if not paths:
            run.log_decision(table, panel=panel, fingerprint=tables.fingerprint)
    click.echo(f"{len(table):,} rows in {file}, by {model_words(model_name, model)}.")


def _over_partitions(
    job: Job, model_name: str, fit: Fit, paths: bool, parts: Parts, out: str
) -> None:
    task = ForecastTask(demand_of(job, model_name, fit, parts, job.horizon), paths)
    manifest = run_tracked(
        task,
        batch_of(job, parts, out),
        prepare=task.prepared,
        store=job.tracking,
        params={
            **asdict(job),
            **parts.asked(),
            **asdict(fit),
            "model": model_name,
            "paths": paths,
        },
        say=job.say,
    )
    click.echo(told_rows(manifest, out, model_name))


def told_rows(manifest: Manifest, out: str, model_name: str) -> str:
    """How many rows are where, and by which model."""
    fitted = f", fitted {manifest.facts['model']['fitted']}" if model_name in MODEL_NAMES else ""
    return f"{manifest.rows_out:,} rows in {shown_target(out)}, by {model_name}{fitted}."


def demand_of(job: Job, model_name: str, fit: Fit, parts: Parts, horizon: int) -> Demand:
    """What a job over partitions forecasts."""
    if job.most_sold is not None:
        raise click.UsageError("--most-sold looks at the whole chain: leave --partitions out.")
    series = SeriesOf(job.keys, job.freq, job.until, blocks_of(parts.count))
    return Demand(series, chosen_model(model_name, job.tracking, fit), horizon, job.seed)


def batch_of(job: Job, parts: Parts, out: str) -> Batch:
    """From where to where, and who works."""
    return Batch(
        job.source,
        out,
        mapping=job.mapping,
        partitions=parts.count,
        engine=parts.works(),
        work=parts.work,
        manifest=parts.manifest,
        leave_out=("customers",),
        progress=told(job.say),
    )


def made_forecast(job: Job, panel: Panel, model_name: str, run: Run) -> tuple[Forecaster, Forecast]:
    """The fitted model and its forecast; both are tracked."""
    chosen = chosen_model(model_name, job.tracking)
    if isinstance(chosen, StandardModel):
        model = chosen.make(job.horizon, job.seed, progress=job.progress).fit(panel)
        forecast = model.forecast(job.horizon, random_state=job.seed)
        run.log_model(model, forecast)
    else:
        model = chosen.load()
        forecast = model.forecast(job.horizon, panel=panel, random_state=job.seed)
        run.log_tags({"model_version": chosen.version, "model_digest": chosen.digest})
    run.log_tags({"model": model_name, "why": model_words(model_name, model)})
    return model, forecast


def model_words(name: str, model: Forecaster) -> str:
    """The model by name, and what it has to say about itself."""
    notes = model.notes_ if isinstance(model, AutoForecaster) else []
    return ": ".join([name, *(["; ".join(notes)] if notes else [])])
