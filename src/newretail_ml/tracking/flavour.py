"""What MLflow wants to know of a served forecast: signature, input example, requirements.

All of it is written by hand. MLflow would guess the types from an example and the requirements
by running the model, which takes seconds and finds the wrong ones.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.tracking.served.forecasts import RAISE, UNKNOWN, ServedForecast

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
_EXAMPLE_ROWS: Final = 3


def signature(served: ServedForecast) -> ModelSignature:
    """Keys and date in; keys, date, mean and quantiles out."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    asked: list[Any] = [ColSpec(_key_type(served.table[name]), name) for name in served.keys]
    asked.append(ColSpec("datetime", c.DATE))
    answer = [ColSpec("double", name) for name in served.answers]
    return ModelSignature(
        inputs=Schema(asked),
        outputs=Schema([*asked, *answer]),
        params=ParamSchema([ParamSpec(UNKNOWN, "string", RAISE)]),
    )


def input_example(served: ServedForecast) -> pd.DataFrame:
    """The first rows that the model can answer."""
    return served.table[[*served.keys, c.DATE]].head(_EXAMPLE_ROWS)


def requirements() -> list[str]:
    """The packages that loading needs, as they are installed here."""
    return [f"{name}=={found}" for name in _NEEDED if (found := _installed(name)) is not None]


def _key_type(keys: pd.Series) -> str:
    return "long" if pd.api.types.is_integer_dtype(keys) else "string"


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
