"""``newretail experiment``: one question, one tracked comparison, from the experiments folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click
import pandas as pd

from newretail_ml.cli.experiment_scripts import Experiment, experiments_in, listing
from newretail_ml.errors import DataError
from newretail_ml.tracking import run
from newretail_ml.tracking.scores import Scores
from newretail_ml.tracking.scores_of import scores_of

_BESIDE_THE_SOURCE: Final = Path(__file__).resolve().parents[3] / "experiments"
_MOST_METRICS: Final = 8


def run_experiment(
    experiment: Experiment, data: Path, *, quick: bool = False, store: str | None = None
) -> tuple[Scores, str | None]:
    """Compare, and track the comparison.

    Args:
        experiment: to run.
        data: folder with the data sets.
        quick: a tiny version, to see that it runs; its figures answer nothing.
        store: folder or URI of the tracker, or "none".

    Returns:
        What was found, and where it is tracked, if it is.

    Raises:
        DataError: a data set is missing, or the script is no experiment.
    """
    module = experiment.load()
    files: Mapping[str, str] = getattr(module, "FILES", {})
    _need(experiment, files, data)
    better, bounds = getattr(module, "BETTER", None), list(getattr(module, "BOUNDS", ()))
    tags = {"experiment": experiment.number, "quick": str(quick)}
    name = experiment.path.stem
    with run(f"experiments/{name}", name=name, store=store, tags=tags) as tracked:
        tracked.log_params({"quick": quick, "files": ", ".join(files)})
        found = module.compare(data, quick)
        scores = scores_of(found, better, None, bounds)
        tracked.log_comparison(
            found,
            question=experiment.question,
            better=better,
            bounds=bounds,
            data=_fingerprint(data, files, quick),
        )
    return scores, tracked.link if tracked.problem is None else None


def _need(experiment: Experiment, files: Mapping[str, str], data: Path) -> None:
    missing = [f"{name} ({what})" for name, what in files.items() if not (data / name).is_file()]
    if missing:
        raise DataError(
            f"experiment {experiment.number} needs {' and '.join(missing)}, which is not in {data}",
            next_step="Name the folder that holds it with --data.",
        )


def _fingerprint(data: Path, files: Mapping[str, str], quick: bool) -> str:
    """Of the files, so that runs on the same data are set side by side; quick ones are apart."""
    digest = hashlib.blake2b(str(quick).encode(), digest_size=8)
    for name in files:
        with (data / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


@click.command("experiment")
@click.argument("number", required=False)
@click.option("--quick", is_flag=True, help="A tiny version, to see that it runs.")
@click.option(
    "--tracking",
    metavar="URI",
    help='MLflow store, or "none". By default MLFLOW_TRACKING_URI, else mlflow.db in the current '
    "folder.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where the experiments are.  [default: experiments in the current folder, else in the "
    "clone that the package runs from]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Where the data sets are.  [default: shared/data beside the repository]",
)
def experiment_command(
    number: str | None, quick: bool, tracking: str | None, folder: Path | None, data: Path | None
) -> None:
    """Run an experiment, or list them all.

    The one with this NUMBER is run, and what it compares is tracked.
    """
    here = Path("experiments")
    place = folder or (here if here.is_dir() else _BESIDE_THE_SOURCE)
    known = experiments_in(place)
    if number is None:
        click.echo(listing(known))
        return
    chosen = _chosen(known, number)
    click.echo(f"{chosen.question}\n")
    found, link = run_experiment(
        chosen,
        data or place.resolve().parents[1] / "shared" / "data",
        quick=quick,
        store=tracking,
    )
    click.echo(_found(chosen, found, quick))
    if link is not None:
        click.echo(f"Tracked: {link}", err=True)


def _chosen(known: Sequence[Experiment], number: str) -> Experiment:
    """By number, with zeros before it or without."""
    for one in known:
        if one.number == number.zfill(3):
            return one
    raise DataError(
        f"there is no experiment {number}",
        next_step=f"Choose from {', '.join(one.number for one in known)}.",
    )


def _found(experiment: Experiment, scores: Scores, quick: bool) -> str:
    """What was found now, beside the answer of the script."""
    with pd.option_context("display.width", 160, "display.max_columns", 20):
        means = scores.means().dropna(axis=1, how="all")
        shown = [name for name in scores.better if name in means][:_MOST_METRICS]
        table = means[shown].round(4).to_string()
    folds = f"Means over {len(scores.folds)} folds" if len(scores.folds) > 1 else "One fold"
    bounds = f"; not to be had: {', '.join(scores.bounds)}" if scores.bounds else ""
    tiny = " A tiny version: its figures answer nothing." if quick else ""
    not_run = "".join(f"\nNot run: {name}: {why}" for name, why in scores.not_run.items())
    return (
        f"{folds}{bounds}.{tiny}\n{table}{not_run}\n\n"
        f"Answer of {experiment.answered}: {experiment.answer}\n\n{experiment.remarks}"
    ).rstrip()
