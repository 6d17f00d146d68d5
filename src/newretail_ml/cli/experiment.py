"""``newretail experiment``: one question, one tracked comparison, from the experiments folder."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

import click
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tracking import run
from newretail_ml.tracking.scores import Scores
from newretail_ml.tracking.scores_of import scores_of

_BESIDE_THE_SOURCE: Final = Path(__file__).resolve().parents[3] / "experiments"
_NAME = re.compile(r"(\d{3})_\w+\.py")
_MOST_METRICS: Final = 8
_ANSWER = re.compile(r"Answer \((\d{4}-\d{2}-\d{2})\): (.+)", re.DOTALL)


@dataclass(frozen=True)
class Experiment:
    """A script of the folder, as its first lines describe it.

    The script has a docstring: the question; then "Answer (YYYY-MM-DD): " and figures; then what
    the reader should know. It defines ``compare(data, quick)``, which returns anything that
    `Run.log_comparison` takes, and where that is a table ``BETTER``, and maybe ``BOUNDS``, for
    the arguments of those names. ``FILES`` tells by name which files it needs.

    Attributes:
        path: of the script.
        number: three digits.
        question: one sentence or two.
        answered: day of the answer.
        answer: with figures.
        remarks: the rest of the docstring.
    """

    path: Path
    number: str
    question: str
    answered: str
    answer: str
    remarks: str

    @classmethod
    def read(cls, path: Path) -> Experiment:
        """From the docstring; the script is not run.

        Raises:
            DataError: it is no Python, or its docstring has not that form.
        """
        try:
            words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        except (SyntaxError, UnicodeDecodeError) as error:
            raise DataError(
                f"{path.name} is no Python script: {error}", next_step="Mend it."
            ) from None
        parts = words.split("\n\n")
        found = _ANSWER.fullmatch(parts[1]) if len(parts) > 1 else None
        if found is None:
            raise DataError(
                f"the docstring of {path.name} does not begin with a question, an empty line, "
                "and an answer",
                next_step='Begin the second paragraph with "Answer (2026-01-31): ".',
            )
        day, answer = found.groups()
        told = [" ".join(part.split()) for part in (parts[0], answer)]
        return cls(path, path.name[:3], told[0], day, told[1], "\n\n".join(parts[2:]))

    def load(self) -> ModuleType:
        """The script as a module.

        Raises:
            DataError: it defines no ``compare``.
        """
        spec = importlib.util.spec_from_file_location(f"experiment_{self.path.stem}", self.path)
        assert spec is not None and spec.loader is not None  # noqa: S101
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if not callable(getattr(module, "compare", None)):
            raise DataError(
                f"{self.path.name} has no function compare(data, quick)",
                next_step="Define it, as the other experiments do.",
            )
        return module


def experiments_in(folder: Path) -> list[Experiment]:
    """The experiments of a folder by number.

    Raises:
        DataError: there is none, or one cannot be read.
    """
    paths = sorted(path for path in folder.glob("*.py") if _NAME.fullmatch(path.name))
    if not paths:
        raise DataError(
            f"there is no experiment such as 001_name.py in {folder}",
            next_step="Name the folder with --folder: it is `experiments` in a clone of the "
            "repository, and no part of the installed package.",
        )
    return [Experiment.read(path) for path in paths]


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


def listing(experiments: Sequence[Experiment]) -> str:
    """Question and answer of each."""
    return "\n\n".join(
        f"{one.number} {one.question}\n    {one.answered}: {one.answer}" for one in experiments
    )


def overview(experiments: Sequence[Experiment]) -> str:
    """The table of `experiments/README.md`."""
    rows = [
        f"| {one.number} | {one.question} | {one.answered}: {one.answer} |" for one in experiments
    ]
    return "\n".join(["| number | question | answer |", "|---|---|---|", *rows]) + "\n"


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
    """Run an experiment by its NUMBER and track what it compares; without one, list them all."""
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
