"""The group of commands, and what a scheduler sees of an error.

Exit codes: 0 done, 1 the data or the request cannot be used (the message ends in the next step,
nothing was written), 2 wrong usage of the command line.
"""

from __future__ import annotations

import sys

import click

from newretail_ml.cli.backtest import backtest_command
from newretail_ml.cli.demo import demo_command
from newretail_ml.cli.forecast import forecast_command
from newretail_ml.cli.orders import orders_command
from newretail_ml.errors import NewRetailError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="newretail-ml")
def newretail() -> None:
    """From a retail chain's own tables to decisions: what will sell, and what to order."""


for command in (demo_command, forecast_command, orders_command, backtest_command):
    newretail.add_command(command)


def main() -> None:
    """Run the command line; errors of the library become one line and exit code 1."""
    try:
        newretail()
    except NewRetailError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
