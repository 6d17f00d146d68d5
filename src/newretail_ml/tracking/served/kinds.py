"""Which kind of model a folder or file holds, asked without a tracker."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from newretail_ml.errors import DataError
from newretail_ml.forecasting import Forecaster
from newretail_ml.pricing import DemandResponse, PriceModel
from newretail_ml.recommendation import Recommender
from newretail_ml.tracking.served.order_policy import OrderPolicy
from newretail_ml.tracking.served.pickles import read_pickle

FORECASTER: Final = "forecaster"
ORDER_POLICY: Final = "order policy"
PRICE_RESPONSE: Final = "price response"
RECOMMENDER: Final = "recommender"
KINDS: Final = (FORECASTER, ORDER_POLICY, PRICE_RESPONSE, RECOMMENDER)
KIND_FILE: Final = "kind.json"
_CLASSES: Final[dict[str, type | tuple[type, ...]]] = {
    FORECASTER: Forecaster,
    ORDER_POLICY: OrderPolicy,
    PRICE_RESPONSE: (PriceModel, DemandResponse),
    RECOMMENDER: Recommender,
}
_LOGGED: Final = "Log or save a fitted model of this library: run.log_model(model)."


def kind_of(model: object) -> str | None:
    """The kind of a fitted model; None where it is none of this library.

    >>> from newretail_ml.forecasting import MovingAverage
    >>> kind_of(MovingAverage())
    'forecaster'
    """
    return next((kind for kind, known in _CLASSES.items() if isinstance(model, known)), None)


def kind_in(path: Path, address: str) -> str:
    """The kind of the model in a folder or a file; a file is unpickled, so trust it first.

    Raises:
        DataError: it holds no model of this library.
    """
    told = sorted(path.rglob(KIND_FILE)) if path.is_dir() else []
    if len(told) == 1:
        return str(json.loads(told[0].read_text())["kind"])
    return _unpickled(path, address)[0]


def load_local(path: str | Path) -> Any:
    """The fitted model in a folder or file of `newretail_ml.tracking.local_model`.

    Neither MLflow nor a tracker is asked, so workers of batch jobs can call it. It is unpickled,
    and a pickle can run any code: load only what you trust.

    Args:
        path: a folder that mlflow saved, or the file of a pickled model.

    Returns:
        A forecaster, an `OrderPolicy`, a `DemandResponse` (or price model) or a recommender.

    Raises:
        DataError: it holds no model of this library.
    """
    return _unpickled(Path(path), str(path))[1]


def _unpickled(path: Path, address: str) -> tuple[str, Any]:
    files = sorted(path.rglob("*.pkl")) if path.is_dir() else [path]
    if len(files) != 1:
        raise DataError(f"{address} holds no model of this library", next_step=_LOGGED)
    model = read_pickle(files[0])
    kind = kind_of(model)
    if kind is None:
        raise DataError(f"{address} is a {type(model).__name__}, no model", next_step=_LOGGED)
    return kind, model


def check_kind(kind: str, wanted: str | None, address: str) -> None:
    """Refuse a model of another kind.

    Raises:
        DataError: it is of another one, or there is no such kind.
    """
    if wanted is None or kind == wanted:
        return
    if wanted not in KINDS:
        raise DataError(
            f"there is no kind of model {wanted!r}", next_step=f"Choose from {', '.join(KINDS)}."
        )
    raise DataError(
        f"{address} is a model of another kind: {kind}", next_step=f"Name a fitted {wanted}."
    )


def digest_of(path: Path) -> str:
    """16 hex digits over the files of a model."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()
