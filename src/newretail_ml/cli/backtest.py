"""``newretail backtest``: tables in, a leaderboard out."""

from __future__ import annotations

from pathlib import Path

import click

from newretail_ml.cli.forecast import MODEL_NAMES
from newretail_ml.cli.options import SOURCE_HELP, Day, Job, job_options
from newretail_ml.cli.output import check_folder_path, files_of, whole_folder, write_table
from newretail_ml.forecasting import Backtest, backtest, standard_models
from newretail_ml.plots import coverage_chart, leaderboard_chart


@click.command("backtest", epilog=SOURCE_HELP)
@job_options
@click.option(
    "--model",
    "model_names",
    type=click.Choice(MODEL_NAMES),
    multiple=True,
    help="Repeat for several.  [default: all]",
)
@click.option("--folds", type=click.IntRange(min=1), default=3, help="How many cuts in time.")
@click.option(
    "--cut",
    "cuts",
    type=Day(),
    multiple=True,
    help="Forecast from the end of this day, instead of --folds; repeat for several.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Tables and plots.")
def backtest_command(
    job: Job, model_names: tuple[str, ...], folds: int, cuts: tuple[str, ...], out: Path | None
) -> None:
    """Judge models on history. Which one would have forecast best?"""
    if out is not None:
        check_folder_path(out)
    tables = job.tables()
    panel = job.panel(tables)
    models = standard_models(job.horizon, job.seed, progress=job.progress)
    with job.tracked("backtest", panel, tables, folds=folds, cuts=cuts) as run:
        result = backtest(
            {name: models[name] for name in model_names or MODEL_NAMES},
            panel,
            horizon=job.horizon,
            folds=folds,
            cuts=cuts or None,
            random_state=job.seed,
            keep_series=True,
            progress=job.progress,
        )
        run.log_backtest(result, models)
        if out is not None:
            with whole_folder(out) as folder:
                write_backtest(result, folder)
            for file in files_of(out):
                run.log_file(file)
    for name, reason in result.not_run.items():
        job.say(f"{name} was not judged: {reason}")
    click.echo(result.leaderboard().round(4).T.to_string())
    if out is not None:
        click.echo(f"Tables and plots are in {out}.")


def write_backtest(result: Backtest, folder: Path) -> None:
    """Leaderboard, scores by fold, and their plots."""
    write_table(result.leaderboard().reset_index(), folder / "leaderboard.csv")
    write_table(result.scores, folder / "scores.csv")
    leaderboard_chart(result).savefig(folder / "leaderboard.png")
    coverage_chart(result, result.best).savefig(folder / "coverage.png")
