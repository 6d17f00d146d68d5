"""``newretail orders``: tables in, an order list out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.cli.forecast import made_forecast, model_words, one_model
from newretail_ml.cli.options import SOURCE_HELP, Job, job_options, out_file
from newretail_ml.cli.output import check_table_path, write_table
from newretail_ml.cli.state import Supply, state_for, supply_options
from newretail_ml.replenishment import order_up_to
from newretail_ml.tables import RetailTables

_SERVICE_LEVEL = 0.95


@click.command("orders", epilog=SOURCE_HELP)
@job_options
@one_model
@click.option(
    "--service-level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help=f"Probability of no stock-out in a cycle.  [default: {_SERVICE_LEVEL}, unless costs are "
    "known]",
)
@supply_options
@out_file("The order list: .csv, .parquet or .json.")
def orders_command(
    job: Job, model_name: str, service_level: float | None, supply: Supply, out: Path
) -> None:
    """Decide what to order today, and why. Besides orders this needs stock, or a --state."""
    check_table_path(out)
    if service_level is not None and supply.holding_rate is not None:
        raise click.UsageError("Give --service-level or --holding-rate: each decides by itself.")
    tables = job.tables()
    panel = job.panel(tables)
    state = state_for(job, tables, panel, supply)
    if service_level is None and not {c.SHORTAGE_COST, c.HOLDING_COST} <= set(state):
        service_level = _SERVICE_LEVEL
    longest = int((state[c.LEAD_TIME] + state[c.REVIEW_PERIOD]).max())
    job = replace(job, horizon=max(job.horizon, longest))
    asked = {"model": model_name, "service_level": service_level, "supply": supply.facts()}
    with job.tracked("orders", panel, tables, **asked) as run:
        model, forecast = made_forecast(job, panel, model_name, run)
        orders = order_up_to(forecast, state, service_level=service_level)
        write_table(orders, out)
        run.log_file(out)
    click.echo(f"{order_summary(orders, tables)} In {out}, by {model_words(model_name, model)}.")


def order_summary(orders: pd.DataFrame, tables: RetailTables) -> str:
    """How many lines and units, and what they cost where that is known."""
    placed = orders[orders[c.UNITS] > 0]
    lines = "1 order line" if len(placed) == 1 else f"{len(placed):,} order lines"
    words = f"{lines} for {placed[c.UNITS].sum():,.0f} units"
    if tables.items is None or c.UNIT_COST not in tables.items:
        return f"{words}."
    unit_cost = placed[c.ITEM].map(tables.items.set_index(c.ITEM)[c.UNIT_COST]).astype(float)
    cost = f"{(unit_cost * placed[c.UNITS]).sum():,.0f} at cost"
    unknown = int(unit_cost.isna().sum())
    return f"{words}, {cost}{f' without {unknown:,} of unknown cost' if unknown else ''}."
