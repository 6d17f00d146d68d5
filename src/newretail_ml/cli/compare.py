"""``newretail compare``: the leaderboard of tracked runs."""

from __future__ import annotations

import re
from pathlib import Path

import click

from newretail_ml.cli.output import check_folder_path, whole_folder, write_table
from newretail_ml.plots import standings_chart
from newretail_ml.tracking import Leaderboard, compare, compare_all
from newretail_ml.tracking.scores import Better

STORE = click.option(
    "--tracking",
    metavar="URI",
    help="MLflow store to read. By default MLFLOW_TRACKING_URI, else mlflow.db in the current "
    "folder.",
)


class Good(click.ParamType):
    """Which values of a metric are good ones."""

    name = "lower|higher|number"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Better:
        """The word, or the number."""
        if value in ("lower", "higher"):
            return value
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is neither lower, higher nor a number.", param, ctx)


BETTER = click.option(
    "--better", type=Good(), help="Which of its values are good ones, if the runs do not say."
)


@click.command("compare")
@click.option("--experiment", metavar="NAME", help="Whose runs.  [default: every experiment]")
@click.option(
    "--metric", metavar="NAME", help="Rank by it.  [default: the one that decides in the runs]"
)
@BETTER
@click.option(
    "--run",
    metavar="ID",
    help="Compare on the data and folds of this run.  [default: the newest comparison]",
)
@STORE
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Tables and a plot.")
def compare_command(
    experiment: str | None,
    metric: str | None,
    better: Better | None,
    run: str | None,
    tracking: str | None,
    out: Path | None,
) -> None:
    """Set tracked models side by side.

    All comes from the tracking server alone: mean and standard error over folds, and the
    difference to the best model fold by fold. Only models that were judged on the same data and
    folds are compared; the others are listed apart, with the reason.
    """
    if run is not None and experiment is None:
        raise click.UsageError("--run needs --experiment: name the one that the run belongs to.")
    if out is not None:
        check_folder_path(out)
    if experiment is None:
        boards = compare_all(metric=metric, better=better, store=tracking)
    else:
        boards = [compare(experiment, metric=metric, better=better, run=run, store=tracking)]
    click.echo("\n\n".join(map(repr, boards)))
    if out is not None:
        with whole_folder(out) as folder:
            for board in boards:
                write_board(board, folder, experiment is None)
        click.echo(f"\nTables and plots are in {out}.")


def write_board(board: Leaderboard, folder: Path, named: bool) -> None:
    """Leaderboard, values by fold, runs set apart, and the plot."""
    before = re.sub(r"[^\w-]+", "-", board.experiment) + "-" if named else ""
    write_table(board.table().reset_index(), folder / f"{before}leaderboard.csv")
    write_table(board.by_fold.rename_axis("model").reset_index(), folder / f"{before}folds.csv")
    write_table(board.apart, folder / f"{before}apart.csv")
    standings_chart(board).savefig(folder / f"{before}leaderboard.png")
