"""The recommender of a job, fitted or brought up to date once, before partitions are scored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from newretail_ml.errors import DataError
from newretail_ml.jobs.manifest import digest_of
from newretail_ml.jobs.recommend.histories import Histories
from newretail_ml.jobs.recommend.model import SavedRecommender
from newretail_ml.jobs.saved import save_model
from newretail_ml.recommendation import (
    EASE,
    ItemNeighbours,
    PersonalFrequency,
    Popularity,
    Recommender,
    TifuKnn,
    TwoStageRanker,
)

TWO_STAGE = "two-stage-ranker"

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
    histories: Histories, work: Path, name: str = TWO_STAGE, *, seed: int = 0
) -> SavedRecommender:
    """A standard recommender that learned from histories.

    The model of the same histories is taken from the folder where an earlier run left it.

    Args:
        histories: of the chain's customers.
        work: folder where the model is kept.
        name: one of `RECOMMENDERS`.
        seed: of the model.

    Returns:
        The model; it is up to date where the histories are those of all customers.

    Raises:
        DataError: there is no such model, or nobody bought anything.
    """
    check_recommender(name)
    version = digest_of(name, seed, histories.digest)
    file = work / f"{name}-{version}.pkl"
    if not file.is_file():
        work.mkdir(parents=True, exist_ok=True)
        save_model(_STANDARD[name](seed).fit(histories.read(work)), file)
    words = f"{name}, fitted on {histories.words}"
    return SavedRecommender(file, words, version, up_to_date=histories.complete)


def brought_up_to_date(
    model: SavedRecommender, histories: Histories, work: Path
) -> SavedRecommender:
    """A model with the histories of all customers, where memory takes these.

    Where it does not, the model stays as it is, and each partition brings its own to it.

    Args:
        model: fitted before.
        histories: of the chain's customers.
        work: folder where the model is kept.
    """
    if not histories.complete:
        return model
    version = digest_of(model.version, histories.digest)
    file = work / f"renewed-{version}.pkl"
    if not file.is_file():
        work.mkdir(parents=True, exist_ok=True)
        save_model(model.load().with_history(histories.read(work)), file)
    return SavedRecommender(file, model.address, model.version, up_to_date=True)
