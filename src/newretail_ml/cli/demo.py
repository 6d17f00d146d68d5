"""``newretail demo``: the main job from end to end on the sample chain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml import plots
from newretail_ml.cli.backtest import write_backtest
from newretail_ml.cli.demo_decisions import loop_money, write_decisions
from newretail_ml.cli.forecast import made_forecast, model_words
from newretail_ml.cli.options import QUIET, SEED, TRACKING, Job
from newretail_ml.cli.output import check_folder_path, files_of, whole_folder, write_table
from newretail_ml.cli.summary import next_steps, summary_of
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import (
    AutoForecaster,
    Backtest,
    Forecaster,
    backtest,
    standard_models,
)
from newretail_ml.forecasting.standard import AUTO
from newretail_ml.panel import Panel
from newretail_ml.replenishment import order_up_to, state_from_tables
from newretail_ml.report import weekly_report
from newretail_ml.report.decisions import price_list, slates
from newretail_ml.tables import RetailTables
from newretail_ml.tracking import Run

P = ParamSpec("P")
T = TypeVar("T")

SAMPLE_FOLDER = Path("data/sample")
_HORIZON = 28
_LEAD_TIME, _REVIEW_PERIOD, _SERVICE_LEVEL = 5, 2, 0.95
_TERMS = (
    f"Lead time {_LEAD_TIME} days, next order in {_REVIEW_PERIOD}, no stock-out in "
    f"{_SERVICE_LEVEL:.0%} of cases"
)


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("out/demo"),
    metavar="FOLDER",
    help="Tables, plots and the summary.",
)
@SEED
@TRACKING
@QUIET
def demo_command(out: Path, seed: int, tracking: str | None, quiet: bool) -> None:
    """Run the main job on a sample chain.

    It tells what will sell, and what to order, to charge and to show.
    Then a small simulated chain lives on for four weeks, with these decisions and without.
    """
    check_folder_path(out)
    job = Job(
        source=str(SAMPLE_FOLDER),
        mapping=None,
        by=f"{c.ITEM},{c.LOCATION}",
        freq="D",
        until=None,
        most_sold=None,
        horizon=_HORIZON,
        seed=seed,
        tracking=tracking,
        quiet=quiet,
    )
    tables = _sample(job)
    panel = job.panel(tables)
    state = state_from_tables(tables, lead_time=_LEAD_TIME, review_period=_REVIEW_PERIOD)
    asked = {"lead_time": _LEAD_TIME, "review_period": _REVIEW_PERIOD}
    with job.tracked("demo", panel, tables, service_level=_SERVICE_LEVEL, **asked) as run:
        judged = _judged(job, panel, run)
        model, forecast = made_forecast(job, panel, AUTO, run)
        orders = order_up_to(forecast, state, service_level=_SERVICE_LEVEL)
        prices = _told(job, "prices", price_list, panel, tables, seed)
        shown = _told(job, "slates", slates, tables, seed)
        money = _told(job, "four weeks of a simulated chain", loop_money, seed)
        page = _told(
            job,
            "a page of the week",
            weekly_report,
            tables,
            forecast=forecast,
            orders=orders,
            prices=None if prices is None else prices.prices,
            slates=None if shown is None else shown.slates,
            lead_time=_LEAD_TIME,
            review_period=_REVIEW_PERIOD,
            progress=False,
        )
        words = model_words(AUTO, model)
        summary = summary_of(
            tables, panel, words, judged, forecast, orders, _TERMS, prices, shown, money
        )
        with whole_folder(out) as folder:
            _write(folder, tables, panel, judged, model, forecast, orders)
            write_decisions(folder, prices, shown, money)
            page.save(folder / "week.html")
            (folder / "summary.txt").write_text(f"{summary}\n", encoding="utf-8")
        for file in files_of(out):
            run.log_file(file)
    click.echo(f"\n{summary}\n")
    click.echo(next_steps(out, SAMPLE_FOLDER, run.link))


def _sample(job: Job) -> RetailTables:
    """The sample in the current folder; away from the repository it is made anew."""
    if SAMPLE_FOLDER.is_dir():
        return job.tables()
    from newretail_ml.world import SAMPLE, make_world

    job.say("There is no data/sample here, so the sample chain is made anew from its seed.")
    return make_world(SAMPLE).tables


def _told(job: Job, what: str, make: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """What a function makes, once the reader knows what is waited for."""
    job.say(f"Making {what} ...")
    return make(*args, **named)


def _judged(job: Job, panel: Panel, run: Run) -> Backtest:
    """The default beside two baselines, on the last weeks of history."""
    models = standard_models(job.horizon, job.seed, progress=job.progress)
    shown = {name: models[name] for name in (AUTO, "moving-average", "seasonal-naive")}
    result = backtest(
        shown,
        panel,
        horizon=job.horizon,
        folds=1,
        random_state=job.seed,
        progress=job.progress,
    )
    run.log_backtest(result, shown)
    return result


def _write(
    folder: Path,
    tables: RetailTables,
    panel: Panel,
    judged: Backtest,
    model: Forecaster,
    forecast: Forecast,
    orders: pd.DataFrame,
) -> None:
    (folder / "data_report.txt").write_text(f"{tables.report}\n", encoding="utf-8")
    write_table(forecast.to_frame(), folder / "forecast.parquet")
    write_table(orders, folder / "orders.csv")
    write_backtest(judged, folder)
    busiest = int(np.argmax(forecast.mean().sum(axis=1)))
    plots.fan_chart(panel, forecast, busiest).savefig(folder / "forecast.png")
    plots.orders_chart(orders).savefig(folder / "orders.png")
    learned = model.trees if isinstance(model, AutoForecaster) else None
    if learned is not None:
        importance = learned.feature_importance()
        plots.importance_chart(importance).savefig(folder / "importance.png")
