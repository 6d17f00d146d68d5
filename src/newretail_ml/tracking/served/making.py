"""From a fitted model to one that answers rows, and back from a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.forecast import DECILES, Forecast
from newretail_ml.forecasting import Forecaster
from newretail_ml.pricing import DemandResponse, PriceModel
from newretail_ml.pricing.price_list.products import response_of
from newretail_ml.recommendation import Recommender
from newretail_ml.tracking.served.forecasts import ServedForecast
from newretail_ml.tracking.served.kinds import (
    FORECASTER,
    KIND_FILE,
    ORDER_POLICY,
    PRICE_RESPONSE,
    RECOMMENDER,
)
from newretail_ml.tracking.served.order_policy import OrderPolicy
from newretail_ml.tracking.served.orders import ServedOrders
from newretail_ml.tracking.served.prices import ServedPrices
from newretail_ml.tracking.served.recommendations import ServedRecommender
from newretail_ml.tracking.served.rows import Served

_SERVED: Final[dict[str, type[Served]]] = {
    FORECASTER: ServedForecast,
    ORDER_POLICY: ServedOrders,
    PRICE_RESPONSE: ServedPrices,
    RECOMMENDER: ServedRecommender,
}

Loggable = Forecaster | OrderPolicy | DemandResponse | PriceModel | Recommender | Served
"""What `Run.log_model` takes."""


def served_of(
    model: Loggable,
    forecast: Forecast | None = None,
    *,
    levels: Sequence[float] = DECILES,
    costs: pd.DataFrame | None = None,
) -> Served:
    """The model as it answers rows.

    Args:
        model: fitted.
        forecast: of a forecaster, of the periods that will be asked for.
        levels: quantiles of a forecast.
        costs: unit_cost by any of the keys of a price response.

    Raises:
        DataError: it is no model, or a forecaster without a forecast.
        NotFittedError: it is not fitted.
    """
    if isinstance(model, Served | OrderPolicy | Recommender):
        return _as_it_is(model)
    if isinstance(model, DemandResponse | PriceModel):
        return ServedPrices(response_of(model), costs)
    if not isinstance(model, Forecaster):
        raise DataError(
            f"a {type(model).__name__} is no model that rows can be asked of",
            next_step="Pass a fitted Forecaster, OrderPolicy, DemandResponse, PriceModel or "
            "Recommender.",
        )
    if forecast is None:
        raise DataError(
            "a forecaster answers with a forecast, and there is none",
            next_step="Pass it as well: run.log_model(model, model.forecast(28)).",
        )
    return ServedForecast.of(model, forecast, levels)


def save_served(served: Served, folder: Path) -> None:
    """Write a new folder that `load_served` reads."""
    folder.mkdir(parents=True)
    (folder / KIND_FILE).write_text(json.dumps({"kind": served.kind}))
    served.write(folder)


def load_served(folder: str | Path) -> Served:
    """The model of a folder; unpickled, so trust it first.

    Folders of before there were kinds hold a forecast.

    Raises:
        DataError: the folder holds none.
    """
    told = Path(folder) / KIND_FILE
    try:
        kind = json.loads(told.read_text())["kind"] if told.exists() else FORECASTER
        return _SERVED[kind].read(Path(folder))
    except DataError:
        raise
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{folder} holds no served model of this library",
            next_step="Name one that run.log_model wrote.",
        ) from error


def params_of(model: object) -> dict[str, Any]:
    """Parameters, for the tracker; a response tells its form."""
    told = getattr(model, "get_params", None)
    if callable(told):
        return dict(told())
    return {"form": type(getattr(model, "model", model)).__name__}


def _as_it_is(model: Served | OrderPolicy | Recommender) -> Served:
    if isinstance(model, Served):
        return model
    if isinstance(model, OrderPolicy):
        return ServedOrders(model)
    if not hasattr(model, "interactions_"):
        raise NotFittedError(model, "interactions")
    return ServedRecommender(model)
