"""``newretail report``: a week's decisions on one page."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.cli.options import QUIET, SEED, SOURCE_HELP, UNTIL
from newretail_ml.errors import DataError
from newretail_ml.jobs.prices.rules import PriceRules
from newretail_ml.report import weekly_report
from newretail_ml.tables import RetailTables
from newretail_ml.tables.exact import EXACT

_DECISIONS = ("forecast", "orders", "prices", "slates")
_SUFFIXES = (".parquet", ".csv", ".json")


@click.command("report", epilog=SOURCE_HELP)
@click.argument("source")
@click.option(
    "--mapping", metavar="FILE", help="TOML file that says which foreign columns are which."
)
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="Folder with decisions made before: forecast, orders, prices, slates as .parquet, .csv or "
    ".json. What is not there is decided now.",
)
@click.option("--lead-time", type=click.IntRange(min=0), default=5, help="Days to a delivery.")
@click.option("--review-period", type=click.IntRange(min=1), default=2, help="Days between orders.")
@click.option(
    "--holding-rate",
    type=click.FloatRange(min=0, min_open=True),
    default=0.25,
    help="Yearly cost of holding as a share of unit cost, by which orders are decided.",
)
@click.option(
    "--rules",
    "rules_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file of rules for prices, as `newretail prices` takes it.",
)
@UNTIL
@click.option("--horizon", type=click.IntRange(min=7), default=28, help="Days to forecast.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The page: one .html file that needs no other.",
)
@SEED
@QUIET
def report_command(
    source: str,
    mapping: str | None,
    folder: Path | None,
    lead_time: int,
    review_period: int,
    holding_rate: float,
    rules_file: Path | None,
    until: str | None,
    horizon: int,
    out: Path,
    seed: int,
    quiet: bool,
) -> None:
    """Put a week's decisions on one page.

    Money first, then forecast, stock at risk, orders, price moves, slates and data problems.
    """
    if out.suffix not in (".html", ".htm") or out.is_dir():
        raise DataError(f"the page {out} is no .html file", next_step="Name it week.html.")
    price_rules = None if rules_file is None else PriceRules.from_file(rules_file)
    tables = RetailTables.read(source, mapping=mapping)
    made = weekly_report(
        tables if until is None else tables.until(until),
        **_decided(folder),
        lead_time=lead_time,
        review_period=review_period,
        holding_rate=holding_rate,
        price_rules=price_rules,
        horizon=horizon,
        random_state=seed,
        progress=not quiet,
    )
    made.save(out)
    click.echo(f"{made} in {out}. Open it in a browser.")


def _decided(folder: Path | None) -> dict[str, pd.DataFrame]:
    """The decisions that lie in a folder, by name.

    Raises:
        DataError: there are none, or a file cannot be read.
    """
    if folder is None:
        return {}
    found = {
        name: path
        for name in _DECISIONS
        for suffix in _SUFFIXES
        if (path := folder / f"{name}{suffix}").is_file()
    }
    if not found:
        raise DataError(
            f"there are no decisions in {folder}",
            next_step=f"Put {', '.join(_DECISIONS)} there, as .parquet, .csv or .json.",
        )
    return {name: _read(path) for name, path in found.items()}


def _read(path: Path) -> pd.DataFrame:
    ids = dict.fromkeys((*c.SERIES_KEYS, c.CUSTOMER), "str")
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        elif path.suffix == ".csv":
            table = pd.read_csv(path, dtype=ids, **EXACT)
        else:
            table = pd.read_json(path, orient="records", dtype=ids)
        dates = pd.to_datetime(table[c.DATE]) if c.DATE in table else None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error})", next_step="Make it again.") from error
    return table if dates is None else table.assign(**{c.DATE: dates})
