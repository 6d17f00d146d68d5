"""What MLflow wants to know of a served model: signature and requirements.

All of it is written by hand. MLflow would guess the types from an example and the requirements
by running the model, which takes seconds and finds the wrong ones.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from newretail_ml.tracking.served.rows import Served

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

_NEEDED: Final = (
    "newretail-ml",
    "mlflow",
    "mlflow-skinny",
    "cloudpickle",
    "lightgbm",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
)
LOADER: Final = "newretail_ml.tracking.served"
_PARAM_TYPES: Final = {bool: "boolean", int: "long", str: "string"}


def signature(served: Served) -> ModelSignature:
    """Columns in and out, and the parameters with their defaults.

    MLflow refuses whole numbers where a signature says double, so numbers that come in are of any
    type to it; the model reads them, and names the rows of what is none.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

    asked: list[Any] = [
        ColSpec(AnyType() if one.type == "double" else one.type, one.name, one.required)
        for one in served.asked
    ]
    answered: list[Any] = [ColSpec(one.type, one.name) for one in served.answered]
    params = [
        ParamSpec(name, _PARAM_TYPES[type(default)], default)
        for name, default in served.choices.items()
    ]
    return ModelSignature(Schema(asked), Schema(answered), ParamSchema(params))


def requirements() -> list[str]:
    """The packages that loading needs, as they are installed here."""
    return [f"{name}=={found}" for name in _NEEDED if (found := _installed(name)) is not None]


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
