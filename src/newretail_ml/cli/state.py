"""The options of ``newretail orders`` on stock and supply, and the state they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any

import click
import pandas as pd

from newretail_ml.cli.options import Job
from newretail_ml.errors import DataError
from newretail_ml.jobs.supply import Supply, check_keys, state_in, stock_lags
from newretail_ml.panel import Panel
from newretail_ml.replenishment.state import STATE, checked_state
from newretail_ml.tables import RetailTables

_OPTIONS = [
    click.option(
        "--lead-time",
        type=click.IntRange(min=0),
        default=5,
        help="Periods from order to delivery: days, unless --freq says otherwise.",
    ),
    click.option(
        "--review-period",
        type=click.IntRange(min=1),
        default=2,
        help="Periods from this order to the next one.",
    ),
    click.option(
        "--holding-rate",
        type=click.FloatRange(min=0, min_open=True),
        help="Order by cost instead: yearly cost of holding as a share of unit cost; the margin "
        "is lost on each unit short.",
    ),
    click.option(
        "--state",
        "state_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="CSV or Parquet with item_id, location_id, on_hand, lead_time, review_period and, if "
        "known, on_order, pack_size, shortage_cost, holding_cost; replaces the stock table and "
        "the options above.",
    ),
]


def supply_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options on stock and supply, handed over as one `Supply`."""

    @wraps(command)
    def with_supply(*arguments: Any, **given: Any) -> None:
        supply = Supply(**{field.name: given.pop(field.name) for field in fields(Supply)})
        command(*arguments, supply=supply, **given)

    decorated: Callable[..., None] = with_supply
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def state_for(job: Job, tables: RetailTables, panel: Panel, supply: Supply) -> pd.DataFrame:
    """The checked state of the panel's series: from the file that was named, or the stock table.

    Raises:
        DataError: it is unknown, wrong, of other series than the panel, or of a later day.
        click.UsageError: two options contradict one another.
    """
    if supply.state_file is None:
        state = checked_state(_from_stock(job, tables, panel, supply))
    else:
        state = file_state(supply)
    check_keys(state, list(panel.keys.columns))
    _check_series(state, panel)
    return state


def file_state(supply: Supply) -> pd.DataFrame:
    """The checked state of the file that was named.

    Raises:
        DataError: it cannot be read, or is wrong.
        click.UsageError: two options contradict one another.
    """
    assert supply.state_file is not None  # noqa: S101
    if supply.holding_rate is not None:
        raise click.UsageError("Give --holding-rate, or shortage_cost and holding_cost in --state.")
    return state_in(supply.state_file)


def _from_stock(job: Job, tables: RetailTables, panel: Panel, supply: Supply) -> pd.DataFrame:
    state = supply.from_stock(tables, job.freq)
    if state.empty:
        raise DataError(
            "no place that sells was counted lately, so what is on hand is unknown",
            table="stock",
            next_step="Bring the stock of all places up to today, or name a --state.",
        )
    sold = panel.periods.resized(panel.cut).last_day
    lags = stock_lags(tables, sold, job.until)
    if lags:
        job.say(lags)
    return state


def _check_series(state: pd.DataFrame, panel: Panel) -> None:
    keys = list(panel.keys.columns)
    known = pd.MultiIndex.from_frame(state[keys]).isin(pd.MultiIndex.from_frame(panel.keys))
    if not known.any():
        raise DataError(
            f"none of its {len(state):,} rows is one of the {panel.n_series:,} series that sell",
            table=STATE,
            next_step=f"Write {' and '.join(keys)} as in the orders.",
        )
