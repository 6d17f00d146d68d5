"""The group of commands, and what a scheduler sees of an error.

Exit codes: 0 done, 1 the data or the request cannot be used (the message ends in the next step,
nothing was written), 2 wrong usage of the command line, 143 stopped by a SIGTERM.
"""

from __future__ import annotations

import signal
import sys
from typing import Any, NoReturn

import click

from newretail_ml.cli.backtest import backtest_command
from newretail_ml.cli.compare import compare_command
from newretail_ml.cli.demo import demo_command
from newretail_ml.cli.experiment import experiment_command
from newretail_ml.cli.forecast import forecast_command
from newretail_ml.cli.orders import orders_command
from newretail_ml.cli.prices import prices_command
from newretail_ml.cli.promote import promote_command
from newretail_ml.cli.recommend import recommend_command
from newretail_ml.cli.report import report_command
from newretail_ml.errors import NewRetailError


class _Commands(click.Group):
    """A group in which the errors that a user can do something about are told in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NewRetailError as error:
            raise click.ClickException(" ".join(str(error).split())) from error
        except MemoryError as error:
            raise click.ClickException(
                "there is not enough memory for this. Shorten --horizon or the lead time, or take "
                "fewer series with --most-sold."
            ) from error


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    epilog="Exit codes: 0 done; 1 the data or the request cannot be used, and nothing was "
    "written; 2 wrong usage.",
)
@click.version_option(package_name="newretail-ml")
def newretail() -> None:
    """From a chain's own tables to decisions: what will sell, what to order, charge and show."""


for command in (
    demo_command,
    forecast_command,
    orders_command,
    prices_command,
    recommend_command,
    backtest_command,
    compare_command,
    promote_command,
    experiment_command,
    report_command,
):
    newretail.add_command(command)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _stop)
    newretail()


def _stop(number: int, _: object) -> NoReturn:
    """End as after an error, so that nothing is left half-written and the tracked run is closed."""
    sys.exit(128 + number)
