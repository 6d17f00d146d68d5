"""``newretail prices``: tables in, a price list out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from newretail_ml import columns as c
from newretail_ml.cli.batch import Parts
from newretail_ml.cli.chain import Chain, chain_options
from newretail_ml.cli.options import FREQUENCY, SOURCE_HELP, UNTIL, target_option
from newretail_ml.jobs.prices import PriceRules, PriceTask, SavedResponse
from newretail_ml.jobs.targets import shown_target

_PER = {"item": (c.ITEM,), "location": (c.ITEM, c.LOCATION)}

_SHARE = click.FloatRange(0, 0.99, min_open=True)
_RULES = [
    click.option(
        "--rules",
        "rules_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML file of rules, such as: margin_floor = 0.15. Options take their place.",
    ),
    click.option(
        "--max-change",
        type=_SHARE,
        help="Most that a price moves, as a share of it.  [default: 0.1]",
    ),
    click.option("--margin-floor", type=_SHARE, help="Least margin, as a share of the price."),
    click.option(
        "--ending",
        "endings",
        multiple=True,
        metavar="DIGITS",
        help="How prices end, such as .x9 or .99; repeat for several.",
    ),
    click.option("--coin", type=float, help="The smallest piece of money.  [default: 0.01]"),
    click.option(
        "--average-at-most",
        type=click.FloatRange(min=0, min_open=True),
        help="Most that prices of a category are on average, as a multiple of today's: 1 holds "
        "the average.",
    ),
    click.option(
        "--smallest-change",
        type=_SHARE,
        help="Least change of a price that changes at all, as a share of it.",
    ),
    click.option("--most-changes", type=click.IntRange(min=0), help="Most changes in a category."),
    click.option(
        "--change-cost", type=click.FloatRange(min=0), help="What a change costs, a period."
    ),
]


def _rule_options(command: Any) -> Any:
    for option in reversed(_RULES):
        command = option(command)
    return command


@click.command("prices", epilog=SOURCE_HELP)
@chain_options
@FREQUENCY
@UNTIL
@click.option(
    "--per",
    type=click.Choice(list(_PER)),
    default="item",
    help="One price of an item in all locations, or one in each.",
)
@click.option(
    "--model",
    "address",
    metavar="ADDRESS",
    help="A fitted price model or its response: a file, models:/name@champion or runs:/...  "
    "[default: elasticities are learned from each category's sales]",
)
@_rule_options
@target_option("The price list: .csv, .parquet or .json")
def prices_command(
    chain: Chain,
    parts: Parts,
    freq: str,
    until: str | None,
    per: str,
    address: str | None,
    rules_file: Path | None,
    out: str,
    **options: Any,
) -> None:
    """Decide what to charge, category by category, and why. Needs prices and unit costs.

    Expected units, revenue and profit are those of an ordinary period, with intervals of what the
    change brings. Prices stay where the data cannot tell how demand answers.
    """
    rules = _rules(rules_file, options)
    model = None
    if address is not None:
        path, version = chain.model_file(address, "price response")
        model = SavedResponse.of(path, address, version)
        model.load()
    task = PriceTask(rules, _PER[per], freq, until, chain.seed, model)
    asked = {"rules": rules.facts(), "per": per, "freq": freq, "until": until, "model": address}
    manifest = chain.run(task, chain.batch(parts, out), parts, asked=asked)
    click.echo(f"{manifest.rows_out:,} prices in {shown_target(out)}.")


def _rules(file: Path | None, options: dict[str, Any]) -> PriceRules:
    given = {**options, "endings": options["endings"] or None}
    return PriceRules.from_dict(given) if file is None else PriceRules.from_file(file, **given)
