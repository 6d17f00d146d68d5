"""Fitted models in files, for processes that score partitions."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TypeVar

from newretail_ml.errors import DataError

_Model = TypeVar("_Model")


@dataclass(frozen=True)
class Saved:
    """A model that was fitted before.

    Args:
        path: file that holds it.
        address: as it was asked for.
        version: which model it is: of the registry, or a digest of the file.
    """

    path: Path
    address: str
    version: str

    @classmethod
    def of(cls, path: str | Path, address: str | None = None, version: str | None = None) -> Self:
        """The model in a file, or in a folder that holds one pickled model.

        Raises:
            DataError: there is none.
        """
        file = _file_of(Path(path)).absolute()
        return cls(file, address or str(path), version or digest_of_files([file]))

    def facts(self) -> dict[str, Any]:
        """For the digest and the tracker; where the file lies does not matter."""
        return {"address": self.address, "version": self.version}

    def opened(self, kind: type[_Model], what: str) -> _Model:
        """The model, read once in each process. Only files that you trust: they can run code.

        Args:
            kind: class that it must have.
            what: that class, in words.

        Raises:
            DataError: the file holds something else.
        """
        model = _loaded(self.path)
        if not isinstance(model, kind):
            raise DataError(
                f"{self.address} is no {what} but a {type(model).__name__}",
                next_step=f"Name a fitted {what}.",
            )
        return model


def save_model(model: object, path: Path) -> None:
    """Write a fitted model, whole or not at all."""
    aside = path.with_name(f".{path.name}")
    with aside.open("wb") as file:
        pickle.dump(model, file, protocol=pickle.HIGHEST_PROTOCOL)
    aside.replace(path)


def digest_of_files(files: list[Path]) -> str:
    """16 hex digits over the content of files."""
    digest = hashlib.blake2b(digest_size=8)
    for file in files:
        with file.open("rb") as opened:
            while part := opened.read(1 << 22):
                digest.update(part)
    return digest.hexdigest()


def _file_of(path: Path) -> Path:
    if not path.exists():
        raise DataError(
            f"there is no model {path}",
            next_step="Name the file of a model that was saved, or a registered model.",
        )
    files = [path] if path.is_file() else sorted(path.rglob("*.pkl"))
    if len(files) != 1:
        raise DataError(
            f"there are {len(files):,} files of models in {path}",
            next_step="Name the file of one, or a registered model.",
        )
    return files[0]


@lru_cache(maxsize=1)
def _loaded(path: Path) -> object:
    try:
        with path.open("rb") as file:
            return pickle.load(file)  # noqa: S301
    except Exception as error:  # whatever a foreign file makes pickle stumble over
        raise DataError(
            f"{path} holds no model ({type(error).__name__})",
            next_step="Name the file of a fitted one, saved by this version of the library and not "
            "by a newer pandas.",
        ) from error
