"""What is believed of items before their sales."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_unknown, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.pricing.learning.curve import CurvePrior
from newretail_ml.pricing.learning.sales import numbers
from newretail_ml.pricing.response import DemandResponse
from newretail_ml.tables.parsing import to_text

# Of grocery items, own-price elasticities are -2.6 on average and seldom outside -5 to 0
# (Bijmolt, van Heerde and Pieters 2005, Journal of Marketing Research 42).
ELASTICITY, ELASTICITY_ERROR = -2.6, 1.5
_LEAST_ERROR = 0.05


def prior_from_response(
    response: DemandResponse, n: int = 200, random_state: int = 0
) -> pd.DataFrame:
    """Elasticities and their errors by item, for `PriceLearner`, from a response's draws.

    Args:
        response: with item_id among its keys; an item's products count alike.
        n: draws.
        random_state: the seed of the draws.

    Returns:
        item_id, elasticity, elasticity_error (at least 0.05).

    >>> from newretail_ml.pricing.response import ConstantElasticity
    >>> response = ConstantElasticity([100.0], [2.0], [-3.0], draws=np.array([[-2.5], [-3.5]]))
    >>> prior_from_response(response, n=2).round(1).values.tolist()
    [['1', -3.0, 0.7]]
    """
    need_columns(response.keys, "response", [c.ITEM])
    drawn = np.stack([one.own_elasticities() for one in response.sample(n, random_state)])
    by_item = pd.DataFrame(drawn.T).groupby(response.keys[c.ITEM].to_numpy()).mean()
    return pd.DataFrame(
        {
            c.ITEM: by_item.index,
            c.ELASTICITY: by_item.mean(axis=1).to_numpy(),
            c.ELASTICITY_ERROR: np.maximum(by_item.std(axis=1).to_numpy(), _LEAST_ERROR),
        }
    )


def curve_prior(
    prior: pd.DataFrame | None,
    items: np.ndarray,
    level_error: float,
    between: tuple[float, float],
) -> CurvePrior:
    """Levels and elasticities of the items before sales."""
    mean = np.tile([0.0, ELASTICITY], (len(items), 1))
    spread = np.tile([level_error, ELASTICITY_ERROR], (len(items), 1))
    if prior is not None:
        own = prior.set_index(c.ITEM).reindex(items)
        told = own[c.ELASTICITY].notna().to_numpy()
        mean[told, 1] = own[c.ELASTICITY].to_numpy()[told]
        spread[told, 1] = own[c.ELASTICITY_ERROR].to_numpy()[told]
        if c.UNITS in own:
            mean[told, 0] = np.log(own[c.UNITS].to_numpy()[told])
    return CurvePrior(mean, spread, np.array(between))


def checked_prior(prior: pd.DataFrame | None, candidates: pd.DataFrame) -> pd.DataFrame | None:
    """item_id, elasticity, its error, and units if there are any; of items with candidates."""
    if prior is None:
        return None
    table = "prior"
    need_columns(prior, table, [c.ITEM, c.ELASTICITY, c.ELASTICITY_ERROR])
    refuse_unknown(prior, table, [c.ITEM, c.ELASTICITY, c.ELASTICITY_ERROR, c.UNITS])
    if prior.duplicated([c.ITEM]).any():
        raise DataError(
            "an item has several rows", table=table, next_step="Keep one row for each item."
        )
    value = pd.to_numeric(prior[c.ELASTICITY], errors="coerce").astype(float)
    bad = ~np.isfinite(value).to_numpy()
    refuse_values(prior[c.ELASTICITY], bad, table, "are not finite numbers")
    rising = (value > 0).to_numpy()
    refuse_values(prior[c.ELASTICITY], rising, table, "are above 0", "Write -2 where demand falls.")
    strange = ~to_text(prior[c.ITEM]).isin(candidates[c.ITEM]).to_numpy()
    next_step = "Correct them, or leave them out."
    refuse_values(prior[c.ITEM], strange, table, "have no candidate prices", next_step)
    kept = prior.assign(
        **{
            c.ITEM: to_text(prior[c.ITEM]),
            c.ELASTICITY: value,
            c.ELASTICITY_ERROR: numbers(prior[c.ELASTICITY_ERROR], table),
        }
    )
    if c.UNITS in kept:
        kept[c.UNITS] = numbers(prior[c.UNITS], table)
    return kept.reset_index(drop=True)
