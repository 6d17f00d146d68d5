"""The recommender of a job, fitted or brought up to date once, before partitions are scored."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.jobs.manifest import digest_of
from newretail_ml.jobs.recommend.model import SavedRecommender
from newretail_ml.jobs.saved import digest_of_files, save_model
from newretail_ml.recommendation import (
    EASE,
    ItemNeighbours,
    PersonalFrequency,
    Popularity,
    Recommender,
    TifuKnn,
    TwoStageRanker,
)
from newretail_ml.tables import RetailTables
from newretail_ml.tables.extent import EXTENT_FILE
from newretail_ml.tables.whole_folder import hidden_beside

TWO_STAGE = "two-stage-ranker"
MOST_LINES = 1_000_000

_STANDARD: dict[str, Callable[[int], Recommender]] = {
    TWO_STAGE: lambda seed: TwoStageRanker(random_state=seed),
    "ease": lambda _: EASE(),
    "item-neighbours": lambda _: ItemNeighbours(),
    "personal-frequency": lambda _: PersonalFrequency(),
    "popularity": lambda _: Popularity(),
    "tifu-knn": lambda _: TifuKnn(),
}
RECOMMENDERS = tuple(_STANDARD)


def check_recommender(name: str) -> None:
    """Raise a DataError if there is no standard recommender of this name."""
    if name not in _STANDARD:
        raise DataError(
            f"there is no recommender {name}",
            next_step=f"Name one of {', '.join(RECOMMENDERS)}, or a saved or registered model.",
        )


def fitted_on(
    folders: Sequence[Path],
    work: Path,
    name: str = TWO_STAGE,
    *,
    seed: int = 0,
    most_lines: int = MOST_LINES,
) -> SavedRecommender:
    """A standard recommender that learned from the customers of some partitions.

    Customers fall into partitions by chance, so the first ones are a fair sample of all. The model
    of the same partitions is taken from the folder where an earlier run left it.

    Args:
        folders: of all partitions.
        work: folder where the model is kept.
        name: one of `RECOMMENDERS`.
        seed: of the model.
        most_lines: order lines to learn from, about; the first partition is taken whole.

    Returns:
        The model; it is up to date where it learned from all partitions.

    Raises:
        DataError: there is no such model, or nobody bought anything.
    """
    check_recommender(name)
    some, lines = _first(folders, most_lines)
    version = digest_of(name, seed, _digests(some))
    file = work / f"{name}-{version}.pkl"
    if not file.is_file():
        work.mkdir(parents=True, exist_ok=True)
        save_model(_STANDARD[name](seed).fit(_interactions(some, work)), file)
    every = len(some) == len(folders)
    words = f"{name}, fitted on {lines:,} order lines"
    return SavedRecommender(file, words, version, up_to_date=every)


def brought_up_to_date(
    model: SavedRecommender, folders: Sequence[Path], work: Path, most_lines: int = MOST_LINES
) -> SavedRecommender:
    """A model with the histories of all customers, where these are no more than memory takes.

    Where they are, the model stays as it is, and each partition brings its own histories to it.

    Args:
        model: fitted before.
        folders: of all partitions.
        work: folder where the model is kept.
        most_lines: order lines that memory takes.
    """
    some, _ = _first(folders, most_lines)
    if len(some) < len(folders):
        return model
    version = digest_of(model.version, _digests(some))
    file = work / f"renewed-{version}.pkl"
    if not file.is_file():
        work.mkdir(parents=True, exist_ok=True)
        save_model(model.load().with_history(_interactions(some, work)), file)
    return SavedRecommender(file, model.address, model.version, up_to_date=True)


def _first(folders: Sequence[Path], most: int) -> tuple[list[Path], int]:
    """The first partitions that hold no more order lines than that, and how many they hold."""
    from pyarrow.parquet import read_metadata

    some, lines = [folders[0]], 0
    for folder in folders:
        here = int(read_metadata(folder / "orders.parquet").num_rows)
        if folder != folders[0]:
            if lines + here > most:
                break
            some.append(folder)
        lines += here
    return some, lines


def _digests(folders: Sequence[Path]) -> list[str]:
    """Of the tables in each folder."""
    return [digest_of_files(sorted(folder.glob("*.parquet"))) for folder in folders]


def _interactions(folders: Sequence[Path], work: Path) -> Interactions:
    if len(folders) == 1:
        return Interactions.from_tables(RetailTables.read(folders[0]))
    with hidden_beside(work / "sample") as aside:
        _join(folders, aside)
        return Interactions.from_tables(RetailTables.read(aside))


def _join(folders: Sequence[Path], into: Path) -> None:
    """The tables of several partitions as those of one: own rows together, shared ones once."""
    import pyarrow as pa
    from pyarrow.parquet import read_table, write_table

    shutil.copy(folders[0] / EXTENT_FILE, into / EXTENT_FILE)
    for name in sorted({file.name for folder in folders for file in folder.glob("*.parquet")}):
        parts: list[Any] = [read_table(one / name) for one in folders if (one / name).is_file()]
        if not all(part.equals(parts[0]) for part in parts[1:]):
            parts = [pa.concat_tables(parts, promote_options="permissive")]
        write_table(parts[0], into / name)
