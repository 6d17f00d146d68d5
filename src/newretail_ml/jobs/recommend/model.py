"""A fitted recommender in a file, for processes that score partitions."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from newretail_ml.errors import DataError
from newretail_ml.recommendation import Recommender


@dataclass(frozen=True)
class SavedRecommender:
    """A recommender that was fitted before.

    Args:
        path: file that holds it.
        address: as it was asked for.
        version: which model it is: of the registry, or a digest of the file.
        up_to_date: whether it holds the histories of all customers until now.
    """

    path: Path
    address: str
    version: str
    up_to_date: bool = False

    @classmethod
    def of(
        cls, path: str | Path, address: str | None = None, version: str | None = None
    ) -> SavedRecommender:
        """The model in a file, or in a folder that holds one pickled model.

        Raises:
            DataError: there is none.
        """
        file = _file_of(Path(path))
        content = hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest()
        return cls(file, address or str(path), version or content)

    def facts(self) -> dict[str, Any]:
        """For the digest and the tracker; where the file lies does not matter."""
        return {
            "address": self.address,
            "version": self.version,
            "histories": "of all customers" if self.up_to_date else "of each partition",
        }

    def load(self) -> Recommender:
        """The model, read once in each process. Only files that you trust: they can run code.

        Raises:
            DataError: the file holds no recommender.
        """
        return _loaded(self.path)


def save_recommender(model: Recommender, path: Path) -> None:
    """Write a fitted recommender, whole or not at all."""
    aside = path.with_name(f".{path.name}")
    with aside.open("wb") as file:
        pickle.dump(model, file, protocol=pickle.HIGHEST_PROTOCOL)
    aside.replace(path)


def _file_of(path: Path) -> Path:
    files = [path] if path.is_file() else sorted(path.rglob("*.pkl"))
    if len(files) != 1:
        what = "there is no file" if not path.exists() else f"{len(files):,} files of a model"
        raise DataError(
            f"{what} in {path}" if path.exists() else f"there is no model {path}",
            next_step="Name the file of a recommender that was saved, or a registered model.",
        )
    return files[0]


@lru_cache(maxsize=1)
def _loaded(path: Path) -> Recommender:
    try:
        with path.open("rb") as file:
            model = pickle.load(file)  # noqa: S301
    except Exception as error:  # whatever a foreign file makes pickle stumble over
        raise _no_model(path, type(error).__name__) from error
    if not isinstance(model, Recommender):
        raise _no_model(path, f"it holds a {type(model).__name__}")
    return model


def _no_model(path: Path, why: str) -> DataError:
    return DataError(
        f"{path} holds no recommender ({why})",
        next_step="Name the file of a fitted one, saved by this version of the library.",
    )
