"""``newretail promote``: a challenger takes the champion's place, or does not, and why."""

from __future__ import annotations

import click

from newretail_ml.cli.compare import BETTER, STORE
from newretail_ml.tracking import promote
from newretail_ml.tracking.scores import Better


@click.command("promote")
@click.argument("name")
@click.option(
    "--challenger",
    required=True,
    metavar="VERSION|@ALIAS",
    help="Version of the registered model that wants to be the champion.",
)
@click.option(
    "--metric", metavar="NAME", help="Judge by it.  [default: the one that decides in the runs]"
)
@BETTER
@click.option(
    "--experiment",
    metavar="NAME",
    help="Where both were judged.  [default: where the version was made]",
)
@click.option("--dry-run", is_flag=True, help="Decide, say why, and change nothing.")
@STORE
def promote_command(
    name: str,
    challenger: str,
    metric: str | None,
    better: Better | None,
    experiment: str | None,
    dry_run: bool,
    tracking: str | None,
) -> None:
    """Make a better model the champion.

    The alias @champion of the registered model NAME moves if the challenger is better on the same
    data and folds, beyond chance. Whether it is or not, the reason is said, and kept as tags of
    its version.
    """
    decided = promote(
        name,
        challenger,
        metric=metric,
        better=better,
        experiment=experiment,
        dry_run=dry_run,
        store=tracking,
    )
    click.echo(decided.words)
