"""``newretail demo``: the main job from end to end on the sample chain."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml import plots
from newretail_ml.cli.backtest import write_backtest
from newretail_ml.cli.forecast import AUTO, made_forecast
from newretail_ml.cli.options import Job
from newretail_ml.cli.orders import order_summary
from newretail_ml.cli.output import whole_folder, write_table
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import Backtest, Selection
from newretail_ml.panel import Panel
from newretail_ml.replenishment import order_up_to, state_from_tables
from newretail_ml.tables import RetailTables

SAMPLE_FOLDER = Path("data/sample")
_HORIZON = 28
_LEAD_TIME, _REVIEW_PERIOD, _SERVICE_LEVEL = 5, 2, 0.95


@click.command("demo")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), metavar="FOLDER")
@click.option("--seed", type=int, default=0)
@click.option("--tracking", metavar="URI", help="As in the other commands.")
@click.option("--quiet", is_flag=True)
def demo_command(out: Path, seed: int, tracking: str | None, quiet: bool) -> None:
    """Forecast the sample chain, decide what to order, and show what came of it."""
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
    with whole_folder(out) as folder:
        with job.tracked("demo", panel, tables) as run:
            selection, forecast = made_forecast(job, panel, AUTO, run)
            orders = order_up_to(forecast, state, service_level=_SERVICE_LEVEL)
            _write(folder, tables, panel, selection, forecast, orders)
            for path in sorted(folder.glob("*.*")):
                run.log_file(path)
        summary = _summary(tables, panel, selection, forecast, orders)
        (folder / "summary.txt").write_text(summary + "\n")
    click.echo(summary)
    click.echo(_next_steps(out, run.link))


def _sample(job: Job) -> RetailTables:
    """The sample in the current folder; away from the repository it is made anew."""
    if SAMPLE_FOLDER.is_dir():
        return job.tables()
    from newretail_ml.world import SAMPLE, make_world

    job.say("There is no data/sample here, so the sample chain is made anew from its seed.")
    return make_world(SAMPLE).tables


def _write(
    folder: Path,
    tables: RetailTables,
    panel: Panel,
    selection: Selection,
    forecast: Forecast,
    orders: pd.DataFrame,
) -> None:
    (folder / "data_report.txt").write_text(f"{tables.report}\n")
    write_table(forecast.to_frame(), folder / "forecast.parquet")
    write_table(orders, folder / "orders.csv")
    if selection.backtest is not None:
        write_backtest(selection.backtest, folder)
    busiest = int(np.argmax(forecast.mean().sum(axis=1)))
    plots.fan_chart(panel, forecast, busiest).savefig(folder / "forecast.png")
    plots.orders_chart(orders).savefig(folder / "orders.png")
    if hasattr(selection.model, "feature_importance"):
        importance = selection.model.feature_importance()
        plots.importance_chart(importance).savefig(folder / "importance.png")


def _summary(
    tables: RetailTables,
    panel: Panel,
    selection: Selection,
    forecast: Forecast,
    orders: pd.DataFrame,
) -> str:
    chain = forecast.paths.sum(axis=(0, 2), dtype=np.float64)
    low, high = np.quantile(chain, [0.1, 0.9])
    top = orders.nlargest(5, c.UNITS)[[c.ITEM, c.LOCATION, c.ON_HAND, "expected_demand", c.UNITS]]
    lines = [
        "",
        f"The chain      {len(tables.orders):,} order lines; {panel!r}",
        f"Stock-outs     {panel.censored[panel.on_sale()].mean():.1%} of item-days ended without "
        "stock: their sales only bound demand, and count as unknown",
        f"Model          {selection.name}: {selection.why}",
        *_accuracy(selection.backtest, selection.name),
        f"Next {forecast.horizon} days   {chain.mean():,.0f} units expected over the chain, "
        f"between {low:,.0f} and {high:,.0f} in 80% of paths",
        f"Orders         {order_summary(orders, tables)} Lead time {_LEAD_TIME} days, review every "
        f"{_REVIEW_PERIOD}, service level {_SERVICE_LEVEL:.0%}",
        "",
        "The five largest order lines:",
        top.round(1).to_string(index=False),
    ]
    return "\n".join(lines)


def _accuracy(result: Backtest | None, name: str) -> list[str]:
    if result is None:
        return []
    board = result.leaderboard()
    loss = board["weighted_quantile_loss"]
    gain = 1 - loss[name] / loss["moving-average"]
    week = board.loc[name, "total_7_coverage_80"]
    return [
        f"Accuracy       {gain:.1%} less quantile loss than a moving average; {week:.0%} of week "
        "totals fell inside their 80% interval",
    ]


def _next_steps(out: Path, link: str | None) -> str:
    return f"""
Tables and plots are in {out}: orders.csv, forecast.parquet, leaderboard.csv, *.png.
Try next:
  newretail forecast data/sample --out forecast.csv --horizon 14
  newretail orders data/sample --out orders.csv --lead-time 7 --holding-rate 0.25
  newretail backtest data/sample --freq W --horizon 8 --out out/weekly
  newretail forecast FOLDER_WITH_YOUR_orders.csv --out forecast.csv
Runs and models: {link or "not tracked"}"""
