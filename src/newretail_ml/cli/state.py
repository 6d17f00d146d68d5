"""The options of ``newretail orders`` on stock and supply, and the state they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.cli.options import Job
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.replenishment import state_from_tables
from newretail_ml.replenishment.state import STATE, checked_state
from newretail_ml.tables import RetailTables

_DAYS = {"D": 1.0, "W": 7.0, "M": 365 / 12}


@dataclass(frozen=True)
class Supply:
    """How goods come in, and what is there now."""

    lead_time: int
    review_period: int
    holding_rate: float | None
    state_file: Path | None

    def facts(self) -> dict[str, Any]:
        """For the tracker."""
        return asdict(self)


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
        state = _from_stock(job, tables, panel, supply)
    elif supply.holding_rate is None:
        state = _from_file(supply.state_file)
    else:
        raise click.UsageError("Give --holding-rate, or shortage_cost and holding_cost in --state.")
    state = checked_state(state)
    _check_series(state, panel)
    return state


def _from_stock(job: Job, tables: RetailTables, panel: Panel, supply: Supply) -> pd.DataFrame:
    rate = supply.holding_rate
    state = state_from_tables(
        tables,
        lead_time=supply.lead_time,
        review_period=supply.review_period,
        holding_rate=None if rate is None else rate * _DAYS[job.freq],
    )
    if state.empty:
        raise DataError(
            "no place that sells was counted lately, so what is on hand is unknown",
            table="stock",
            next_step="Bring the stock of all places up to today, or name a --state.",
        )
    if tables.stock is not None:
        _check_day(job, tables.stock[c.DATE].max(), panel.periods.resized(panel.cut).last_day)
    return state


def _check_day(job: Job, counted: pd.Timestamp, sold: pd.Timestamp) -> None:
    """Stock of another day than the last one of sales would be ordered on as if it were today's."""
    if job.until is not None and counted > sold:
        raise DataError(
            f"the stock table goes on to {counted:%Y-%m-%d}, the sales only to {sold:%Y-%m-%d}",
            table="stock",
            column=c.DATE,
            next_step="Leave --until out, or name the stock of that day with --state.",
        )
    if counted < sold:
        job.say(f"Stock was last counted on {counted:%Y-%m-%d}, sales go on to {sold:%Y-%m-%d}.")


def _from_file(path: Path) -> pd.DataFrame:
    try:
        state = _read(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read ({error})", table=STATE, next_step="Name a CSV or Parquet file."
        ) from error
    if state.empty:
        raise DataError(f"{path} has no rows", table=STATE, next_step="Add one for each series.")
    return state


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    ids = dict.fromkeys(c.SERIES_KEYS, "str")
    return pd.read_csv(path, dtype=ids, keep_default_na=False, na_values=[""])


def _check_series(state: pd.DataFrame, panel: Panel) -> None:
    """One row of the state has to answer to one series, or stock would be counted twice."""
    here = [name for name in c.SERIES_KEYS if name in state]
    there = list(panel.keys.columns)
    if here != there:
        raise DataError(
            f"the state is by {', '.join(here)}, the forecast by {', '.join(there)}",
            table=STATE,
            next_step=f"Use --by {','.join(here)}, or bring a --state by {', '.join(there)}.",
        )
    known = pd.MultiIndex.from_frame(state[here]).isin(pd.MultiIndex.from_frame(panel.keys))
    if not known.any():
        raise DataError(
            f"none of its {len(state):,} rows is one of the {panel.n_series:,} series that sell",
            table=STATE,
            next_step=f"Write {' and '.join(here)} as in the orders.",
        )
