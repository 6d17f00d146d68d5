"""``newretail orders``: tables in, an order list out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.cli.forecast import AUTO, MODEL_NAMES, made_forecast
from newretail_ml.cli.options import Job, job_options, out_file
from newretail_ml.cli.output import check_table_path, write_table
from newretail_ml.errors import DataError
from newretail_ml.replenishment import order_up_to, state_from_tables
from newretail_ml.tables import RetailTables


@click.command("orders")
@job_options
@click.option("--model", "model_name", type=click.Choice([AUTO, *MODEL_NAMES]), default=AUTO)
@click.option("--lead-time", type=click.IntRange(min=0), default=5, help="Days to delivery.")
@click.option("--review-period", type=click.IntRange(min=1), default=2, help="Days to next order.")
@click.option(
    "--service-level",
    type=float,
    help="Probability of no stock-out in a cycle.  [default: 0.95, unless --holding-rate is given]",
)
@click.option(
    "--holding-rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Order by cost instead: yearly cost of holding as a share of unit cost; the margin is "
    "lost on each unit short.",
)
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path),
    help="CSV or Parquet with item_id, location_id, on_hand, lead_time, review_period and, if "
    "known, on_order, pack_size, shortage_cost, holding_cost; replaces the stock table.",
)
@out_file("The order list: .csv, .parquet or .json.")
def orders_command(
    job: Job,
    model_name: str,
    lead_time: int,
    review_period: int,
    service_level: float | None,
    holding_rate: float | None,
    state_file: Path | None,
    out: Path,
) -> None:
    """Decide what to order today from the tables at SOURCE."""
    check_table_path(out)
    if holding_rate is None and service_level is None:
        service_level = 0.95
    tables = job.tables()
    state = (
        state_from_tables(
            tables, lead_time=lead_time, review_period=review_period, holding_rate=holding_rate
        )
        if state_file is None
        else _read_state(state_file)
    )
    panel = job.panel(tables)
    longest = state[c.LEAD_TIME] + state[c.REVIEW_PERIOD]
    job = replace(job, horizon=max(job.horizon, int(longest.max())))
    with job.tracked("orders", panel, tables) as run:
        selection, forecast = made_forecast(job, panel, model_name, run)
        orders = order_up_to(forecast, state, service_level=service_level)
        write_table(orders, out)
        run.log_file(out)
    click.echo(f"{order_summary(orders, tables)} In {out}, by {selection.name}: {selection.why}.")


def order_summary(orders: pd.DataFrame, tables: RetailTables) -> str:
    """How many lines and units, and what they cost where that is known."""
    placed = orders[orders[c.UNITS] > 0]
    words = f"{len(placed):,} order lines for {placed[c.UNITS].sum():,.0f} units"
    if tables.items is None or c.UNIT_COST not in tables.items:
        return f"{words}."
    cost = placed[c.ITEM].map(tables.items.set_index(c.ITEM)[c.UNIT_COST]) * placed[c.UNITS]
    return f"{words}, {cost.sum():,.0f} at cost."


def _read_state(path: Path) -> pd.DataFrame:
    ids = dict.fromkeys(c.SERIES_KEYS, "str")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=ids)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read ({error})", table="state", next_step="Pass a CSV or Parquet."
        ) from None
