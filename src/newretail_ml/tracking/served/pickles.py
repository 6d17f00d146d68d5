"""Fitted models in files. A pickle can run any code: read only what you trust."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from newretail_ml.errors import DataError


def write_pickle(model: object, file: Path) -> None:
    """Write a model so that plain pickle reads it where its classes can be imported.

    Classes of a notebook or script go along by value.
    """
    import cloudpickle

    with file.open("wb") as opened:
        cloudpickle.dump(model, opened, protocol=pickle.HIGHEST_PROTOCOL)


def read_pickle(file: Path) -> Any:
    """The model of a file.

    Raises:
        DataError: there is no such file, or it holds none.
    """
    try:
        with file.open("rb") as opened:
            return pickle.load(opened)  # noqa: S301
    except Exception as error:  # whatever a foreign file makes pickle stumble over
        raise DataError(
            f"{file} holds no model that can be read here ({type(error).__name__})",
            next_step="Name a fitted model that this version of the library saved, and no newer "
            "pandas.",
        ) from error
