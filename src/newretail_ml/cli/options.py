"""Options that several commands share, and what they are turned into."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import wraps
from typing import Any

import click

from newretail_ml import columns as c
from newretail_ml.panel import Panel
from newretail_ml.panel.periods import FREQUENCIES
from newretail_ml.tables import RetailTables
from newretail_ml.tracking import Run, run


@dataclass(frozen=True)
class Job:
    """What every batch job is told."""

    source: str
    mapping: str | None
    by: str
    freq: str
    until: str | None
    most_sold: int | None
    horizon: int
    seed: int
    tracking: str | None
    quiet: bool

    def tables(self) -> RetailTables:
        """The chain's tables, read and checked."""
        tables = RetailTables.read(self.source, mapping=self.mapping)
        self.say(str(tables.report))
        return tables

    @property
    def keys(self) -> tuple[str, ...]:
        """What makes a series."""
        return tuple(part.strip() for part in self.by.split(","))

    def panel(self, tables: RetailTables) -> Panel:
        """The panel, cut and narrowed as asked for."""
        panel = Panel.from_tables(tables, by=self.keys, freq=self.freq)
        if self.until is not None:
            panel = panel.until(self.until)
        if self.most_sold is not None:
            panel = panel.most_sold(self.most_sold)
        self.say(repr(panel))
        return panel

    @contextmanager
    def tracked(
        self, command: str, panel: Panel, tables: RetailTables, **asked: object
    ) -> Iterator[Run]:
        """A tracked run that knows the request and the data; says where it is in the end."""
        with run("newretail", name=command, store=self.tracking, tags={"command": command}) as made:
            made.log_params({**asdict(self), **asked})
            made.log_data(panel, fingerprint=tables.fingerprint, source=self.source)
            yield made
        if made.link is not None and made.problem is None:
            self.say(f"Tracked: {made.link}")

    @property
    def progress(self) -> bool:
        """Whether somebody looks on: in the log of a scheduler a progress bar is noise."""
        return not self.quiet and sys.stderr.isatty()

    def say(self, words: str) -> None:
        """Tell the reader, on the error stream, unless told to be quiet."""
        if not self.quiet:
            click.echo(words, err=True)


class Day(click.ParamType):
    """A day, written as 2026-05-31."""

    name = "date"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The day in its usual form."""
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            self.fail(f"{value!r} is no day. Write it as 2026-05-31.", param, ctx)


SEED = click.option("--seed", type=click.IntRange(min=0), default=0, help="Same seed, same output.")
TRACKING = click.option(
    "--tracking",
    metavar="URI",
    help="MLflow store to log the run to; 'none' logs nothing. By default MLFLOW_TRACKING_URI, "
    "else mlflow.db in the current folder.",
)
QUIET = click.option("--quiet", is_flag=True, help="No progress, no report; errors are still told.")

SOURCE_HELP = (
    "SOURCE is a folder of CSV or Parquet tables, one such file of orders, a DuckDB file, or a "
    "database URL. Only orders are needed; each further table (items, locations, stock, prices, "
    "customers, events) adds to what can be known."
)

SOURCE = click.argument("source")
MAPPING = click.option(
    "--mapping",
    metavar="FILE",
    help="TOML file, or the name of a shipped one (online_retail), that says which foreign "
    "columns are which, and how to clean.",
)
FREQUENCY = click.option(
    "--freq",
    type=click.Choice(FREQUENCIES),
    default="D",
    help="Length of a period: day, week, month.",
)
UNTIL = click.option("--until", type=Day(), help="Use sales up to this day only.")

_OPTIONS = [
    SOURCE,
    MAPPING,
    click.option(
        "--by",
        default=f"{c.ITEM},{c.LOCATION}",
        metavar="COLUMNS",
        help="What makes a series: item_id, with location_id, channel, or both. What is left out "
        "is pooled.",
    ),
    FREQUENCY,
    UNTIL,
    click.option(
        "--most-sold",
        type=click.IntRange(min=1),
        metavar="N",
        help="Only the N series that sold in the most periods.",
    ),
    click.option("--horizon", type=click.IntRange(min=1), default=28, help="Periods to forecast."),
    SEED,
    TRACKING,
    QUIET,
]


def job_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the shared options, handed over as one `Job`."""

    @wraps(command)
    def with_job(**given: Any) -> None:
        shared = {field.name: given.pop(field.name) for field in fields(Job)}
        command(Job(**shared), **given)

    decorated: Callable[..., None] = with_job
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def target_option(what: str) -> Callable[..., Any]:
    """The --out option of a command that writes one table."""
    return click.option(
        "--out",
        required=True,
        metavar="TARGET",
        help=f"{what}; a DuckDB file, a database URL, or with --partitions a folder. In a "
        "database ::name names the table.",
    )
