"""Pairs of models on the same customers and cuts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.recommendation.judging import names as w
from newretail_ml.recommendation.judging.doubt import (
    clustered_mean,
    holm,
    randomisation_test,
    t_interval,
    t_test,
)

TESTS = ("t", "randomisation")


def compared(
    rows: pd.DataFrame,
    measure: str,
    pairs: list[tuple[str, str]],
    test: str,
    confidence: float,
    draws: tuple[int, int],
) -> pd.DataFrame:
    """One row a pair of models; see `Judgement.compare`.

    Args:
        rows: measures by model, cut and customer, of one view.
        measure: which one.
        pairs: names of models.
        test: t or randomisation.
        confidence: of the intervals.
        draws: number and seed of the swaps.
    """
    if test not in TESTS:
        raise DataError(f"{test!r} is no test", next_step=f"Choose from {', '.join(TESTS)}.")
    # Models are asked the same customers at the same cuts, in the same order.
    by_model = {name: part.reset_index(drop=True) for name, part in rows.groupby(c.MODEL)}
    found = []
    for first, second in pairs:
        customer = by_model[first][c.CUSTOMER]
        difference = (by_model[first][measure] - by_model[second][measure]).to_numpy(float)
        known = np.isfinite(difference)
        cluster = pd.factorize(customer[known])[0]
        estimate = clustered_mean(difference[known], cluster)
        lower, upper = t_interval(estimate, confidence)
        p_value = t_test(estimate)
        if test == "randomisation":
            p_value = randomisation_test(np.bincount(cluster, difference[known]), *draws)
        found.append((first, second, *estimate[:2], lower, upper, p_value, estimate.clusters))
    table = pd.DataFrame(
        found,
        columns=[
            "first",
            "second",
            "difference",
            "standard_error",
            "lower",
            "upper",
            "p_value",
            w.CUSTOMERS,
        ],
    )
    table.insert(7, "p_holm", holm(table["p_value"].to_numpy()))
    return table
