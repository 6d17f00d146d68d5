"""``newretail orders``: tables in, an order list out."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import click
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.cli.batch import Parts, batch_options, run_tracked
from newretail_ml.cli.forecast import (
    batch_of,
    demand_of,
    made_forecast,
    model_words,
    told_rows,
)
from newretail_ml.cli.models import Fit, fit_options, one_model
from newretail_ml.cli.options import SOURCE_HELP, Job, job_options, target_option
from newretail_ml.cli.output import check_table_path, write_table
from newretail_ml.cli.state import file_state, state_for, supply_options
from newretail_ml.forecast import Forecast
from newretail_ml.jobs.orders import SERVICE_LEVEL, OrdersTask, service_level_of
from newretail_ml.jobs.supply import Supply
from newretail_ml.replenishment import OrderPlan, OrderRules, order_up_to, plan_orders
from newretail_ml.tables import RetailTables


@click.command("orders", epilog=SOURCE_HELP)
@job_options
@one_model
@fit_options
@click.option(
    "--service-level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help=f"Probability of no stock-out in a cycle.  [default: {SERVICE_LEVEL}, unless costs are "
    "known]",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0),
    help="Most money that today's orders may cost. Needs --holding-rate, or costs in --state.",
)
@supply_options
@batch_options
@target_option("The order list: .csv, .parquet or .json")
def orders_command(
    job: Job,
    model_name: str,
    fit: Fit,
    service_level: float | None,
    budget: float | None,
    supply: Supply,
    parts: Parts,
    out: str,
) -> None:
    """Decide what to order today, and why. Besides orders this needs stock, or a --state.

    Where holding and shortage have a price, orders earn the most that is possible; else they
    reach a service level.
    """
    if service_level is not None and supply.holding_rate is not None:
        raise click.UsageError("Give --service-level or --holding-rate: each decides by itself.")
    fit.check(partitions=parts.wanted(out))
    if parts.wanted(out):
        if budget is not None:
            raise click.UsageError("Partitions cannot share a --budget: leave one of them out.")
        _over_partitions(job, model_name, fit, service_level, supply, parts, out)
        return
    file = Path(out)
    check_table_path(file)
    tables = job.tables()
    panel = job.panel(tables)
    state = state_for(job, tables, panel, supply)
    service_level = service_level_of(list(state), service_level)
    if service_level is not None and budget is not None:
        raise click.UsageError(
            "A budget needs to know what a unit earns: give --holding-rate, or shortage_cost, "
            "holding_cost and unit_cost in --state, and no --service-level."
        )
    job = replace(job, horizon=_horizon(job, state))
    asked = {
        "model": model_name,
        "service_level": service_level,
        "budget": budget,
        "supply": supply.facts(),
    }
    with job.tracked("orders", panel, tables, **asked) as run:
        model, forecast = made_forecast(job, panel, model_name, run)
        orders, earned = _orders(forecast, state, service_level, budget)
        write_table(orders, file)
        run.log_file(file)
        run.log_decision(orders, panel=panel, fingerprint=tables.fingerprint)
    found = f"{order_summary(orders, tables)}{earned}"
    click.echo(f"{found} In {file}, by {model_words(model_name, model)}.")


def _over_partitions(
    job: Job,
    model_name: str,
    fit: Fit,
    service_level: float | None,
    supply: Supply,
    parts: Parts,
    out: str,
) -> None:
    if supply.state_file is None:
        horizon = max(job.horizon, supply.lead_time + supply.review_period)
    else:
        horizon = _horizon(job, file_state(supply))
    demand = demand_of(job, model_name, fit, parts, horizon)
    task = OrdersTask(demand, supply, service_level, parts.count)
    asked = {"model": model_name, "service_level": service_level, "supply": supply.facts()}
    manifest = run_tracked(
        task,
        batch_of(job, parts, out),
        prepare=task.prepared,
        store=job.tracking,
        params={**asdict(job), **parts.asked(), **asdict(fit), **asked},
        say=job.say,
    )
    click.echo(told_rows(manifest, out, model_name))


def _horizon(job: Job, state: pd.DataFrame) -> int:
    """Far enough for the longest wait until the order after this one is there."""
    return max(job.horizon, int((state[c.LEAD_TIME] + state[c.REVIEW_PERIOD]).max()))


def _orders(
    forecast: Forecast, state: pd.DataFrame, service_level: float | None, budget: float | None
) -> tuple[pd.DataFrame, str]:
    """The order list, and in words what it earns where that is known."""
    if service_level is not None:
        return order_up_to(forecast, state, service_level=service_level), ""
    plan = plan_orders(forecast, state, rules=OrderRules(budget=budget))
    return plan.orders, _earned(plan)


def _earned(plan: OrderPlan) -> str:
    words = f" Expected profit {plan.expected_profit:,.0f} above ordering nothing."
    for rule in plan.explain().itertuples():
        if rule.binding:
            words += f" One more unit of {rule.rule} would earn {rule.shadow_price:,.2f}."
    return words


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
